package engine

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// format is one version of what is on the disk.
type format struct {
	snapshot func(snapshot io.Reader, newRules func(text string, wallClock bool) (*rules, error)) (*restored, error)
	entry    func(e *journal.Entry, payload []byte) error
}

// formats are all versions that can be read, by their number; the last one is written. CONTRIBUTING.md says when there
// has to be another one.
var formats = []format{
	1: {readSnapshot, (*journal.Entry).Read},
}

// openStore opens the folder of a detector in state_dir, if there is one. It fails only if another process works there.
// unusable says why a folder cannot be used: that does not keep attacks from being found.
func openStore(o *Options, r *rules, log *ratelog.Log) (s *state.Store, unusable, err error) {
	c := r.config.State
	if c.StateDir == "" {
		return nil, nil, nil
	}
	if o.Name == "." || !filepath.IsLocal(o.Name) || filepath.Base(o.Name) != o.Name {
		return nil, nil, fmt.Errorf("state.state_dir: detector %q cannot have a folder in it: give the detector another name", o.Name)
	}
	folder := filepath.Join(c.StateDir, o.Name)
	s, err = state.Open(state.Options{
		FS: o.fs, Folder: folder, Version: byte(len(formats) - 1),
		Limit: 4 * c.JournalBytes(), // a snapshot may fail some times
		Log:   log.Warner("state: "),
	})
	if errors.Is(err, state.ErrLocked) {
		return nil, nil, fmt.Errorf("state.state_dir: %s is in use by another siphunt: give each a state_dir of its own, or wait until the other has ended", folder)
	}
	return s, err, nil
}

// maxFaults is how many entries of a journal may each have a fault of siphunt before the rest of it is left out.
const maxFaults = 16

// restore reads what a store holds: the newest snapshot, and all that was journalled since, under the rules that were in
// force then. An entry that makes siphunt fail is left out, and all is read anew: the detector that has seen it may be half
// changed.
func restore(s *state.Store, o *Options, r *rules, formats []format) (*restored, error) {
	poison, end := map[int]bool{}, -1
	for {
		got, err := unknown(r)
		if err != nil {
			return nil, err
		}
		n, failed := 0, -1
		var e journal.Entry
		err = s.Load(func(version byte, snapshot io.Reader) error {
			return guarded(func() error { return got.replace(snapshot, o, r, formats[version]) })
		}, func(version byte, payload []byte) error {
			n++
			if failed >= 0 || poison[n] || end >= 0 && n >= end {
				return nil
			}
			err := guarded(func() error { return got.relive(&e, payload, o, formats[version]) })
			var fault *faultError
			if errors.As(err, &fault) {
				failed = n
			}
			return err
		})
		if err != nil || failed < 0 {
			return got, err
		}
		poison[failed] = true
		if len(poison) >= maxFaults {
			end = failed
		}
	}
}

// unknown returns what is known when nothing was left by an earlier process.
func unknown(r *rules) (*restored, error) {
	m, err := newMemory(r)
	if err != nil {
		return nil, err
	}
	d, err := dedup.New(nil)
	return &restored{memory: m, outbox: outbox.New(outboxAtStart(r)), dedup: d}, err
}

// outboxAtStart is how many alerts may wait while the journal is read: those that were given come on top of the limit.
func outboxAtStart(r *rules) int { return 2 * r.config.OutboxLimit }

// replace takes a snapshot. If it fails it changes nothing.
func (r *restored) replace(snapshot io.Reader, o *Options, today *rules, f format) error {
	got, err := f.snapshot(snapshot, func(text string, wallClock bool) (*rules, error) {
		rules, err := newRules(text, o)
		if err == nil {
			rules.config.WallClock = wallClock
		}
		return rules, err
	})
	if err != nil {
		return err
	}
	got.outbox.SetLimit(outboxAtStart(today))
	*r = *got
	return nil
}

// relive does again what an entry of the journal tells.
func (r *restored) relive(e *journal.Entry, payload []byte, o *Options, f format) error {
	if err := f.entry(e, payload); err != nil {
		return err
	}
	if e.Kind == journal.Delivered {
		r.outbox.Forget(e.Alert)
		return nil
	}
	r.outbox.Number(e.Alert) // if an entry before was lost, the numbers that follow are right
	j := &judge{name: o.Name, outbox: r.outbox, figures: new(figures), memory: r.memory}
	defer func() { r.memory = j.memory }()
	switch e.Kind {
	case journal.Chunk:
		r.dedup.Counted(e.Chunk)
	case journal.Rules:
		rules, err := newRules(strings.Clone(e.Text), o)
		if err != nil {
			return err
		}
		rules.keepFrom(j.rules)
		limit := rules.config.OutboxLimit
		rules.config.OutboxLimit = outboxAtStart(rules)
		err = j.change(rules, e.Now)
		rules.config.OutboxLimit = limit
		return err
	}
	j.live(e.Now, &e.Batch)
	return nil
}

// goOn puts the rules of today in force.
func (r *restored) goOn(today *rules, name string, now int64) error {
	if r.rules.text != today.text {
		j := &judge{name: name, outbox: r.outbox, figures: new(figures), memory: r.memory}
		if err := j.change(today, now); err != nil {
			return err
		}
		r.memory = j.memory
	}
	r.rules = today
	if !today.config.WallClock {
		r.detector.Tick(0) // the flows are the only clock, whatever the last process was told
	}
	r.outbox.SetLimit(today.config.OutboxLimit)
	r.outbox.Restored()
	r.dedup.Restarted()
	return nil
}

// restartJudge puts a detector in the place of one that may be half changed: the one that the journal gives, if it has all
// that was taken, or else an empty one. Nothing comes meanwhile.
func (e *Engine) restartJudge(j *judge) {
	e.intake.mu.Lock()
	defer e.intake.mu.Unlock()
	if e.checkpoints != nil && e.intake.journal.Drain() == nil && e.checkpoints.store.Status().Whole {
		if got, err := restore(e.checkpoints.store, &e.options, j.rules, formats); err == nil {
			e.queue.drop()
			e.outbox.Continue(got.outbox)
			rules := j.rules
			j.memory = got.memory
			j.rules = rules // the same text, with the decoders in use
			e.figures.replace(j.detector.Stats())
			return
		}
	}
	d, err := detect.New(j.rules.config.Detector)
	if err != nil { // the same configuration has made one before
		panic(err)
	}
	j.detector = d
	e.figures.replace(d.Stats())
	e.log.Add(e.now(), slog.LevelError, "after a fault open incidents and known-good clients are forgotten (without a state_dir, or while its disk has a fault)", 1, "")
}
