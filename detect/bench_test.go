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

// speaker makes batches of answers of one registrar to clients by number, each with an extension of its own, as they come
// out of a chunk; in place, or what is measured would wait for the garbage collector.
type speaker struct {
	flows [perBatch]detect.Flow
	names [perBatch][24]byte
}

const perBatch = 1000

func newSpeaker() *speaker {
	s := &speaker{}
	for i := range s.flows {
		s.flows[i] = detect.Flow{
			Registrar: netip.MustParseAddr("198.51.100.10"), RegistrarPort: 5060, ClientPort: 5060, Transport: detect.UDP, Status: 401,
		}
	}
	return s
}

// answer makes the answer at a place of the batch one to client and extension i.
func (s *speaker) answer(at, i int, time int64) *detect.Flow {
	f := &s.flows[at]
	f.Client = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	name := append(strconv.AppendInt(s.names[at][:0], int64(10_000_000+i), 10), "@pbx.net"...)
	f.Extension = unsafe.String(&name[0], len(name))
	f.Time = time
	return f
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
	var spent time.Duration
	batch := func() {
		for at := range perBatch {
			s.answer(at, i/2%pairs, now).Status = uint16(401 - 201*(i%2))
			i++
		}
		now += 600
		begin := cpu()
		d.ObserveAll(s.flows[:])
		spent += cpu() - begin
	}
	for i < 2*pairs {
		batch()
	}
	b.ReportAllocs()
	spent = 0
	for b.Loop() {
		batch()
	}
	report(b, b.N*perBatch, spent)
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
				for i := 0; i < n; i += perBatch {
					for at := range perBatch {
						s.answer(at, i+at, beginning+int64(i+at)*1_500_000/int64(n)) // within 25 minutes
					}
					begin := cpu()
					d.ObserveAll(s.flows[:])
					lap := cpu() - begin
					spent += lap
					longest = max(longest, lap)
				}
				bytes = heap() - before
				if got := d.Stats().Pairs; got != n {
					b.Fatal(got, "pairs")
				}
			}
			report(b, b.N*n, spent)
			b.ReportMetric(float64(bytes)/float64(n), "B/pair")
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-1000")
		})
	}
}

func report(b *testing.B, records int, spent time.Duration) {
	b.ReportMetric(float64(records)/spent.Seconds(), "records/s")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(records), "ns/record")
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
