package engine

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/engine/state"
)

// keeper writes what the engine knows to disk. What a Flush took is in the journal before the detector looks at it; while a
// snapshot is made, what comes waits in the queue. Whatever the disk does, detection goes on.
type keeper struct {
	store  *state.Store
	config config.State

	faults, snapshots atomic.Uint64
	size              atomic.Int64 // of the last snapshot

	rolling sync.Mutex // one snapshot at a time; taken before the engine's mu. Of all below
	tried   time.Time  // when one was begun last
	failed  bool       // it could not be written
}

// retry is how soon a snapshot that failed, or one that has to mend a journal, is tried again.
const retry = time.Minute

// encode prepares the journal entry of a chunk, outside of the locks.
func (e *Engine) encode(d *decoding, chunk []byte) {
	if e.keeper == nil {
		return
	}
	d.fingerprint = e.deliveries.fingerprint(chunk)
	d.body = appendBatch(d.body[:0], &d.batch)
}

// journalChunk writes the entry. mu is held.
func (e *Engine) journalChunk(now int64, d *decoding) {
	if e.keeper == nil {
		return
	}
	if len(d.batch.Flows)+len(d.batch.Marks) == 0 {
		e.journal(entryTick, now, e.outbox.arrived)
		return
	}
	e.deliveries.counted(d.fingerprint)
	d.head = appendEntry(d.head[:0], entryFlows, now, e.outbox.arrived)
	d.head = append(d.head, d.fingerprint[:]...)
	e.append(d.head, d.body)
}

// journal writes an entry of another kind. mu is held.
func (e *Engine) journal(kind byte, now int64, alert uint64, rest ...[]byte) {
	if e.keeper == nil {
		return
	}
	e.append(append([][]byte{appendEntry(nil, kind, now, alert)}, rest...)...)
}

func (e *Engine) append(parts ...[]byte) {
	if err := e.keeper.store.Append(parts...); err != nil && !state.Broken(err) {
		e.fault(err)
	}
}

// syncFlush waits for the disk, where a chunk is to be on it before it is answered for.
func (e *Engine) syncFlush() {
	if e.keeper != nil && e.keeper.config.Fsync == config.FsyncAlways {
		e.sync()
	}
}

func (e *Engine) sync() {
	if err := e.keeper.store.Sync(); err != nil {
		e.fault(err)
	}
}

// fault tells of the disk.
func (e *Engine) fault(err error) {
	e.keeper.faults.Add(1)
	e.notices.add(e.now(), Error, "the state on disk ([state] state_dir) is not up to date; detection goes on in memory; faults of the disk", 1, oneLine(err))
}

// oneLine is for errors that are several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// tellUnusable reminds of a state_dir that could not be used at the start.
func (e *Engine) tellUnusable() {
	if e.unusable != nil {
		e.notices.add(e.now(), Error, "state.state_dir cannot be used: detection goes on in memory, and a restart will forget what it knows; restart Fluent Bit when the folder is mended", 1, oneLine(e.unusable))
	}
}

// keep does what the disk may take its time for.
func (e *Engine) keep() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var sync <-chan time.Time
	if e.keeper.config.Fsync == config.FsyncInterval {
		t := time.NewTicker(e.keeper.config.FsyncInterval)
		defer t.Stop()
		sync = t.C
	}
	for {
		select {
		case <-e.stop:
			return
		case <-sync:
			e.sync()
		case <-second.C:
			if e.rollIsDue() {
				e.roll()
			}
		}
	}
}

// rollIsDue tells whether it is time for a snapshot: by the clock, by the size of the journal, or after a fault.
func (e *Engine) rollIsDue() bool {
	k := e.keeper
	k.rolling.Lock()
	defer k.rolling.Unlock()
	s := k.store.Status()
	pause := e.now().Sub(k.tried)
	return pause >= k.config.SnapshotInterval || pause < 0 || // the clock was set back
		pause >= retry && (k.failed || !s.Whole) ||
		!k.failed && s.Whole && s.Since >= k.config.JournalBytes()
}

// roll writes a snapshot, with which a new journal begins.
func (e *Engine) roll() {
	k := e.keeper
	k.rolling.Lock()
	defer k.rolling.Unlock()
	k.tried = e.now()
	err := e.writeSnapshot()
	if k.failed = err != nil; err != nil {
		e.fault(err)
	}
}

func (e *Engine) writeSnapshot() error {
	head, err := e.begin()
	if err != nil {
		return err
	}
	made := newSpool()
	var making sync.WaitGroup
	making.Go(func() {
		defer e.detecting.Unlock()
		made.finish(guarded(func() error { return e.detector.Snapshot(made) }))
	})
	size, err := e.keeper.store.Commit(io.MultiReader(bytes.NewReader(head), made))
	making.Wait()
	if err != nil {
		return err
	}
	e.keeper.snapshots.Add(1)
	e.keeper.size.Store(size)
	return nil
}

// begin makes the first part of a snapshot, and lets the journal that follows it begin. Where it does not fail, detecting is
// held on return: the detector is the rest.
func (e *Engine) begin() (head []byte, err error) {
	e.settle()
	defer e.mu.Unlock()
	if err := e.keeper.store.Begin(); err != nil {
		e.detecting.Unlock()
		return nil, err
	}
	return e.head(e.rules.Load()), nil
}

// leave writes the state for the next process.
func (e *Engine) leave() {
	if e.keeper == nil {
		return
	}
	e.roll()
	if err := e.keeper.store.Close(); err != nil {
		e.fault(err)
	}
}
