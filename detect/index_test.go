package detect

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// An index against a map, through growth, removal and hashes that are alike.
func TestIndexFindsWhatAMapFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x index
	want := map[uint32]uint64{}
	var numbers []uint32
	hash := func() uint64 {
		h := rng.Uint64()
		if rng.IntN(3) == 0 { // crowded: one segment, few tags
			h = 5<<(64-segmentBits) | h>>60<<(64-segmentBits-16)
		}
		return h
	}
	for i := range uint32(60_000) {
		if n := len(numbers); n > 0 && rng.IntN(5) < 2 {
			j := rng.IntN(n)
			x.remove(want[numbers[j]], numbers[j])
			delete(want, numbers[j])
			numbers[j] = numbers[n-1]
			numbers = numbers[:n-1]
		} else {
			want[i+1] = hash()
			numbers = append(numbers, i+1)
			x.insert(want[i+1], i+1)
		}
	}
	for number, h := range want {
		if !found(&x, h, number) {
			t.Fatalf("number %d is not found", number)
		}
	}
	for _, number := range numbers {
		x.remove(want[number], number)
	}
	for i := range x {
		if x[i].count != 0 {
			t.Fatalf("segment %d still counts %d", i, x[i].count)
		}
		for _, c := range x[i].cells {
			if c.number() != 0 {
				t.Fatalf("segment %d still holds %d", i, c.number())
			}
		}
	}
}

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
		if got := indexed(&d.pairIndex); got != want {
			t.Errorf("of %d pairs %d are in the index, want %d", n, got, want)
		}
		var snapshot bytes.Buffer
		again, _ := New(cfg) // worked above
		if err := errors.Join(d.Snapshot(&snapshot), again.Restore(&snapshot)); err != nil {
			t.Fatal(err)
		}
		if got := indexed(&again.pairIndex); got != want {
			t.Errorf("of %d pairs %d are in the index after a restart, want %d", n, got, want)
		}
		d.Advance(flow.Time+cfg.IdleTimeout.Milliseconds()/2, 1)
		d.Finish()
		d.runTo(d.now + 3*cfg.IdleTimeout.Milliseconds())
		if s := d.Stats(); s.Pairs != 0 || indexed(&d.pairIndex) != 0 {
			t.Errorf("of %d pairs that are forgotten %d are left, %d in the index", n, s.Pairs, indexed(&d.pairIndex))
		}
	}
}

func indexed(x *index) (n int) {
	for i := range x {
		n += x[i].count
	}
	return n
}

func found(x *index, hash uint64, number uint32) bool {
	for p := x.probe(hash); ; {
		switch p.next() {
		case number:
			return true
		case 0:
			return false
		}
	}
}
