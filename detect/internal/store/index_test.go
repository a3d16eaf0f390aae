package store

import (
	"math/rand/v2"
	"testing"
)

// An index against a map, through growth, removal and hashes that are alike.
func TestIndexFindsWhatAMapFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x Index
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
			x.Remove(want[numbers[j]], numbers[j])
			delete(want, numbers[j])
			numbers[j] = numbers[n-1]
			numbers = numbers[:n-1]
		} else {
			want[i+1] = hash()
			numbers = append(numbers, i+1)
			x.Insert(want[i+1], i+1)
		}
	}
	for number, h := range want {
		if !found(&x, h, number) {
			t.Fatalf("number %d is not found", number)
		}
	}
	for _, number := range numbers {
		x.Remove(want[number], number)
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

func found(x *Index, hash uint64, number uint32) bool {
	for p := x.Probe(hash); ; {
		switch p.Next() {
		case number:
			return true
		case 0:
			return false
		}
	}
}
