package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/wire"
)

func TestHistogramIsAsExactAsItSays(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var h histogram
	var all []int64
	for range 20_000 {
		v := int64(math.Exp(dice.Float64() * 18)) // to 65 million
		h.add(v)
		all = append(all, v)
	}
	slices.Sort(all)
	for _, oneIn := range []int64{2, 10, 100, 1000, 10_000} {
		want := all[len(all)-1-min(len(all)-1, len(all)/int(oneIn))]
		got := h.exceededBy(oneIn)
		if exact := want < 128; exact && got != want || !exact && (float64(got) < 0.99*float64(want) || float64(got) > 1.01*float64(want)) {
			t.Errorf("one in %d exceeds %d, not %d", oneIn, want, got)
		}
	}
	for _, bar := range []int64{0, 1, 7, 20, 127} {
		n := int64(len(all) - sort(all, bar))
		if got := h.atLeast(bar); got != n {
			t.Errorf("%d values of %d or more, not %d", n, bar, got)
		}
	}
	if n := len(h.buckets()); n > maxBuckets || h.count() != 20_000 {
		t.Errorf("%d values in %d buckets", h.count(), n)
	}
}

// sort returns where a value has its place among sorted ones.
func sort(all []int64, v int64) int {
	i, _ := slices.BinarySearch(all, v)
	return i
}

func TestHistogramBounds(t *testing.T) {
	var h histogram
	if h.count() != 0 || h.max() != 0 || h.min() != 0 || h.exceededBy(100) != 0 || h.buckets() != nil {
		t.Error("an empty histogram has values")
	}
	for _, v := range []int64{-5, 0, maxValue, math.MaxInt64} {
		h.add(v)
	}
	if h.count() != 4 || h.min() != 0 || h.atLeast(1) != 2 {
		t.Errorf("%v", h.buckets())
	}
	var every histogram
	for v := int64(0); v <= maxValue; v += max(1, v/256) {
		every.add(v)
	}
	if n := len(every.buckets()); n > maxBuckets {
		t.Errorf("%d buckets are more than are read", n)
	}
	var read histogram
	if r := wire.NewReader(string(every.appendTo(nil))); true {
		if read.read(r); r.Close() != nil || !slices.Equal(read.buckets(), every.buckets()) {
			t.Error("it is not as it was written")
		}
	}
}

func TestHistogramsMerge(t *testing.T) {
	var a, b, both histogram
	for v := range int64(5000) {
		if both.add(v * v); v%3 == 0 {
			a.add(v * v)
		} else {
			b.add(v * v)
		}
	}
	a.merge(&b)
	if !slices.Equal(a.buckets(), both.buckets()) {
		t.Error("two halves are not the whole")
	}
}
