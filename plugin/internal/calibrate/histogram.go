package calibrate

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// histogram counts how often which value came. It is bounded: values below few are exact, greater ones are told apart to one in a hundred,
// up to maxValue. The zero histogram is empty.
type histogram struct {
	small  *[few]int64 // nil until there is one
	packed *hdrhistogram.PackedHistogram
}

const (
	few      = 128     // nearly all values are below
	maxValue = 1 << 30 // milliseconds of twelve days, and more pairs than a detector can have
	digits   = 2
)

func (h *histogram) add(v int64) { h.addMany(v, 1) }

func (h *histogram) addMany(v, n int64) {
	if v = max(v, 0); v < few {
		if h.small == nil {
			h.small = new([few]int64)
		}
		h.small[v] += n
		return
	}
	if h.packed == nil {
		h.packed = hdrhistogram.NewPacked(1, maxValue, digits)
	}
	_ = h.packed.RecordValues(min(v, maxValue), n) // fails only beyond its bounds
}

// merge adds the values of another one, which stays as it is.
func (h *histogram) merge(from *histogram) {
	from.each(h.addMany)
}

func (h *histogram) each(do func(v, n int64)) {
	if h.small != nil {
		for v, n := range h.small {
			if n > 0 {
				do(int64(v), n)
			}
		}
	}
	if h.packed != nil {
		h.packed.ForEachBucket(func(v, n int64) bool { do(v, n); return true })
	}
}

func (h *histogram) count() (sum int64) {
	h.each(func(_, n int64) { sum += n })
	return sum
}

// atLeast returns how many values are v or more.
func (h *histogram) atLeast(v int64) (n int64) {
	h.each(func(value, count int64) {
		if value >= v {
			n += count
		}
	})
	return n
}

// exceededBy returns the least value that at most one in so many values exceeds.
func (h *histogram) exceededBy(oneIn int64) (v int64) {
	left := h.count() / oneIn
	buckets := h.buckets()
	for _, b := range slices.Backward(buckets) {
		if left -= b.Count; left < 0 {
			return b.Value
		}
	}
	return 0
}

func (h *histogram) max() (v int64) {
	h.each(func(value, _ int64) { v = value })
	return v
}

func (h *histogram) min() int64 {
	if b := h.buckets(); len(b) > 0 {
		return b[0].Value
	}
	return 0
}

func (h *histogram) buckets() (all []Bucket) {
	h.each(func(v, n int64) { all = append(all, Bucket{v, n}) })
	return all
}

// series describes the histogram beside a threshold.
func (h *histogram) series(threshold int64) Series {
	return Series{
		Count: uint64(h.count()), Median: h.exceededBy(2), P99: h.exceededBy(100), P999: h.exceededBy(1000), Max: h.max(),
		Reached: uint64(h.atLeast(threshold)), Buckets: h.buckets(),
	}
}

func (h *histogram) appendTo(b []byte) []byte {
	buckets := h.buckets()
	b = wire.AppendUint(b, uint64(len(buckets)))
	for _, x := range buckets {
		b = wire.AppendUint(wire.AppendUint(b, uint64(x.Value)), uint64(x.Count))
	}
	return b
}

const (
	maxCount   = 1 << 48 // of a value: sums are within what an int64 holds
	maxBuckets = 1 << 12 // more than maxValue makes
)

func (h *histogram) read(r *wire.Reader) {
	*h = histogram{}
	n := r.Count(2)
	r.Check(n <= maxBuckets)
	for range n {
		v, n := r.Uint(), r.Uint()
		r.Check(v <= maxValue && n > 0 && n <= maxCount)
		if r.Err() != nil {
			return
		}
		h.addMany(int64(v), int64(n))
	}
}
