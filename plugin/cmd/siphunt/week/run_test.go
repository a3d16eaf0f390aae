package week

import (
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/engine"
)

// TestWeek puts a hundredth of the paper's week through the detector: all attacks are found with their exact figures, none
// merged or split, and nothing else but phones with a stale password, which are told to be known.
func TestWeek(t *testing.T) {
	for _, seed := range []uint64{1} {
		g, err := New(seed, 0.01)
		if err != nil {
			t.Fatal(err)
		}
		config := engine.DefaultConfig()
		r, err := Run(g, config, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range r.Faults() {
			t.Error(fault)
		}
		if r.Found != r.Truth.Table || r.Further != r.Truth.Further || r.Known != len(r.Truth.Misconfigured) {
			t.Errorf("planted %+v and %d 403s and 404s, %d misconfigured;\nfound   %+v and %d, %d",
				r.Truth.Table, r.Truth.Further, len(r.Truth.Misconfigured), r.Found, r.Further, r.Known)
		}
		for class, delays := range r.Delays {
			for _, d := range delays {
				if bound := DelayBound(class, &config.Detector); d < 0 || d > bound {
					t.Errorf("%s: reported after %v, later than %v", class, time.Duration(d)*time.Millisecond, time.Duration(bound)*time.Millisecond)
				}
			}
		}
	}
}
