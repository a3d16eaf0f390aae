package judge

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/figures"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// Format is one version of what is on the disk.
type Format struct {
	Snapshot func(snapshot io.Reader, parse Parser) (*Restored, error)
	Entry    func(e *journal.Entry, payload []byte) error
}

// Parser makes rules of the text of a configuration file, with the clock that was in force.
type Parser func(text string, wallClock bool) (*rules.Rules, error)

// Formats are all versions that can be read, by their number; the last one is written. CONTRIBUTING.md says when there
// has to be another one.
var Formats = []Format{
	1: {readSnapshot, (*journal.Entry).Read},
}

// maxFaults is how many entries of a journal may each have a fault of siphunt before the rest of it is left out.
const maxFaults = 16

// Restore reads what a store holds: the newest snapshot, and all that was journalled since, under the rules that were in
// force then, or those of today where an update refuses them. An entry that makes siphunt fail is left out, and all is read
// anew: the detector that has seen it may be half changed.
func Restore(s *state.Store, name string, source *rules.Source, r *rules.Rules, formats []Format) (*Restored, error) {
	parse := func(text string) (*rules.Rules, error) {
		then, err := source.Parse(text)
		if err != nil {
			s.Log(fmt.Sprintf("the configuration of then is refused, that of today is in its place: %v", err))
			return source.Parse(r.Text)
		}
		return then, nil
	}
	poison, end := map[int]bool{}, -1
	for {
		got, err := Unknown(r)
		if err != nil {
			return nil, err
		}
		n, failed := 0, -1
		var e journal.Entry
		err = s.Load(func(version byte, snapshot io.Reader) error {
			return guard.Call(func() error { return got.replace(snapshot, parse, r, formats[version]) })
		}, func(version byte, payload []byte) error {
			n++
			if failed >= 0 || poison[n] || end >= 0 && n >= end {
				return nil
			}
			err := guard.Call(func() error { return got.redo(&e, payload, name, parse, formats[version]) })
			var fault *guard.Panic
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

// Unknown returns what is known when nothing was left by an earlier process.
func Unknown(r *rules.Rules) (*Restored, error) {
	m, err := newMemory(r)
	if err != nil {
		return nil, err
	}
	d, err := dedup.New()
	return &Restored{Memory: m, Outbox: outbox.New(outboxAtStart(r)), Dedup: d}, err
}

// outboxAtStart is how many alerts may wait while the journal is read: those that were given come on top of the limit.
func outboxAtStart(r *rules.Rules) int { return 2 * r.Config.OutboxLimit }

// replace takes a snapshot. If it fails it changes nothing.
func (r *Restored) replace(snapshot io.Reader, parse func(string) (*rules.Rules, error), today *rules.Rules, f Format) error {
	got, err := f.Snapshot(snapshot, func(text string, wallClock bool) (*rules.Rules, error) {
		then, err := parse(text)
		if err == nil {
			then.Config.WallClock = wallClock
		}
		return then, err
	})
	if err != nil {
		return err
	}
	got.Outbox.SetLimit(outboxAtStart(today))
	*r = *got
	return nil
}

// redo does again what an entry of the journal tells.
func (r *Restored) redo(e *journal.Entry, payload []byte, name string, parse func(string) (*rules.Rules, error), f Format) error {
	if err := f.Entry(e, payload); err != nil {
		return err
	}
	if e.Kind == journal.Delivered {
		r.Outbox.Forget(e.Alert)
		return nil
	}
	r.Outbox.Number(e.Alert) // if an entry before was lost, the numbers that follow are right
	j := &Judge{Name: name, Outbox: r.Outbox, Figures: new(figures.Detector), Memory: r.Memory}
	defer func() { r.Memory = j.Memory }()
	switch e.Kind {
	case journal.Chunk:
		r.Dedup.Counted(e.Chunk)
	case journal.Rules:
		then, err := parse(strings.Clone(e.Text))
		if err != nil {
			return err
		}
		then.KeepFrom(j.Rules)
		limit := then.Config.OutboxLimit
		then.Config.OutboxLimit = outboxAtStart(then)
		err = j.Change(then, e.Now)
		then.Config.OutboxLimit = limit
		return err
	}
	j.live(e.Now, &e.Batch)
	return nil
}

// GoOn puts the rules of today in force.
func (r *Restored) GoOn(today *rules.Rules, name string, now int64) error {
	if r.Rules.Text != today.Text {
		j := &Judge{Name: name, Outbox: r.Outbox, Figures: new(figures.Detector), Memory: r.Memory}
		if err := j.Change(today, now); err != nil {
			return err
		}
		r.Memory = j.Memory
	}
	r.Rules = today
	if !today.Config.WallClock {
		r.Detector.Tick(0) // the flows are the only clock, whatever the last process was told
	}
	r.Outbox.SetLimit(today.Config.OutboxLimit)
	r.Outbox.Restored()
	r.Dedup.Restarted()
	return nil
}
