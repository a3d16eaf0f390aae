// Package quota keeps a flood of incidents from being a flood of alerts.
package quota

import (
	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// Quota says which alerts go out. Of the alerts of one minute of the wall clock, updates
// pass until half of alerts.max_alerts_per_minute is used, all others until all of it is; a success always passes. What
// does not pass is counted, and said in one record when the minute is over.
type Quota struct {
	Limit  int   // 0 for none
	minute int64 // the present one, Unix milliseconds of its begin
	passed int   // in it
	folded alert.Tally
}

const minute = 60_000 // milliseconds

// Pass says whether an alert goes out. Summary has to be asked before.
func (q *Quota) Pass(a *detect.Alert) bool {
	limit := q.Limit
	if a.State == detect.Update {
		limit /= 2
	}
	if q.Limit == 0 || a.State == detect.Success || q.passed < limit {
		q.passed++
		return true
	}
	q.folded[a.Kind][a.State]++
	return false
}

// Summary begins a new minute where one is over, and tells what was left out of the last; nil where nothing was.
func (q *Quota) Summary(now int64) *alert.Folded {
	begin := now - now%minute
	if begin == q.minute {
		return nil
	}
	f := &alert.Folded{Minute: q.minute, Limit: q.Limit}
	for k := range q.folded {
		for s, n := range q.folded[k] {
			if n > 0 {
				f.Counts = append(f.Counts, alert.FoldedCount{Kind: detect.Kind(k), State: detect.State(s), N: int(n)})
			}
		}
	}
	*q = Quota{Limit: q.Limit, minute: begin}
	if f.Counts == nil {
		return nil
	}
	return f
}

// AppendTo writes what it has counted.
func (q *Quota) AppendTo(b []byte) []byte {
	b = wire.AppendInt(b, q.minute)
	b = wire.AppendUint(b, uint64(q.passed))
	b = wire.AppendUint(wire.AppendUint(b, uint64(len(q.folded))), uint64(len(q.folded[0])))
	for k := range q.folded {
		for _, n := range q.folded[k] {
			b = wire.AppendUint(b, n)
		}
	}
	return b
}

// Read reads what was written, by a siphunt that knew no more kinds and states.
func (q *Quota) Read(r *wire.Reader) {
	q.minute, q.passed = r.Int(), int(r.Uint())
	k, s := r.Uint(), r.Uint()
	r.Check(k <= uint64(len(q.folded)) && s <= uint64(len(q.folded[0])))
	if r.Err() != nil {
		return
	}
	for i := range k {
		for j := range s {
			q.folded[i][j] = r.Uint()
		}
	}
}
