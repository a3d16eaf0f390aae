package engine

import "github.com/siphunt/siphunt/detect"

// maxCollect is how many bytes of records one Collect gives, unless a single record has more: well below the 2 MB at
// which Fluent Bit closes a chunk.
const maxCollect = 1 << 20

// outbox keeps encoded alerts until the host has copied them. Alerts leave in the order in which they came. Over the
// limit the oldest updates are given up first, since a later report repeats all that they say; then the oldest of the
// others.
type outbox struct {
	limit   int      // alerts that wait, without those that are given
	arrived uint64   // numbers the alerts
	updates []parcel // both queues in the order of arrival
	others  []parcel // opens, successes, ends
	giving  []parcel // what Collect gave last and is not known to be copied
	given   []byte   // their records

	lostUpdates, lostOthers uint64
}

// parcel is one encoded alert.
type parcel struct {
	number uint64
	update bool
	record []byte
}

func (o *outbox) add(state detect.State, record []byte) {
	o.arrived++
	o.put(parcel{o.arrived, state == detect.Update, record})
	o.shrink()
}

func (o *outbox) put(p parcel) {
	if p.update {
		o.updates = append(o.updates, p)
	} else {
		o.others = append(o.others, p)
	}
}

// setLimit changes the bound; it applies at once.
func (o *outbox) setLimit(n int) {
	o.limit = n
	o.shrink()
}

func (o *outbox) shrink() {
	for o.waiting() > o.limit {
		if len(o.updates) > 0 {
			pop(&o.updates)
			o.lostUpdates++
		} else {
			pop(&o.others)
			o.lostOthers++
		}
	}
}

// waiting is the number of alerts that no Collect has given yet.
func (o *outbox) waiting() int { return len(o.updates) + len(o.others) }

// collect gives the oldest records, the same ones until delivered is called; nil where none wait.
func (o *outbox) collect() []byte {
	if o.given != nil {
		return o.given
	}
	for o.waiting() > 0 {
		q := o.oldest()
		if o.given != nil && len(o.given)+len((*q)[0].record) > maxCollect {
			break
		}
		p := pop(q)
		o.giving = append(o.giving, p)
		o.given = append(o.given, p.record...)
	}
	return o.given
}

// delivered forgets what collect gave last, and tells the number of the newest alert in it, 0 where it gave none.
func (o *outbox) delivered() (upTo uint64) {
	if n := len(o.giving); n > 0 {
		upTo = o.giving[n-1].number
	}
	o.giving, o.given = nil, nil
	return upTo
}

// forget drops the alerts that an earlier process has delivered.
func (o *outbox) forget(upTo uint64) {
	for _, q := range []*[]parcel{&o.updates, &o.others} {
		for len(*q) > 0 && (*q)[0].number <= upTo {
			pop(q)
		}
	}
}

// undelivered are all alerts that are not known to be copied, those that are given first.
func (o *outbox) undelivered() []parcel {
	all := make([]parcel, 0, len(o.giving)+o.waiting())
	all = append(all, o.giving...)
	all = append(all, o.others...)
	return append(all, o.updates...)
}

// oldest is the queue whose head came first. One of the two is not empty.
func (o *outbox) oldest() *[]parcel {
	if len(o.others) == 0 || len(o.updates) > 0 && o.updates[0].number < o.others[0].number {
		return &o.updates
	}
	return &o.others
}

func pop(q *[]parcel) parcel {
	p := (*q)[0]
	(*q)[0] = parcel{} // the array lives on; the record need not
	*q = (*q)[1:]
	return p
}
