package detect

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

// The pairs of a client are found one by one while they are few, and by the index when they are many, and nothing of them is
// left when they are forgotten.
func TestPairsAreIndexedWhereTheyAreMany(t *testing.T) {
	cfg := DefaultConfig()
	for n := 1; n <= 3*fewPairs; n++ {
		d, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		flow := Flow{Time: 1_795_000_000_000, Registrar: netip.MustParseAddr("198.51.100.10"), Client: netip.MustParseAddr("10.0.0.1"), Status: 401}
		for round := range 2 {
			for i := range n {
				flow.Extension = fmt.Sprint(i)
				d.Observe(&flow)
			}
			if s := d.Stats(); s.Pairs != n || s.Rejections != uint64(n*(round+1)) {
				t.Fatalf("round %d: %+v, want %d pairs", round, s, n)
			}
		}
		want := n
		if n <= fewPairs {
			want = 0
		}
		if got := entries(&d.pairIndex); got != want {
			t.Errorf("of %d pairs %d are in the index, want %d", n, got, want)
		}
		var snapshot bytes.Buffer
		again, _ := New(cfg) // worked above
		if err := errors.Join(d.Snapshot(&snapshot), again.Restore(&snapshot)); err != nil {
			t.Fatal(err)
		}
		if got := entries(&again.pairIndex); got != want {
			t.Errorf("of %d pairs %d are in the index after a restart, want %d", n, got, want)
		}
		d.Advance(flow.Time+cfg.IdleTimeout.Milliseconds()/2, 1)
		d.Finish()
		d.runTo(d.now + (cfg.KnownGoodTTL + 2*cfg.IdleTimeout).Milliseconds()) // they are dormant until then
		if s := d.Stats(); s.Pairs != 0 || entries(&d.pairIndex) != 0 {
			t.Errorf("of %d pairs that are forgotten %d are left, %d in the index", n, s.Pairs, entries(&d.pairIndex))
		}
	}
}
