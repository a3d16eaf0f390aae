package outbox

import (
	"cmp"
	"slices"

	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// AppendTo writes the alerts that are not known to be copied, those that were given first: number of the newest alert, how
// many are not delivered, of each its number, 1 for an update or 0, its record.
func (o *Outbox) AppendTo(b []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	b = wire.AppendUint(b, o.newest)
	all := slices.Concat(o.giving, o.others, o.updates)
	b = wire.AppendUint(b, uint64(len(all)))
	for _, a := range all {
		b = wire.AppendUint(b, a.number)
		if a.update {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = wire.AppendText(b, a.record)
	}
	return b
}

// Read returns an outbox as it was written.
func Read(r *wire.Reader, limit int) *Outbox {
	o := New(limit)
	o.newest = r.Uint()
	for range r.Count(3) {
		o.putLocked(alert{number: r.Uint(), update: r.Byte() != 0, record: []byte(r.Text())})
	}
	return o
}

// Continue adds what another outbox has beyond the newest alert of this one: the other one was made from the same records
// anew.
func (o *Outbox) Continue(other *Outbox) {
	other.mu.Lock()
	all := slices.Concat(other.giving, other.others, other.updates)
	newest := other.newest
	other.mu.Unlock()
	slices.SortFunc(all, func(a, b alert) int { return cmp.Compare(a.number, b.number) })
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range all {
		if a.number > o.newest {
			o.putLocked(a)
		}
	}
	o.newest = max(o.newest, newest)
	o.shrinkLocked()
}
