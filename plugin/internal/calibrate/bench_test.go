package calibrate

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The logins of 50,000 phones at 8 registrars with and without a collector, in turn, so that both have the same machine; x is the ratio of
// what they take.
func BenchmarkCollector(b *testing.B) {
	const phones, batch = 50_000, 1000
	cfg := detect.DefaultConfig()
	var detectors [2]*detect.Detector
	for i := range detectors {
		d, err := detect.New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		detectors[i] = d
	}
	detectors[1].SetObserver(NewCollector(&cfg))
	names := make([]string, phones)
	for i := range names {
		names[i] = fmt.Sprintf("%d@pbx.net", 10_000_000+i)
	}
	flows := make([]detect.Flow, batch)
	now, next := beginning, 0
	var spent [2]time.Duration
	pass := func() {
		for i := range flows {
			phone := next / 2 % phones
			flows[i] = detect.Flow{
				Time: now, Registrar: netip.AddrFrom4([4]byte{198, 51, 100, byte(phone % 8)}), RegistrarPort: 5060, ClientPort: 5060, Transport: detect.UDP,
				Client: netip.AddrFrom4([4]byte{10, byte(phone >> 16), byte(phone >> 8), byte(phone)}), Status: uint16(401 - 201*(next%2)), Extension: names[phone],
			}
			next++
		}
		now += 600
		for i, d := range detectors {
			begin := cpu()
			d.ObserveAll(flows)
			spent[i] += cpu() - begin
		}
	}
	for next < 2*phones {
		pass()
	}
	spent = [2]time.Duration{}
	b.ReportAllocs()
	for b.Loop() {
		pass()
	}
	b.ReportMetric(float64((spent[1]-spent[0]).Nanoseconds())/float64(b.N*batch/2), "ns/acceptance")
	b.ReportMetric(spent[1].Seconds()/spent[0].Seconds(), "x")
}

// cpu is the processor time that the process has taken, however busy the machine is with something else.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails only on bad arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
