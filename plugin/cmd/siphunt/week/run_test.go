package week

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/config"
)

// TestWeek puts a hundredth of the paper's week through the detector, and a five-hundredth of some others: all attacks are
// found with their exact figures, none merged or split, and nothing else but phones with a stale password, which are told
// to be known. No report comes later than the rules say.
func TestWeek(t *testing.T) {
	for _, tt := range []struct {
		scale float64
		seed  uint64
	}{{0.01, 1}, {MinScale, 2}, {MinScale, 3}, {MinScale, 4}} {
		g, err := New(tt.seed, tt.scale)
		if err != nil {
			t.Fatal(err)
		}
		cfg := config.Default()
		r, err := Run(g, cfg, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range r.Faults() {
			t.Errorf("scale %g, seed %d: %s", tt.scale, tt.seed, fault)
		}
		if r.Found != r.Truth.Table || r.Further != r.Truth.Further || r.Known != len(r.Truth.Misconfigured) || r.Known == 0 {
			t.Errorf("scale %g, seed %d:\nplanted %+v and %d 403s and 404s, %d misconfigured;\nfound   %+v and %d, %d", tt.scale, tt.seed,
				r.Truth.Table, r.Truth.Further, len(r.Truth.Misconfigured), r.Found, r.Further, r.Known)
		}
		classes := []string{"brute-force", "distributed-brute-force", delayRefusals, delayChallenges, "password-spray"}
		if got := slices.Sorted(maps.Keys(r.Delays)); !slices.Equal(got, classes) {
			t.Errorf("scale %g, seed %d: reports of %q, want of %q", tt.scale, tt.seed, got, classes)
		}
		for class, delays := range r.Delays {
			bound := DelayBound(class, &cfg.Detector)
			if low, high := slices.Min(delays), slices.Max(delays); low < 0 || high > bound {
				t.Errorf("scale %g, seed %d: %s reported after %v to %v, not within %v", tt.scale, tt.seed, class,
					time.Duration(low)*time.Millisecond, time.Duration(high)*time.Millisecond, time.Duration(bound)*time.Millisecond)
			}
		}
	}
}

// TestDeaf puts a week through a detector that needs 100 attempts: what has fewer is missed, and told. (A break-in after fewer fast
// guesses is still found.)
func TestDeaf(t *testing.T) {
	g, err := New(1, MinScale)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Detector.Attempts = 100
	r, err := Run(g, cfg, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var weak []*Attack
	for _, a := range append(r.Truth.Attacks, r.Truth.Misconfigured...) {
		if a.Kind == "brute-force" && a.Attempts < 100 && len(a.Successes) == 0 {
			weak = append(weak, a)
		}
	}
	if len(weak) == 0 || !slices.Equal(r.Missed, weak) || r.Exact() {
		t.Errorf("missed %v, want %v", r.Missed, weak)
	}
}
