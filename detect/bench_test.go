package detect_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
)

// speaker makes the answers of one registrar to clients by number, each with an extension of its own, in place: what
// is measured must not wait for the garbage collector to look through prepared flows.
type speaker struct {
	flow detect.Flow
	name []byte
}

func newSpeaker() *speaker {
	return &speaker{flow: detect.Flow{
		Registrar: netip.MustParseAddr("198.51.100.10"), RegistrarPort: 5060, ClientPort: 5060, Transport: detect.UDP, Status: 401,
	}}
}

func (s *speaker) answer(i int, time int64) *detect.Flow {
	s.flow.Client = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	s.name = append(strconv.AppendInt(s.name[:0], int64(10_000_000+i), 10), "@pbx.net"...)
	s.flow.Extension = unsafe.String(&s.name[0], len(s.name))
	s.flow.Time = time
	return &s.flow
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
	const pairs = 50_000
	s := newSpeaker()
	d := newDetector(b, func(*detect.Config) {})
	now, i := beginning, 0
	answer := func() {
		f := s.answer(i/2%pairs, now)
		f.Status = uint16(401 - 201*(i%2))
		if i%1600 == 0 {
			now += 1000
		}
		d.Observe(f)
		i++
	}
	for i < 2*pairs {
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
			s := newSpeaker()
			b.ReportAllocs()
			var spent, longest time.Duration
			var bytes uint64
			for b.Loop() {
				d := newDetector(b, func(c *detect.Config) { c.MaxPairs = n })
				before := heap()
				start, lap := cpu(), cpu()
				for i := range n {
					d.Observe(s.answer(i, beginning+int64(i)*1_500_000/int64(n))) // within 25 minutes
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
