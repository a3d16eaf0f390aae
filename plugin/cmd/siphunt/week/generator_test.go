package week

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counted is what a test sees in a week, without asking the plan.
type counted struct {
	records, relevant, further int
	first, last                int64
}

func count(t *testing.T, g *Generator) counted {
	t.Helper()
	var c counted
	for s := new(Step); g.Next(s); {
		if s.Others < 0 || s.Flow.Time < c.last {
			t.Fatalf("step back: %d records, at %d after %d", s.Others, s.Flow.Time, c.last)
		}
		c.last = s.Flow.Time
		if c.first == 0 {
			c.first = c.last
		}
		c.records += s.Others
		switch s.Flow.Status {
		case 0:
			continue
		case 401, 200:
			c.relevant++
		default:
			c.further++
		}
		c.records += 2 // the answer and its request
	}
	return c
}

// TestTable holds what a generator gives beside the table of the paper.
func TestTable(t *testing.T) {
	for _, tt := range []struct {
		scale float64
		seed  uint64
	}{{0.002, 1}, {0.002, 2}, {0.003, 4}, {0.01, 1}, {0.037, 3}} {
		want, err := Paper.Scaled(tt.scale)
		if err != nil {
			t.Fatal(err)
		}
		g, err := New(tt.seed, tt.scale)
		if err != nil {
			t.Fatal(err)
		}
		c := count(t, g)
		truth := g.Truth()
		got := Table{Records: c.records, Relevant: c.relevant, Attacks: len(truth.Attacks)}
		further := 0
		for _, a := range truth.Attacks {
			got.Malicious += a.Rejections[401] + len(a.Successes)
			further += a.Attempts - a.Rejections[401]
			got.Successful += min(1, len(a.Successes))
			switch a.Kind {
			case "extension-scan", "password-spray":
				got.Scans++
				got.Largest = max(got.Largest, a.Extensions)
			default:
				got.BruteForce++
				got.Strongest = max(got.Strongest, a.Attempts)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scale %g, seed %d: (-table +week)\n%s", tt.scale, tt.seed, diff)
		}
		if c.further != further || further != truth.Further {
			t.Errorf("scale %g: %d answers 403 and 404, %d of them of attacks, %d said", tt.scale, c.further, further, truth.Further)
		}
		if c.first < Start || c.last != end {
			t.Errorf("scale %g: from %d to %d, not the week from %d to %d", tt.scale, c.first, c.last, Start, end)
		}
	}
}

// TestSeed makes the same week twice, and another.
func TestSeed(t *testing.T) {
	sum := func(seed uint64) (sum uint64) {
		g, err := New(seed, MinScale)
		if err != nil {
			t.Fatal(err)
		}
		for s := new(Step); g.Next(s); {
			sum = sum*31 + uint64(s.Flow.Time)*7 + s.CallID + uint64(s.Flow.Status) + uint64(len(s.Flow.Extension)) + uint64(s.Others)
		}
		return sum
	}
	if a, b := sum(1), sum(1); a != b {
		t.Error("the same seed made two weeks")
	}
	if sum(1) == sum(2) {
		t.Error("two seeds made the same week")
	}
}

// BenchmarkStep is what a step costs, of which there are 41 million in the whole week.
func BenchmarkStep(b *testing.B) {
	g, err := New(1, 1)
	if err != nil {
		b.Fatal(err)
	}
	var s Step
	for b.Loop() {
		if !g.Next(&s) {
			b.Fatal("the week is over")
		}
	}
}
