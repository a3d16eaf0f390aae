package network

import (
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// TestGoals is the measure of the detector: on a small network it misses no attack and no break-in, and leaves good phones alone.
func TestGoals(t *testing.T) {
	for _, exporter := range []string{Prompt, Ipfixprobe} {
		t.Run(exporter, func(t *testing.T) {
			o := Options{Seed: 1, Registrars: 100, Phones: 20_000, Hours: 26, Exporter: exporter}
			r, err := Run(o, detect.DefaultConfig(), func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			faults := r.Faults()
			for i, fault := range faults {
				if i == 20 {
					t.Errorf("and %d more; see siphunt evaluate -network -registrars %d -phones %d -exporter %s", len(faults)-i,
						o.Registrars, o.Phones, o.Exporter)
					break
				}
				t.Error(fault)
			}
		})
	}
}
