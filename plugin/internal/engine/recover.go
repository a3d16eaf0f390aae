package engine

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/engine/state"
)

// remember opens state_dir and goes on where an earlier process has ended: it takes the newest snapshot, and lives
// through all that was journalled since, under the rules that were in force then. It fails only where another process
// works there. A folder that cannot be used does not keep attacks from being found.
func (e *Engine) remember(o *Options, r *rules) error {
	if e.name == "." || !filepath.IsLocal(e.name) || filepath.Base(e.name) != e.name {
		return fmt.Errorf("state.state_dir: detector %q cannot have a folder in it: give the detector another name", e.name)
	}
	var err error
	if e.deliveries, err = newDeliveries(nil); err != nil {
		return err
	}
	e.rules.Store(r)
	e.quota.limit = r.config.MaxAlertsPerMinute
	e.outbox.setLimit(2 * r.config.OutboxLimit) // alerts that were given come on top of the limit

	k := &keeper{config: r.config.State}
	folder := filepath.Join(k.config.StateDir, e.name)
	k.store, err = state.Open(state.Options{
		FS: o.fs, Folder: folder, Limit: 4 * k.config.JournalBytes(), // a snapshot may fail some times
		Log: func(msg string) { e.say(Warn, "state: "+msg) },
	})
	if errors.Is(err, state.ErrLocked) {
		return fmt.Errorf("state.state_dir: %s is in use by another siphunt: give each a state_dir of its own, or wait until the other has ended", folder)
	}
	if err == nil {
		var n entry
		err = k.store.Load(
			func(snapshot io.Reader) error { return guarded(func() error { return e.restore(snapshot, o) }) },
			func(payload []byte) error { return guarded(func() error { return e.relive(&n, payload, o) }) },
		)
	}
	if err != nil {
		e.unusable = err
		return e.goOn(r)
	}
	e.keeper = k
	return e.goOn(r)
}

// restore takes a snapshot. Where it fails it changes nothing.
func (e *Engine) restore(snapshot io.Reader, o *Options) error {
	m, r, err := readMemory(snapshot, func(text string, wallClock bool) (*rules, error) {
		r, err := newRules(text, o)
		if err == nil {
			r.config.WallClock = wallClock
		}
		return r, err
	})
	if err != nil {
		return err
	}
	m.outbox.limit, m.quota.limit = e.outbox.limit, r.config.MaxAlertsPerMinute
	e.memory = *m
	e.rules.Store(r)
	return nil
}

// relive does again what an entry of the journal tells.
func (e *Engine) relive(n *entry, payload []byte, o *Options) error {
	if err := n.read(payload); err != nil {
		return err
	}
	e.detecting.Lock()
	defer e.detecting.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if n.kind == entryDelivered {
		e.outbox.forget(n.alert)
		return nil
	}
	e.outbox.arrived = max(e.outbox.arrived, n.alert) // where an entry before was lost, the numbers that follow are right
	switch n.kind {
	case entryFlows:
		e.deliveries.counted(n.chunk)
	case entryRules:
		r, err := newRules(strings.Clone(n.text), o)
		if err != nil {
			return err
		}
		e.stayTheSame(r)
		return e.change(r, n.now)
	}
	e.live(n.now, &n.batch)
	return nil
}

// goOn puts the rules of today in force, and lets what was counted so far be that of an earlier process.
func (e *Engine) goOn(r *rules) error {
	e.detecting.Lock()
	defer e.detecting.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now().UnixMilli()
	if e.rules.Load().text != r.text {
		if err := e.change(r, now); err != nil {
			return err
		}
	}
	e.rules.Store(r)
	if !r.config.WallClock {
		e.detector.Tick(0) // the flows are the only clock, whatever the last process was told
	}
	e.outbox.setLimit(r.config.OutboxLimit)
	e.outbox.lostUpdates, e.outbox.lostOthers = 0, 0
	e.deliveries.restarted()
	e.stats = e.detector.Stats()
	e.before, e.counters = e.stats, counters{}
	e.newLosses()
	return nil
}

// guarded makes an error of a panic: what has ended a process must not end each one after it.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in siphunt, please report it: %v\n%s", r, debug.Stack())
		}
	}()
	return do()
}

// since takes from the totals of a detector what earlier processes have counted.
func since(now, before detect.Stats) detect.Stats {
	now.Rejections -= before.Rejections
	now.Acceptances -= before.Acceptances
	now.Late -= before.Late
	now.TimeRejected -= before.TimeRejected
	now.Allowed -= before.Allowed
	now.Evicted -= before.Evicted
	now.EndedEarly -= before.EndedEarly
	return now
}
