package engine

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/figures"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// checkpoints writes snapshots, from a goroutine of its own. What comes while one is made waits in the queue; whatever the
// disk does, detection goes on.
type checkpoints struct {
	store  *state.Store
	config config.State
	intake *intake
	now    func() time.Time
	log    *ratelog.Log

	faults, written atomic.Uint64
	size            atomic.Int64 // of the last snapshot

	mu     sync.Mutex // one snapshot at a time; of all below
	tried  time.Time  // when one was begun last
	failed bool       // it could not be written
	broken bool       // it was said that the state is not whole
}

// maxSpooled is how many bytes of a snapshot may wait for the disk.
const maxSpooled = 64 << 20

// retry is how soon a snapshot that failed, or one that has to mend a journal, is tried again.
const retry = time.Minute

// run does what the disk may take its time for.
func (k *checkpoints) run(stop <-chan struct{}) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var sync <-chan time.Time
	if k.config.Fsync == config.FsyncInterval {
		t := time.NewTicker(k.config.FsyncInterval)
		defer t.Stop()
		sync = t.C
	}
	for {
		select {
		case <-stop:
			return
		case <-sync:
			k.sync()
		case <-second.C:
			k.check()
			if k.isDue() {
				k.write()
			}
		}
	}
}

func (k *checkpoints) sync() {
	if err := guard.Call(k.store.Sync); err != nil {
		k.fault(err)
	}
}

// check sees whether what is written is still there.
func (k *checkpoints) check() {
	if err := guard.Call(k.store.Check); err != nil {
		k.fault(err)
	}
}

// fault tells of the disk.
func (k *checkpoints) fault(err error) {
	k.faults.Add(1)
	k.log.Add(k.now(), slog.LevelError, "the state on disk ([state] state_dir) is not up to date; detection goes on in memory; faults of the disk", 1, oneLine(err))
}

// isDue tells whether it is time for a snapshot: by the clock, by the size of the journal, or after a fault.
func (k *checkpoints) isDue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.store.Status()
	if !s.Whole {
		k.broken = true
	}
	pause := k.now().Sub(k.tried)
	return pause >= k.config.SnapshotInterval || pause < 0 || // the clock was set back
		pause >= retry && (k.failed || !s.Whole) ||
		!k.failed && s.Whole && s.Since >= k.config.JournalBytes()
}

// write writes a snapshot, with which a new journal begins.
func (k *checkpoints) write() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried = k.now()
	err := guard.Call(k.writeLocked)
	if k.failed = err != nil; err != nil {
		k.broken = true
		k.fault(err)
		return
	}
	if k.broken && k.store.Status().Whole {
		k.broken = false
		k.log.Say(slog.LevelInfo, "the state on disk is whole again: a restart would forget nothing")
	}
}

func (k *checkpoints) writeLocked() error {
	if err := k.intake.journal.Drain(); err != nil { // a disk that is stuck would be so for the next generation too
		return err
	}
	snapshot := state.NewPipe(maxSpooled, journal.Patience)
	defer snapshot.Close()
	begin, made := journal.NewItem(), make(chan error, 1)
	var measured []byte
	k.intake.beginGeneration(begin, func(j *judge.Judge, known *dedup.Known) error {
		measured = j.Measured.AppendTo(nil, j.Rules.Text)
		return j.WriteSnapshot(snapshot, known)
	}, made)
	go func() { snapshot.Finish(<-made) }()
	if err := k.intake.journal.Wait(begin); err != nil {
		return err
	}
	size, err := k.store.Commit(snapshot)
	if err != nil {
		return err
	}
	k.written.Add(1)
	k.size.Store(size)
	k.keep(measured)
	return nil
}

// keep writes what was measured until the snapshot, so that the journal since completes both. Detection needs none of it.
func (k *checkpoints) keep(measured []byte) {
	if err := k.store.WriteBeside(calibrate.FileName, measured); err != nil {
		k.log.Add(k.now(), slog.LevelWarn, "what was measured for siphunt calibrate cannot be written", 1, oneLine(err))
	}
}

// read returns the figures.
func (k *checkpoints) read() figures.State {
	if k == nil {
		return figures.State{}
	}
	s := k.store.Status()
	return figures.State{Whole: s.Whole, Faults: k.faults.Load(), Snapshots: k.written.Load(), Size: k.size.Load(), Written: s.Written}
}
