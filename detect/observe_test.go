package detect_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// Flows that are told together give what they give one by one, to the last byte of a snapshot: pairs that the flow before
// brought, or pushed out, or put back into the place of others, names that are cut, requests, times that are dropped.
func TestTogetherIsOneByOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	change := func(c *detect.Config) { c.MaxPairs, c.Thresholds.Attempts, c.Thresholds.ScanExtensions = 12, 4, 3 }
	single, together := newDetector(t, change), newDetector(t, change)
	registrars := []netip.Addr{netip.MustParseAddr(pbx), netip.MustParseAddr("2001:db8::5060")}
	now, alerts := beginning, 0
	for round := range 5000 {
		flows := make([]detect.Flow, rng.IntN(40))
		for i := range flows {
			now += rng.Int64N(200)
			if rng.IntN(2000) == 0 {
				now += rng.Int64N(3600_000) // pairs die, and registrars with them
			}
			f := &flows[i]
			*f = detect.Flow{
				Time: now - rng.Int64N(50), Registrar: registrars[rng.IntN(len(registrars))], Client: addr4(10, rng.IntN(6)), ClientPort: uint16(i),
				Status: []uint16{401, 401, 401, 403, 404, 200, 180, 0}[rng.IntN(8)], Extension: fmt.Sprint(rng.IntN(6)) + "@" + strings.Repeat("pbx", rng.IntN(3)),
			}
			switch rng.IntN(50) {
			case 0:
				f.Time = 0
			case 1:
				f.Extension = strings.Repeat("long", 20) + f.Extension
			case 2: // looks like a place that is free
				f.Registrar, f.Client, f.Extension = netip.IPv6Unspecified(), netip.IPv6Unspecified(), ""
			}
			if f.Status == 0 {
				f.UserAgent = "tool"
			}
		}
		for i := range flows {
			single.Observe(&flows[i])
		}
		together.ObserveAll(flows)
		want, got := single.Alerts(), together.Alerts()
		alerts += len(want)
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
			t.Fatalf("round %d: alerts\n%s\nwant\n%s", round, g, w)
		}
		if w, g := snapshotOf(t, single), snapshotOf(t, together); !bytes.Equal(w, g) {
			t.Fatalf("round %d: %+v, want %+v", round, together.Stats(), single.Stats())
		}
	}
	if s := together.Stats(); alerts < 100 || s.Evicted < 1000 || s.Late < 1000 {
		t.Errorf("too little has happened: %d alerts, %+v", alerts, s)
	}
}

func snapshotOf(t *testing.T, d *detect.Detector) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
