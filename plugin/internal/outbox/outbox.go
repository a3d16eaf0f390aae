// Package outbox keeps encoded alerts until the host has copied them.
//
// Alerts leave in the order in which they came. Over the limit the oldest updates are given up first, since a later report
// repeats all that they say; then the oldest of the others.
package outbox

import "sync"

// maxCollect is how many bytes of records one Collect returns, unless a single record has more: well below the 2 MB at
// which Fluent Bit closes a chunk.
const maxCollect = 1 << 20

// Outbox is safe for concurrent use. Its alerts are numbered from 1.
type Outbox struct {
	mu      sync.Mutex
	limit   int     // of alerts that wait, without those that were given
	newest  uint64  // number of the newest alert
	updates []alert // both in the order of arrival
	others  []alert // all that are no updates
	giving  []alert // what Collect returned last and is not known to be copied
	given   []byte  // their records
	lost    Lost
}

// alert is an encoded one.
type alert struct {
	number uint64
	update bool
	record []byte
}

// Lost counts alerts that were given up.
type Lost struct{ Updates, Others uint64 }

// New returns an empty outbox.
func New(limit int) *Outbox { return &Outbox{limit: limit} }

// Add takes an encoded alert; update says that a later one will repeat it.
func (o *Outbox) Add(update bool, record []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.newest++
	o.putLocked(alert{o.newest, update, record})
	o.shrinkLocked()
}

func (o *Outbox) putLocked(a alert) {
	if a.update {
		o.updates = append(o.updates, a)
	} else {
		o.others = append(o.others, a)
	}
}

// SetLimit changes the bound; it applies at once.
func (o *Outbox) SetLimit(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.limit = n
	o.shrinkLocked()
}

func (o *Outbox) shrinkLocked() {
	for len(o.updates)+len(o.others) > o.limit {
		if len(o.updates) > 0 {
			pop(&o.updates)
			o.lost.Updates++
		} else {
			pop(&o.others)
			o.lost.Others++
		}
	}
}

// Newest returns the number of the newest alert, or 0 if there was none.
func (o *Outbox) Newest() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.newest
}

// Number makes the alerts that follow have greater numbers than n.
func (o *Outbox) Number(n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.newest = max(o.newest, n)
}

// Waiting returns the number of alerts that are not known to be copied, and what was given up so far.
func (o *Outbox) Waiting() (n int, lost Lost) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.giving) + len(o.updates) + len(o.others), o.lost
}

// Collect returns the oldest records and their number, the same ones until Delivered is called, or nil if none wait. They
// are not to be changed.
func (o *Outbox) Collect() (records []byte, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.given != nil {
		return o.given, len(o.giving)
	}
	for len(o.updates)+len(o.others) > 0 {
		q := o.oldestLocked()
		if o.given != nil && len(o.given)+len((*q)[0].record) > maxCollect {
			break
		}
		a := pop(q)
		o.giving = append(o.giving, a)
		o.given = append(o.given, a.record...)
	}
	return o.given, len(o.giving)
}

// Delivered forgets what Collect returned last. It returns the number of the newest alert in it, or 0 if there was none.
func (o *Outbox) Delivered() (upTo uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.giving); n > 0 {
		upTo = o.giving[n-1].number
	}
	o.giving, o.given = nil, nil
	return upTo
}

// Forget drops the waiting alerts up to a number: an earlier process has delivered them.
func (o *Outbox) Forget(upTo uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, q := range []*[]alert{&o.updates, &o.others} {
		for len(*q) > 0 && (*q)[0].number <= upTo {
			pop(q)
		}
	}
}

// Restored forgets what was lost so far: an earlier process has said so.
func (o *Outbox) Restored() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost = Lost{}
}

// oldestLocked returns the queue whose head came first. One of the two is not empty.
func (o *Outbox) oldestLocked() *[]alert {
	if len(o.others) == 0 || len(o.updates) > 0 && o.updates[0].number < o.others[0].number {
		return &o.updates
	}
	return &o.others
}

func pop(q *[]alert) alert {
	a := (*q)[0]
	(*q)[0] = alert{} // the array lives on; the record need not
	*q = (*q)[1:]
	return a
}
