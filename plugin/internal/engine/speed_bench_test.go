package engine

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/sample"
	"github.com/tinylib/msgp/msgp"
)

const knownPairs = 50_000

// From chunk to verdict, 5.7 % relevant; and msgp's Skip over the same chunks, one after the other, in the same time.
func BenchmarkMix(b *testing.B) {
	e, c, p := openBench(b, ""), sample.Mix(), phones{n: knownPairs}
	var spent, skipping time.Duration
	b.ReportAllocs()
	for b.Loop() {
		c.Advance(sample.Pace)
		p.week(c)
		skipping += timed(func() {
			for rest := c.Bytes; len(rest) > 0; {
				rest, _ = msgp.Skip(rest) // the engine looks at it, too
			}
		})
		spent += timed(func() { e.arrive(c) })
	}
	records := b.N * c.Len()
	e.expect(b, records)
	b.ReportMetric(float64(records)/spent.Seconds(), "records/s")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(records), "ns/record")
	b.ReportMetric(float64(skipping.Nanoseconds())/float64(records), "ns/skipped")
}

// Answers only, of phones that are known.
func BenchmarkKnown(b *testing.B) {
	e, c, p := openBench(b, ""), sample.New(sample.Records, 1, sample.Ipfixcol2, sample.UniRec), phones{n: knownPairs}
	var spent time.Duration
	records := 0
	flush := func() {
		c.Advance(sample.Pace)
		for _, i := range c.Relevant {
			p.answer(c, i)
		}
		spent += timed(func() { e.arrive(c) })
		records += c.Len()
	}
	for p.next < 2*knownPairs {
		flush()
	}
	known := records
	spent = 0
	b.ReportAllocs()
	for b.Loop() {
		flush()
	}
	e.expect(b, records)
	b.ReportMetric(float64(records-known)/spent.Seconds(), "records/s")
}

// A client and an extension that are new with every record, up to so many pairs, within 25 minutes.
func BenchmarkNew(b *testing.B) {
	for _, pairs := range []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(pairs), func(b *testing.B) {
			c := sample.New(min(pairs, 2500), 1, sample.Ipfixcol2, sample.UniRec)
			var spent time.Duration
			var bytes uint64
			for b.Loop() {
				before := heap()
				e := openBench(b, fmt.Sprintf("[detector]\nmax_pairs = %d\n", pairs))
				for n := 0; n < pairs; n += c.Len() {
					for _, i := range c.Relevant {
						c.SetTime(i, sample.Start+int64(n+i)*1_500_000/int64(pairs))
						c.SetAnswer(i, n+i, n+i, 401)
					}
					spent += timed(func() { e.arrive(c) })
				}
				bytes = heap() - before
				if s := e.expect(b, pairs); s.Pairs != pairs || s.Evicted > 0 {
					b.Fatalf("want %d pairs: %+v", pairs, s)
				}
			}
			b.ReportMetric(float64(b.N*pairs)/spent.Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(pairs), "B/pair")
			reportMemory(b)
		})
	}
}

// Two workers against one, on the same chunks: the greatest speed-up, and the median, of some rounds by the wall clock. On a
// machine with other work the greatest is nearer to the truth.
func BenchmarkWorkers(b *testing.B) {
	const chunks = 40
	e, p := openBench(b, ""), phones{n: knownPairs}
	var cs [chunks]*sample.Chunk
	for i := range cs {
		cs[i] = sample.Mix()
		cs[i].Advance(int64(i) * sample.Pace)
	}
	rounds := 0
	round := func(workers int) time.Duration {
		for _, c := range cs {
			c.Advance(chunks * sample.Pace)
			p.week(c)
		}
		e.clock.Store(cs[chunks-1].Time(sample.Records - 1))
		rounds++
		var next atomic.Int32
		var working sync.WaitGroup
		begin := time.Now()
		for range workers {
			working.Go(func() {
				for i := next.Add(1); i <= chunks; i = next.Add(1) {
					e.Flush(cs[i-1].Bytes)
				}
			})
		}
		working.Wait()
		return time.Since(begin)
	}
	best := [3]time.Duration{1: math.MaxInt64, 2: math.MaxInt64}
	for b.Loop() {
		for workers := 1; workers <= 2; workers++ {
			best[workers] = min(best[workers], round(workers))
		}
	}
	e.expect(b, rounds*chunks*sample.Records)
	b.ReportMetric(float64(best[1])/float64(best[2]), "speed-up")
}
