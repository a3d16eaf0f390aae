package detect

// timer remembers indices by the second in which something happened to them, until that is a certain time ago. An
// index may be added more than once and may have been freed since: what falls due is a hint to look.
type timer struct {
	delay   int64      // milliseconds, a multiple of 1000
	next    int64      // the oldest second that is not drained
	waiting int        // indices in slots
	slots   [][]uint32 // by second, a ring
}

// slotKept is the capacity up to which an emptied slot is kept for its next second.
const slotKept = 1024

// newTimer makes a timer whose clock stands at now and moves, between two calls of drain, by less than step.
func newTimer(now, delay, step int64) *timer {
	return &timer{delay: delay, next: max(0, now-delay) / 1000, slots: make([][]uint32, (delay+step)/1000+2)}
}

// add remembers i for something that happened at a time.
func (t *timer) add(i uint32, at int64) {
	slot := t.slot(max(at/1000, t.next))
	*slot = append(*slot, i)
	t.waiting++
}

func (t *timer) slot(second int64) *[]uint32 { return &t.slots[second%int64(len(t.slots))] }

// drain gives what happened before now - delay, which is a whole second.
func (t *timer) drain(now int64, due func(i uint32)) {
	end := (now - t.delay) / 1000
	for t.next < end && t.waiting > 0 {
		slot := t.slot(t.next)
		indices := *slot
		*slot = nil
		t.next++
		t.waiting -= len(indices)
		for _, i := range indices {
			due(i)
		}
		if cap(indices) <= slotKept && *slot == nil {
			*slot = indices[:0]
		}
	}
	t.next = max(t.next, end)
}
