package store

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

type record struct {
	chain uint32
	value int
}

func (r *record) Chain() *uint32 { return &r.chain }

// What is allocated is empty, stays where it is, and is given again after it was freed.
func TestSlabAgainstAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var s Slab[record, *record]
	want := map[uint32]*record{}
	var numbers []uint32
	most := 0
	for i := range 50_000 {
		if n := len(numbers); n > 0 && rng.IntN(5) < 2 {
			j := rng.IntN(n)
			s.Release(numbers[j])
			delete(want, numbers[j])
			numbers[j] = numbers[n-1]
			numbers = numbers[:n-1]
			continue
		}
		n, r := s.Allocate()
		if n == 0 || want[n] != nil || *r != (record{}) {
			t.Fatalf("place %d is given out, taken %v, with %+v", n, want[n] != nil, *r)
		}
		r.value = i
		want[n] = r
		numbers = append(numbers, n)
		most = max(most, len(numbers))
	}
	for n, r := range want {
		if s.At(n) != r {
			t.Fatalf("record %d has moved", n)
		}
	}
	if s.Count != len(want) || int(s.Top) != most {
		t.Errorf("%d records up to place %d, want %d and %d", s.Count, s.Top, len(want), most)
	}
}

func TestTextsComeBackWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var x Texts
	type kept struct {
		ref  uint32
		text string
	}
	var all []kept
	for range 30_000 {
		if n := len(all); n > 0 && rng.IntN(5) < 2 {
			j := rng.IntN(n)
			x.Remove(all[j].ref, len(all[j].text))
			all[j] = all[n-1]
			all = all[:n-1]
			continue
		}
		text := strings.Repeat(string(rune('a'+rng.IntN(26))), rng.IntN(MaxText+1))
		all = append(all, kept{x.Add(text), text})
	}
	for _, k := range all {
		if got := x.Get(k.ref, len(k.text)); got != k.text {
			t.Fatalf("%q has become %q", k.text, got)
		}
	}
}

// What was added falls due once, when its second has passed, whenever the clock is looked at.
func TestTimerAgainstAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const span = 60_000
	now := int64(1_795_000_000_000)
	x := NewTimer(now, span)
	waiting := map[uint32]int64{}
	for i := range uint32(20_000) {
		at := now - rng.Int64N(5000) + rng.Int64N(span/2)
		x.Add(i+1, at)
		waiting[i+1] = max(at, now/1000*1000) // what is drained already is due with the next
		if rng.IntN(10) > 0 {
			continue
		}
		now += rng.Int64N(span / 3)
		var due []uint32
		x.Drain(now, func(i uint32) { due = append(due, i) })
		for _, i := range due {
			if at, ok := waiting[i]; !ok || at/1000 >= now/1000 {
				t.Fatalf("%d falls due at %d, of %d, waiting %v", i, now, at, ok)
			}
			delete(waiting, i)
		}
		for i, at := range waiting {
			if at/1000 < now/1000 {
				t.Fatalf("%d of %d is not due at %d", i, at, now)
			}
		}
		if x.Waiting != len(waiting) {
			t.Fatalf("%d wait, want %d", x.Waiting, len(waiting))
		}
	}
}

// Records with the same tag lie side by side, so a search that is crowded takes long; one among records that are spread is short.
func TestSearchesAreShort(t *testing.T) {
	const crowd = 500
	var crowded, spread, many Index
	for n := range uint32(crowd) {
		crowded.Insert(uint64(n), n+1)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for n := range uint32(50_000) {
		if n < crowd {
			spread.Insert(rng.Uint64(), n+1)
		}
		many.Insert(rng.Uint64(), n+1)
	}
	if longest := longestSearch(&crowded); longest < crowd/2 {
		t.Errorf("a search among the crowded takes %d steps only: this tells nothing", longest)
	}
	if longest := longestSearch(&spread); longest > 20 {
		t.Errorf("a search takes %d steps", longest)
	}
	if longest := longestSearch(&many); longest > 40 {
		t.Errorf("a search among many takes %d steps", longest)
	}
}

// longestSearch is how far from the place where the search for it begins a record is at most.
func longestSearch(x *Index) (longest int) {
	for i := range x {
		s := &x[i]
		for at, c := range s.cells {
			if c.number() != 0 {
				longest = max(longest, at-s.home(c.tag))
			}
		}
	}
	return longest
}

// Looking for what is there, or is not, allocates nothing.
func TestSearchesAllocateNothing(t *testing.T) {
	var x Index
	for n := range uint32(1000) {
		x.Insert(uint64(n)<<50, n+1)
	}
	found := []uint32{}
	if n := testing.AllocsPerRun(100, func() {
		found = found[:0]
		for p := x.Probe(7 << 50); ; {
			i := p.Next()
			if i == 0 {
				return
			}
			found = append(found, i)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if !slices.Contains(found, 8) {
		t.Errorf("found %v", found)
	}
}
