package flow

import "github.com/siphunt/siphunt/detect"

// Feed gives a detector what the batch holds, in the order of its records.
func (b *Batch) Feed(d *detect.Detector) {
	next := 0
	for _, m := range b.Marks {
		before := max(next, int(m.Before)) // marks that were read from disk may have any order
		d.ObserveAll(b.Flows[next:before])
		next = before
		d.Advance(m.Time, int(m.N))
	}
	d.ObserveAll(b.Flows[next:])
}

// Newest returns the newest time of a record, Unix milliseconds, or 0 if there is none.
func (b *Batch) Newest() (t int64) {
	for i := range b.Flows {
		t = max(t, b.Flows[i].Time)
	}
	for i := range b.Marks {
		t = max(t, b.Marks[i].Time)
	}
	return t
}

// Add adds the figures of a batch to a total, without the examples.
func (s *Stats) Add(batch *Stats) {
	s.Records += batch.Records
	s.Relevant += batch.Relevant
	s.Other += batch.Other
	for i, n := range batch.Dropped {
		s.Dropped[i] += n
	}
}
