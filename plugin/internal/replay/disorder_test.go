package replay

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

// recorded returns the flows of a scenario, in the order of time, and its configuration.
func recorded(t *testing.T, folder string) (flows []detect.Flow, c *config.Config) {
	t.Helper()
	c, err := config.Load(filepath.Join(folder, "siphunt.toml"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(folder, "flows.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := New(c, func(*detect.Alert) {}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	lines, err := NewLines(file)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	for {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		r.line(folder, lines.Number(), line)
		for _, f := range r.batch.Flows {
			f.Extension, f.UserAgent, f.Probe = strings.Clone(f.Extension), strings.Clone(f.UserAgent), strings.Clone(f.Probe)
			flows = append(flows, f)
		}
		r.batch.Reset()
	}
	slices.SortStableFunc(flows, func(a, b detect.Flow) int { return cmp.Compare(a.Time, b.Time) })
	return flows, c
}

// verdicts are the incidents that have ended with their figures, and the clients that were told of, sorted.
func verdicts(t *testing.T, c *config.Config, flows []detect.Flow) (incidents, attackers []string) {
	t.Helper()
	d, err := detect.New(c.Detector)
	if err != nil {
		t.Fatal(err)
	}
	d.ObserveAll(flows)
	d.Finish()
	for _, a := range d.Alerts() {
		if a.State != detect.End {
			continue
		}
		incidents = append(incidents, fmt.Sprintf("%v of %d registrars, %s: %d attempts, %d clients, %d extensions, %d successes, %v",
			a.Kind, a.Registrars.Count, a.Registrar.Addr, a.Attempts, a.Clients.Count, a.Extensions.Count, a.SuccessesN, a.Confidence))
		for _, m := range a.Clients.Top {
			attackers = append(attackers, m.Client.String())
		}
	}
	slices.Sort(incidents)
	slices.Sort(attackers)
	return incidents, slices.Compact(attackers)
}

// seenTwice has two probes see each flow whose probe is not known.
func seenTwice(flows []detect.Flow) (twice []detect.Flow) {
	for i, f := range flows {
		if f.Probe != "" {
			twice = append(twice, f)
			continue
		}
		for _, f.Probe = range []string{"north", "south"} {
			f.Message = uint64(i + 1)
			twice = append(twice, f)
		}
	}
	return twice
}

// late lets each flow arrive up to some time late.
func late(flows []detect.Flow, most time.Duration, seed uint64) []detect.Flow {
	rng := rand.New(rand.NewPCG(seed, 1))
	arrival := make(map[int]int64, len(flows))
	order := make([]int, len(flows))
	for i, f := range flows {
		arrival[i], order[i] = f.Time+rng.Int64N(most.Milliseconds()+1), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(arrival[a], arrival[b]) })
	out := make([]detect.Flow, len(flows))
	for place, i := range order {
		out[place] = flows[i]
	}
	return out
}

// Recorded attacks whose records arrive up to two seconds late, or are seen by two probes, keep their counts and successes; up to forty seconds late,
// which is longer than most of the recordings, the same attackers are told of.
func TestRecordedAttacksInDisorder(t *testing.T) {
	folders, err := filepath.Glob("../../../testdata/scenarios/*")
	if err != nil || len(folders) < 20 {
		t.Fatal(len(folders), "scenarios", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			flows, c := recorded(t, folder)
			incidents, attackers := verdicts(t, c, flows)
			for seed := range uint64(5) {
				if got, _ := verdicts(t, c, late(flows, 2*time.Second, seed)); !slices.Equal(got, incidents) {
					t.Errorf("seed %d, two seconds late:\n%q\nwant\n%q", seed, got, incidents)
				}
				if got, _ := verdicts(t, c, late(seenTwice(flows), time.Second, seed)); !slices.Equal(got, incidents) {
					t.Errorf("seed %d, seen twice:\n%q\nwant\n%q", seed, got, incidents)
				}
				if _, got := verdicts(t, c, late(flows, 40*time.Second, seed)); !slices.Equal(got, attackers) {
					t.Errorf("seed %d, forty seconds late:\n%q\nwant\n%q", seed, got, attackers)
				}
			}
		})
	}
}
