package engine

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/sample"
)

// How long a flush may take, while a million pairs are alive: half of the records bring a new pair, a challenge that
// nothing follows, so that it becomes suspicious after its grace and dormant after half an hour; the others are phones.
// Dormant pairs are kept for a day, so max_pairs is full, and each new pair has the oldest forgotten.
// Two scans in each chunk open incidents, that end. Checks, expiry and garbage collection are as they come; with state on
// disk snapshots, too.
func BenchmarkStall(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkStall(b, "") })
	b.Run("state", func(b *testing.B) { benchmarkStall(b, fmt.Sprintf("[state]\nstate_dir = %q\n", b.TempDir())) })
}

func benchmarkStall(b *testing.B, state string) {
	const (
		alive   = 1_000_000
		halfway = 30 * 60 * 1000 / 2700 // chunks in an idle timeout
	)
	e, p, c := openBench(b, "[detector]\nmax_pairs = 1_200_000\n"+state), phones{n: knownPairs}, sample.New(sample.Records, 1, sample.Ipfixcol2, sample.UniRec)
	fresh := knownPairs
	next := func() {
		c.Advance(2700)
		for k, i := range c.Relevant {
			switch {
			case k%2 == 0:
				p.answer(c, i)
			case k < 80: // two scans of 20 extensions
				c.SetAnswer(i, fresh-fresh%20, fresh, 404)
				fresh++
			default:
				c.SetAnswer(i, fresh, fresh, 401)
				fresh++
			}
		}
	}
	chunks := 0
	for range halfway + 50 {
		next()
		e.arrive(c)
		chunks++
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var thread, wall []time.Duration
	pace := time.NewTicker(10 * time.Millisecond) // 300,000 records a second
	defer pace.Stop()
	for b.Loop() {
		next()
		<-pace.C
		begin, t0 := time.Now(), threadTime()
		e.flush(c)
		thread = append(thread, threadTime()-t0)
		wall = append(wall, time.Since(begin))
		e.fetch()
		chunks++
	}
	if s := e.expect(b, chunks*c.Len()); s.Pairs < alive || s.Evicted == 0 {
		b.Fatalf("want %d pairs alive, and max_pairs full: %+v", alive, s)
	}
	b.ReportMetric(milliseconds(slices.Max(thread)), "ms-thread")
	b.ReportMetric(milliseconds(slices.Max(wall)), "ms-wall")
	slices.Sort(thread)
	b.ReportMetric(milliseconds(thread[len(thread)/2]), "ms-median")
	reportMemory(b)
}

// How long a flush may take when as much as can falls due at once: a million pairs become suspicious in one check, 40,000
// brute forces open in one, and half an hour later all of them end in one.
func BenchmarkBurst(b *testing.B) {
	const (
		pairs, attacks, attempts = 1_000_000, 40_000, 20
		perChunk                 = sample.Records
	)
	for b.Loop() {
		e, c := openBench(b, "[detector]\nmax_pairs = 1_200_000\n"), sample.New(perChunk, 1, sample.Ipfixcol2, sample.UniRec)
		at, answers := int64(sample.Start), 0
		fill := func(n, from, status int) { // so many pairs have an answer each, all in the same second
			for done := 0; done < n; done += perChunk {
				for k, i := range c.Relevant {
					c.SetTime(i, at)
					c.SetAnswer(i, from+(done+k)%n, from+(done+k)%n, status)
				}
				answers += perChunk
				e.arrive(c)
			}
		}
		fill(pairs, attacks, 401)
		for range attempts {
			fill(attacks, 0, 403)
		}
		var longest time.Duration
		pace := time.NewTicker(10 * time.Millisecond)
		for _, seconds := range []int64{5, 50, 60, 35 * 60, 5, 5} {
			at += seconds * 1000
			for range 50 {
				for _, i := range c.Relevant {
					c.SetTime(i, at)
					c.SetAnswer(i, 0, 0, 200)
				}
				answers += perChunk
				<-pace.C
				begin := time.Now()
				e.flush(c)
				longest = max(longest, time.Since(begin))
				e.fetch()
			}
			settled(e.Engine)
		}
		pace.Stop()
		if s := e.expect(b, answers); s.Incidents != 0 || s.Rejections < pairs+attacks*attempts || figure(b, e.Engine, "alerts_total brute-force end") != attacks {
			b.Fatalf("want %d attacks, and all of them ended: %+v", attacks, s)
		}
		b.ReportMetric(milliseconds(longest), "ms-wall")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// reportMemory says how much of this process is resident, now and at most, where the system tells (Linux).
func reportMemory(b *testing.B) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for field, unit := range map[string]string{"VmRSS": "MiB-resident", "VmHWM": "MiB-peak"} {
		if m := regexp.MustCompile(field + `:\s*(\d+) kB`).FindSubmatch(status); m != nil {
			kB, _ := strconv.Atoi(string(m[1])) // it is digits
			b.ReportMetric(float64(kB)/1024, unit)
		}
	}
}
