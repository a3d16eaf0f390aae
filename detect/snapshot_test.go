package detect

import (
	"bytes"
	"testing"
)

func TestRestoreRefusesWhatIsCutOrForeign(t *testing.T) {
	s := newScuffle(3)
	d := s.detector(t)
	d.ObserveAll(s.take(2000))
	var b bytes.Buffer
	if err := d.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	fresh := s.detector(t)
	knowsNothing := func() bool { return fresh.Stats() == Stats{Grace: fresh.Stats().Grace} }
	for cut := 0; cut < b.Len(); cut += 1 + cut/50 {
		if err := fresh.Restore(bytes.NewReader(b.Bytes()[:cut])); err == nil {
			t.Fatalf("%d of %d bytes are taken for a snapshot", cut, b.Len())
		}
		if !knowsNothing() {
			t.Fatalf("after %d of %d bytes it knows %+v", cut, b.Len(), fresh.Stats())
		}
	}
	if err := fresh.Restore(bytes.NewReader(append(b.Bytes(), 0))); err == nil || !knowsNothing() {
		t.Errorf("what follows a snapshot is passed over: %v, %+v", err, fresh.Stats())
	}
	if err := fresh.Restore(&b); err != nil {
		t.Error(err)
	}
	err := fresh.Restore(bytes.NewReader([]byte("\x07garbage")))
	if want := `snapshot of the detector: begins with "garbage"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A restart under other rules goes on with them: status codes are counted under the places that they have now, what is none any
// more is not counted.
func TestRestoreUnderOtherRules(t *testing.T) {
	for seed := range uint64(10) {
		s := newScuffle(seed)
		d := s.detector(t)
		d.ObserveAll(s.take(1000))
		var b bytes.Buffer
		if err := d.Snapshot(&b); err != nil {
			t.Fatal(err)
		}
		other := newScuffle(seed + 100)
		other.cfg.FailureCodes = []int{404, 401}
		next := other.detector(t)
		if err := next.Restore(&b); err != nil {
			t.Fatal(err)
		}
		s.now = next.now
		next.ObserveAll(s.take(500))
		next.Finish()
		recount(t, next)
	}
}

// The rules change while everything goes on.
func TestRulesChangeInAScuffle(t *testing.T) {
	for seed := range uint64(10) {
		s := newScuffle(200 + seed)
		d := s.detector(t)
		for round := range uint64(10) {
			d.ObserveAll(s.take(200))
			other := newScuffle(300 + 10*seed + round).cfg
			other.FailureCodes = [][]int{{401, 403, 404, 407}, {407, 403, 404, 401}}[round%2]
			if err := d.SetConfig(other); err != nil {
				t.Fatal(err)
			}
			d.Advance(d.now+d.checkInterval, 1)
			recount(t, d)
		}
		d.Finish()
		recount(t, d)
	}
}
