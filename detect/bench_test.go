package detect_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// subjects are the answers of one registrar to n clients, each with an extension of its own.
func subjects(n int) []detect.Flow {
	flows := make([]detect.Flow, n)
	for i := range flows {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 10<<24|uint32(i))
		flows[i] = detect.Flow{
			Registrar: netip.MustParseAddr("198.51.100.10"), Client: netip.AddrFrom4(a), RegistrarPort: 5060, ClientPort: 5060,
			Transport: detect.UDP, Status: 401, Extension: fmt.Sprintf("%07d@pbx.net", i),
		}
	}
	return flows
}

func newDetector(b testing.TB, change func(*detect.Config)) *detect.Detector {
	b.Helper()
	cfg := detect.DefaultConfig()
	change(&cfg)
	d, err := detect.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// Answers of 50,000 pairs that are known: each logs in by digest once a minute.
func BenchmarkKnownPairs(b *testing.B) {
	flows := subjects(50_000)
	d := newDetector(b, func(*detect.Config) {})
	now, i := beginning, 0
	answer := func() {
		f := &flows[i/2%len(flows)]
		f.Status = uint16(401 - 201*(i%2))
		if i%1600 == 0 {
			now += 1000
		}
		f.Time = now
		d.Observe(f)
		i++
	}
	for i < 2*len(flows) {
		answer()
	}
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		answer()
	}
	b.ReportMetric(float64(b.N)/(cpu()-before).Seconds(), "records/s")
}

// A new client and a new extension with every answer, up to so many pairs.
func BenchmarkNewPairs(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			flows := subjects(n)
			b.ReportAllocs()
			var spent, longest time.Duration
			var bytes uint64
			for b.Loop() {
				d := newDetector(b, func(c *detect.Config) { c.MaxPairs = n })
				before := heap()
				start, lap := cpu(), cpu()
				for i := range flows {
					flows[i].Time = beginning + int64(i)*1_500_000/int64(n) // within 25 minutes
					d.Observe(&flows[i])
					if i%1000 == 999 {
						t := cpu()
						longest = max(longest, t-lap)
						lap = t
					}
				}
				spent += cpu() - start
				bytes = heap() - before
				if got := d.Stats().Pairs; got != n {
					b.Fatal(got, "pairs")
				}
			}
			b.ReportMetric(float64(b.N)*float64(n)/spent.Seconds(), "records/s")
			b.ReportMetric(float64(bytes)/float64(n), "B/pair")
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-1000")
		})
	}
}

// cpu is the processor time that the process has taken: records a second of it are what one core does, however busy
// the machine is with something else.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails only on bad arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
