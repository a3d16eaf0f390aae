package engine

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/judge"
)

// ruin changes the detector of a judge, and then fails.
func ruin(e *Engine) error {
	return e.intake.do(func(j *judge.Judge) error {
		j.Detector = nil
		panic("a fault in the detector")
	})
}

// TestFaultOfTheJudge: with a journal, the detector that a fault has touched is not used on, and nothing is lost or comes
// twice, whether chunks waited or not.
func TestFaultOfTheJudge(t *testing.T) {
	all := chunks(t, svcrack, 100)
	for _, waiting := range []bool{false, true} {
		undisturbed, disturbed := newLife(t, withState), newLife(t, withState)
		for i, chunk := range all {
			undisturbed.e.Flush(bytes.Clone(chunk))
			disturbed.e.Flush(bytes.Clone(chunk))
			if i == 2 {
				settled(undisturbed.e)
				disturbed.collect(true)
				undisturbed.collect(true)
			}
			if i != 4 {
				continue
			}
			free := func() {}
			if waiting {
				free = busy(disturbed.e)
				disturbed.e.Flush(bytes.Clone(all[5]))
			} else {
				settled(disturbed.e)
			}
			ruined := make(chan error, 1)
			go func() { ruined <- ruin(disturbed.e) }()
			if waiting {
				eventually(t, "the chunk and the fault wait", func() bool { return disturbed.e.queue.Bytes() >= 2*64 })
				free()
			}
			if err := <-ruined; err == nil || !strings.Contains(err.Error(), "a fault in the detector") {
				t.Errorf("the fault was not told: %v", err)
			}
			if waiting {
				all = slices.Delete(slices.Clone(all), 5, 6)
				break
			}
		}
		if waiting { // the chunk that waited was given above
			for _, chunk := range all[5:] {
				disturbed.e.Flush(bytes.Clone(chunk))
			}
			for _, chunk := range chunks(t, svcrack, 100)[5:] {
				undisturbed.e.Flush(bytes.Clone(chunk))
			}
		}
		undisturbed.collect(true)
		disturbed.collect(true)
		disturbed.wants(undisturbed.alerts)
		if len(disturbed.alerts) != len(undisturbed.alerts) {
			t.Errorf("waiting %v: %d alerts, want %d", waiting, len(disturbed.alerts), len(undisturbed.alerts))
		}
		for what, want := range map[string]float64{"rejections_total": 418, "panics_total": 1, "incidents": 1, "state_whole": 1} {
			if got := figure(t, disturbed.e, what); got != want {
				t.Errorf("waiting %v: %s = %v, want %v", waiting, what, got, want)
			}
		}
		disturbed.crash() // nothing of the ruined detector was written
		if figure(t, disturbed.e, "incidents") != 1 {
			t.Errorf("after the crash the incident is lost: %q", disturbed.log.lines)
		}
	}
}

// TestFaultWithoutAJournal: what is known is lost, and detection goes on.
func TestFaultWithoutAJournal(t *testing.T) {
	var log logged
	e := open(t, Options{Log: log.logger(), now: (&clock{time: recorded}).now})
	all := chunks(t, svcrack, 100)
	for i, chunk := range all {
		e.Flush(chunk)
		if i == 3 {
			_ = ruin(e)
		}
	}
	if n := figure(t, e, "rejections_total"); n != 418 || figure(t, e, "panics_total") != 1 || figure(t, e, "incidents") != 1 {
		t.Errorf("%v rejections, want 418; log %q", n, log.lines)
	}
	if !log.has("faults that were caught") || !log.has("are forgotten") {
		t.Errorf("log %q", log.lines)
	}
}

// TestPoisonInTheJournal: an entry that makes siphunt fail is left out of what the journal gives, and no other one; the
// detector that has seen it is not used on.
func TestPoisonInTheJournal(t *testing.T) {
	l := newLife(t, withState)
	all := chunks(t, svcrack, 100)
	for _, chunk := range all {
		l.e.Flush(bytes.Clone(chunk))
	}
	settled(l.e)
	n := 0
	poisonous := slices.Clone(judge.Formats)
	poisonous[1].Entry = func(e *journal.Entry, payload []byte) error {
		err := e.Read(payload)
		if e.Kind == journal.Chunk {
			if n++; n%len(all) == 3 {
				panic("a fault in an entry")
			}
		}
		return err
	}
	o := Options{now: l.clock.now}
	o.complete()
	got, err := judge.Restore(l.e.checkpoints.store, o.Name, o.source(), l.e.reloader.rules.Load(), poisonous)
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Detector.Stats(); s.Rejections != 418-50 || n != 3+len(all)-1 {
		t.Errorf("%d rejections from %d entries, want all but the 50 of one chunk, read anew", s.Rejections, n)
	}
	if !l.log.has("a fault in an entry") {
		t.Errorf("log %q", l.log.lines)
	}
}

// TestFaultsOfOtherParts: a panic in what works with the disk, or in the watcher, is told, and the part goes on.
func TestFaultsOfOtherParts(t *testing.T) {
	for _, op := range []string{"sync", "write", "create", "rename", "open"} {
		l := newLife(t, withState)
		failed := false
		l.disk.Fail(func(_ int, o, _ string) error {
			if o == op && !failed {
				failed = true
				panic("a fault in " + op)
			}
			return nil
		})
		for _, chunk := range chunks(t, svcrack, 100) {
			l.e.Flush(bytes.Clone(chunk))
			l.e.checkpoints.sync()
			l.e.checkpoints.check()
		}
		l.e.checkpoints.write()
		l.e.checkpoints.write()
		if !failed || !l.log.has("a fault in "+op) {
			t.Errorf("%s: failed %v, log %q", op, failed, l.log.lines)
		}
		if figure(t, l.e, "rejections_total") != 418 || figure(t, l.e, "state_whole") != 1 {
			t.Errorf("%s: detection or the state did not go on", op)
		}
		l.drop()
	}
	e := open(t, Options{})
	e.guard("in a test", func() { panic("a fault in the watcher") })
	if figure(t, e, "panics_total") != 1 {
		t.Error("a fault was not counted")
	}
}
