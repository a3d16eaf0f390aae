package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// seen tells an answer as a probe has seen it, some time ago or ahead.
func (s *plot) seen(probe string, message uint64, client, extension string, status int, off time.Duration) {
	f := s.flow(client, extension, status)
	f.Probe, f.Message, f.Time = probe, message, f.Time+off.Milliseconds()
	s.d.Observe(&f)
}

// What two named probes have seen counts once.
func TestMessageOfTwoProbesCountsOnce(t *testing.T) {
	for _, off := range []time.Duration{20 * time.Millisecond, -1500 * time.Millisecond, 2 * time.Second} {
		s := newSettledPlot(t)
		for i := range 30 {
			s.seen("east", uint64(i+1), attacker, "300@pbx", 403, 0)
			s.seen("west", uint64(i+1), attacker, "300@pbx", 403, off)
			s.wait(time.Second)
		}
		s.d.Finish()
		if a := s.last(); a.Attempts != 30 || s.d.Stats().Duplicates != 30 {
			t.Errorf("%v apart: told %q, %d duplicates", off, verdictOf(&a), s.d.Stats().Duplicates)
		}
	}
}

// A tool that sends all its guesses with the same Call-ID and CSeq is counted in full: the n-th of one probe is the n-th of another.
func TestGuessesWithOneCallIDCountInFull(t *testing.T) {
	for _, probes := range []int{1, 2, 3} {
		s := newSettledPlot(t)
		for range 400 {
			for n := range probes {
				s.seen(fmt.Sprint("probe", n), 7, attacker, "300@pbx", 401, time.Duration(n)*10*time.Millisecond)
			}
			s.wait(25 * time.Millisecond)
		}
		s.d.Finish()
		if a := s.last(); a.Attempts != 400 {
			t.Errorf("%d probes: told %q", probes, verdictOf(&a))
		}
	}
}

// Messages that differ in anything are others: status, ends, Call-ID, or by more than two seconds.
func TestOtherMessagesAreNoDuplicates(t *testing.T) {
	s := newSettledPlot(t)
	s.seen("east", 1, attacker, "300@pbx", 403, 0)
	s.seen("west", 2, attacker, "300@pbx", 403, 0)
	s.seen("west", 1, attacker, "300@pbx", 401, 0)
	s.seen("west", 1, "192.0.2.67", "300@pbx", 403, 0)
	s.at(backup).seen("west", 1, attacker, "300@pbx", 403, 0)
	s.at(pbx).seen("west", 1, attacker, "300@pbx", 403, 4*time.Second)
	s.seen("", 1, attacker, "300@pbx", 403, 0)
	s.seen("west", 0, attacker, "300@pbx", 403, 0)
	if st := s.d.Stats(); st.Duplicates != 0 {
		t.Errorf("%d duplicates", st.Duplicates)
	}
}

// A made-up probe takes no message away that was not seen by another one, and any number of them takes no more memory.
func TestMadeUpProbesHideNothing(t *testing.T) {
	s := newSettledPlot(t)
	before := heap()
	for i := range 100_000 {
		s.seen(fmt.Sprint("probe", i), uint64(i+1), fmt.Sprintf("10.%d.%d.1", i/1000, i%250), "300@pbx", 100, 0)
		s.seen(fmt.Sprint("probe", i), uint64(i+1), attacker, "300@pbx", 403, 0)
		s.wait(time.Millisecond)
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("%d bytes more", grown)
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if last := alerts[len(alerts)-1]; last.State != detect.End || last.Attempts != 100_000 {
		t.Errorf("told %q", verdictOf(&last))
	}
}
