package flow

import (
	"fmt"
	"testing"

	"github.com/siphunt/siphunt/testdata/bench/sample"
	"github.com/tinylib/msgp/msgp"
)

// perRecord runs f over a chunk and reports records a second.
func perRecord(b *testing.B, c *sample.Chunk, f func(chunk []byte)) {
	b.SetBytes(int64(len(c.Bytes)))
	b.ReportAllocs()
	f(c.Bytes)
	for b.Loop() {
		f(c.Bytes)
	}
	n := float64(b.N * c.Len())
	b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/record")
}

func benchmarkChunk(b *testing.B, c *sample.Chunk) {
	d := newDecoder(b, Options{})
	var batch Batch
	perRecord(b, c, func(chunk []byte) {
		batch.Reset()
		d.Chunk(&batch, chunk)
	})
	s := batch.Stats
	if n := uint64(c.Len()); s.Records != n || s.Relevant+s.Other != n || int(s.Relevant) != len(c.Relevant) {
		b.Fatalf("not all records were decoded: %+v", s)
	}
}

func BenchmarkChunkMix(b *testing.B) { benchmarkChunk(b, sample.Mix()) }

func BenchmarkChunkIpfixcol2(b *testing.B) {
	benchmarkChunk(b, sample.New(sample.Records, sample.Relevant, sample.Ipfixcol2))
}

func BenchmarkChunkUnirec(b *testing.B) {
	benchmarkChunk(b, sample.New(sample.Records, sample.Relevant, sample.UniRec))
}

func BenchmarkChunkRelevant(b *testing.B) {
	benchmarkChunk(b, sample.New(sample.Records, 1, sample.Ipfixcol2, sample.UniRec))
}

// BenchmarkMsgpSkip is the measure: walking over the same chunk with tinylib/msgp, without a look at what is in it.
func BenchmarkMsgpSkip(b *testing.B) {
	for _, names := range [][]string{{sample.Ipfixcol2, sample.UniRec}, {sample.Ipfixcol2}, {sample.UniRec}} {
		b.Run(fmt.Sprint(names), func(b *testing.B) {
			perRecord(b, sample.New(sample.Records, sample.Relevant, names...), func(chunk []byte) {
				for len(chunk) > 0 {
					var err error
					if chunk, err = msgp.Skip(chunk); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
