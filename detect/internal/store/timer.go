package store

// A Timer remembers indices by the second in which something happened to them, until that is a certain time ago. An
// index may be added more than once and may have been freed since: what falls due is a hint to look.
type Timer struct {
	Waiting int        // indices that are not due yet
	next    int64      // the oldest second that is not drained
	slots   [][]uint32 // by second, a ring
}

// slotKept is the capacity up to which an emptied slot is kept for its next second.
const slotKept = 1024

// NewTimer returns a timer for what happens after start, Unix milliseconds. Between two calls of Drain, what is added is of
// less than span milliseconds.
func NewTimer(start, span int64) *Timer {
	return &Timer{next: max(0, start) / 1000, slots: make([][]uint32, span/1000+2)}
}

// Add remembers i for something that happened at a time, Unix milliseconds.
func (t *Timer) Add(i uint32, at int64) {
	slot := t.slot(max(at/1000, t.next))
	*slot = append(*slot, i)
	t.Waiting++
}

// Rewind has Drain look again at the seconds since a time, Unix milliseconds, which must not be further back than the span.
func (t *Timer) Rewind(at int64) { t.next = min(t.next, max(0, at)/1000) }

func (t *Timer) slot(second int64) *[]uint32 { return &t.slots[second%int64(len(t.slots))] }

// Drain calls due for what happened before a time, Unix milliseconds, in whole seconds. A time before that of an earlier
// call drains nothing.
func (t *Timer) Drain(before int64, due func(i uint32)) {
	end := before / 1000
	for t.next < end && t.Waiting > 0 {
		slot := t.slot(t.next)
		indices := *slot
		*slot = nil
		t.next++
		t.Waiting -= len(indices)
		for _, i := range indices {
			due(i)
		}
		if cap(indices) <= slotKept && *slot == nil {
			*slot = indices[:0]
		}
	}
	t.next = max(t.next, end)
}
