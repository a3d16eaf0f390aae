package calibrate

import (
	"net/netip"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// What a collector makes of an acceptance, of 50,000 phones that log in once a minute.
func BenchmarkAcceptance(b *testing.B) {
	c := NewCollector(new(detect.DefaultConfig()))
	phones := make([]detect.RunEnd, 50_000)
	for i := range phones {
		phones[i] = detect.RunEnd{
			Registrar: netip.AddrFrom4([4]byte{198, 51, 100, byte(i % 8)}), Client: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}),
			Extension: "10000000@pbx.net", Accepted: true, Rejections: 1, Challenges: 1, Burst: 1, Lasted: 20, Late: int64(i % 3000), Renewal: 60_000,
		}
	}
	i, now := 0, beginning
	b.ReportAllocs()
	for b.Loop() {
		r := &phones[i%len(phones)]
		if i++; i%10 == 0 {
			now += 12
		}
		r.Time = now
		c.RunEnded(r)
	}
}
