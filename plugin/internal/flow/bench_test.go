package flow

import (
	"fmt"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/sample"
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

// BenchmarkFormats reads the recordings of one capture, as each exporter wrote it. All of it is relevant, so all of it is read. On
// one core of an AMD EPYC, in nanoseconds a record and gigabytes a second:
//
//	ipfixcol2          230   4.0    Suricata, Lua       245   1.3
//	tshark -T ek       370   6.8    Suricata, payload   525   2.1
//	tshark, with -e    330   1.1    HEP                 450   1.5
//	Zeek               300   2.0    Packetbeat         1630   0.9
//	Asterisk           640   0.6      with the message  780   2.4
//
// A record takes as long as its fields, of which all have the same few, and ipfixcol2 spells theirs out in three times the bytes: a
// byte of it is cheap, and no other exporter's can be as cheap. What else there is to each:
//
//   - Packetbeat writes the 90 keys of each record in another order, so no shape is ever learnt: each key is looked up, and the
//     processor foretells neither the next key nor the size of its value.
//   - Asterisk's log is text in which the end of a value has to be searched for, by the quote, comma and key behind it.
//   - Messages as they were sent are read at 1.6 to 2.9 GB/s (BenchmarkSIPText).
func BenchmarkFormats(b *testing.B) {
	for _, file := range []string{
		"ipfixcol2/c_svcrack_success", "packetbeat/c_svcrack_success", "packetbeat/a3_default_with_original", "zeek/c_svcrack_success",
		"tshark/c_svcrack_success.ek", "tshark/a3_full.ek", "suricata-lua/c_svcrack_success", "suricata-payload/c_svcrack_success",
		"hep/c_svcrack_success",
	} {
		b.Run(file, func(b *testing.B) {
			var chunk []byte
			n := 0
			for lines := readLines(b, samples+file+".jsonl.gz"); n < 1000; n += len(lines) {
				chunk = append(chunk, chunkOf(b, lines)...)
			}
			benchmarkRecords(b, chunk, n)
		})
	}
	b.Run("asterisk/security", func(b *testing.B) {
		var chunk []byte
		for i, line := range readLines(b, samples+"asterisk/security.log.gz") {
			chunk = append(chunk, recordOf(b, uint32(i+1), []byte(wrappedIn(b, "log", string(line))))...)
		}
		benchmarkRecords(b, chunk, 57)
	})
}

func benchmarkRecords(b *testing.B, chunk []byte, records int) {
	d := newDecoder(b, Options{})
	var batch Batch
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		d.Chunk(&batch, chunk)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}
