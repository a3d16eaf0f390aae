package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// openStore opens the folder of a detector in state_dir, if there is one. It fails only if another process works there.
// unusable says why a folder cannot be used: that does not keep attacks from being found.
func openStore(o *Options, r *rules.Rules, log *ratelog.Log) (s *state.Store, unusable, err error) {
	c := r.Config.State
	if c.StateDir == "" {
		return nil, nil, nil
	}
	if o.Name == "." || !filepath.IsLocal(o.Name) || filepath.Base(o.Name) != o.Name {
		return nil, nil, fmt.Errorf("state.state_dir: detector %q cannot have a folder in it: give the detector another name", o.Name)
	}
	folder := filepath.Join(c.StateDir, o.Name)
	s, err = state.Open(state.Options{
		FS: o.fs, Folder: folder, Version: byte(len(judge.Formats) - 1),
		Limit: 4 * c.JournalBytes(), // a snapshot may fail some times
		Log:   log.Warner("state: "),
	})
	if errors.Is(err, state.ErrLocked) {
		return nil, nil, fmt.Errorf("state.state_dir: %s is in use by another siphunt: give each a state_dir of its own, or wait until the other has ended", folder)
	}
	return s, withRemedy(err, folder), nil
}

// withRemedy says what to do about wrong rights.
func withRemedy(err error, folder string) error {
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: %s and all in it have to belong to the user that Fluent Bit runs as, number %d", err, folder, os.Getuid())
	}
	return err
}

// remember returns what a store holds, under the rules of today; without a store, or with one that cannot be used, nothing.
// A store that cannot be used is given back.
func remember(s *state.Store, o *Options, r *rules.Rules, log *ratelog.Log) (got *judge.Restored, unusable, err error) {
	now := o.now().UnixMilli()
	if s != nil {
		unusable = guard.Call(func() (err error) {
			if got, err = judge.Restore(s, o.Name, o.source(), r, judge.Formats); err != nil {
				return err
			}
			return got.GoOn(r, o.Name, now)
		})
		if unusable == nil {
			recallMeasured(s, got, log)
			return got, nil, nil
		}
		unusable = errors.Join(withRemedy(unusable, s.Folder), s.Close())
	}
	if got, err = judge.Unknown(r); err != nil {
		return nil, unusable, err
	}
	return got, unusable, got.GoOn(r, o.Name, now)
}

// recallMeasured adds what was measured until the snapshot to what the journal since has told.
func recallMeasured(s *state.Store, got *judge.Restored, log *ratelog.Log) {
	text, err := s.ReadBeside(calibrate.FileName)
	if text == "" && err == nil {
		return
	}
	if err == nil {
		var earlier *calibrate.Collector
		if earlier, _, err = calibrate.Read(text, &got.Rules.Config.Detector); err == nil {
			got.Measured.Add(earlier)
			return
		}
	}
	log.Say(slog.LevelWarn, fmt.Sprintf("what was measured for siphunt calibrate begins anew: %s: %v", calibrate.FileName, err))
}

// restartJudge puts a detector in the place of one that may be half changed: the one that the journal gives, if it has all
// that was taken, or else an empty one. Nothing comes meanwhile.
func (e *Engine) restartJudge(j *judge.Judge) {
	e.intake.mu.Lock()
	defer e.intake.mu.Unlock()
	if e.checkpoints != nil && e.intake.journal.Drain() == nil && e.checkpoints.store.Status().Whole {
		if got, err := judge.Restore(e.checkpoints.store, e.name, e.options.source(), j.Rules, judge.Formats); err == nil {
			e.queue.Drop()
			e.outbox.Continue(got.Outbox)
			j.Resume(got)
			return
		}
	}
	j.Forget()
	e.log.Add(e.now(), slog.LevelError, "after a fault open incidents and known-good clients are forgotten (without a state_dir, or while its disk has a fault)", 1, "")
}
