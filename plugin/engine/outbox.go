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
	given   []byte   // what Collect gave last and is not known to be copied

	lostUpdates, lostOthers uint64
}

// parcel is one encoded alert.
type parcel struct {
	number uint64
	record []byte
}

func (o *outbox) add(state detect.State, record []byte) {
	o.arrived++
	p := parcel{o.arrived, record}
	if state == detect.Update {
		o.updates = append(o.updates, p)
	} else {
		o.others = append(o.others, p)
	}
	o.shrink()
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
		o.given = append(o.given, pop(q).record...)
	}
	return o.given
}

// delivered forgets what collect gave last.
func (o *outbox) delivered() { o.given = nil }

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
