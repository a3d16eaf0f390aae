package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// confirmWait is how long Fluent Bit may take to take what it was given.
const confirmWait = 10 * time.Second

// delivery is what an input has given to Fluent Bit and Fluent Bit is not known to have taken. Its thread only hands records
// to the engine's thread, which drops them if the storage is full or the input is paused, and says so in its log alone. So
// they are kept until Fluent Bit's own counter of the input has them, or given again.
type delivery struct {
	mu      sync.Mutex
	records uint64 // given; 0 if none wait
	before  uint64 // what the counter was
	since   time.Time
}

// begin notes that records are given.
func (d *delivery) begin(records int, in host, now time.Time) {
	before, _ := in.taken()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records, d.before, d.since = uint64(records), before, now
}

// forget has what was given be given again.
func (d *delivery) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records = 0
}

// outcome is what became of a delivery.
type outcome int

const (
	nothingGiven outcome = iota
	taken
	pending
	overdue
)

// look tells what became of the newest delivery, once.
func (d *delivery) look(in host, now time.Time) (what outcome, records uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	records = d.records
	if records == 0 {
		return nothingGiven, 0
	}
	n, counts := in.taken()
	switch {
	case !counts || n >= d.before+records:
		what = taken
	case now.Sub(d.since) < confirmWait && !now.Before(d.since):
		return pending, records
	default:
		what = overdue
	}
	d.records = 0
	return what, records
}

// collect returns the records of alerts that wait, or nil while Fluent Bit has not taken the last ones.
func (d *detector) collect(in *instance, now time.Time) []byte {
	if !d.confirm(in, now) {
		return nil
	}
	records, n := d.engine.Collect()
	if n > 0 {
		d.delivery.begin(n, in.host, now)
	}
	return records
}

// confirm tells the engine what Fluent Bit has taken. It returns whether more may be given.
func (d *detector) confirm(in *instance, now time.Time) bool {
	switch what, n := d.delivery.look(in.host, now); what {
	case taken:
		d.engine.Delivered()
	case pending:
		return false
	case overdue:
		d.messages.add(slog.LevelError, fmt.Sprintf(
			"Fluent Bit has not taken %d alerts within %v: is its storage (storage.path) full? They are kept, and given again",
			n, confirmWait))
	}
	return true
}
