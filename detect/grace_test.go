package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// challenged is a challenge for each of n extensions, and a check.
func (s *plot) challenged(client string, n int) {
	for i := range n {
		s.answers(client, fmt.Sprintf("%d@challenged", i), 10*time.Millisecond, 401)
	}
}

func TestScanByChallengesWaitsForTheGrace(t *testing.T) {
	s := newSettledPlot(t)
	s.challenged(attacker, 12)
	s.quiet(40 * time.Second)
	s.told()
	s.quiet(11 * time.Second)
	s.told("open extension-scan 10 on 10: 21")
	s.quiet(time.Second)
	s.d.Finish()
	s.told("end extension-scan 12 on 12: 21")
}

// A detector that knows nothing yet waits as long as common exporters hold acceptances back.
func TestGraceOfANewDetectorIsLong(t *testing.T) {
	s := newPlot(t)
	s.challenged(attacker, 12)
	s.quiet(329 * time.Second)
	s.told()
	s.quiet(10 * time.Second)
	s.told("open extension-scan 10 on 10: 21")
}

func TestGraceFollowsTheLatenessOfAcceptances(t *testing.T) {
	for late, want := range map[time.Duration]time.Duration{
		0:                        45 * time.Second, // challenge_grace at least
		20 * time.Second:         45 * time.Second,
		33 * time.Second:         51 * time.Second,
		300 * time.Second:        372 * time.Second,
		25 * 60 * time.Second:    600 * time.Second,
		33999 * time.Millisecond: 51 * time.Second,
	} {
		s := newPlot(t)
		s.settle(late)
		if got := time.Duration(s.d.Stats().Grace) * time.Millisecond; got != want {
			t.Errorf("acceptances are %v late: the grace is %v, want %v", late, got, want)
		}
	}
}

// One acceptance in a hundred may be later than the grace takes into account, and an hour later all is forgotten.
func TestGraceForgetsWhatIsRareAndOld(t *testing.T) {
	s := newPlot(t)
	s.settle(0)
	s.late = 10 * time.Minute
	for i := range 5 {
		s.login("203.0.113.250", fmt.Sprintf("%d@late", i))
	}
	s.quiet(11 * time.Minute)
	if got := s.d.Stats().Grace; got != 45_000 {
		t.Errorf("the grace is %d ms", got)
	}
	for i := range 500 {
		s.login("203.0.113.250", fmt.Sprintf("%d@late", i))
	}
	s.quiet(11 * time.Minute)
	if got := s.d.Stats().Grace; got != 600_000 {
		t.Errorf("the grace is %d ms", got)
	}
	s.d.Alerts() // of a client whose logins were too late
	s.settle(0)
	s.quiet(time.Hour)
	s.settle(0)
	if got := s.d.Stats().Grace; got != 45_000 {
		t.Errorf("the grace is %d ms", got)
	}
}

// Whoever sends acceptances late on purpose, as many as he likes, gets ten minutes and no more; who is called by a tool's name, none of them.
func TestNobodyStretchesTheGraceBeyondItsBound(t *testing.T) {
	s := newPlot(t)
	s.settle(29 * time.Minute)
	if got := s.d.Stats().Grace; got != 600_000 {
		t.Errorf("the grace is %d ms", got)
	}
	s.challenged(attacker, 12)
	for i := range 12 {
		s.answer("192.0.2.67", fmt.Sprintf("%d@tool", i), 401)
		s.says("192.0.2.67", fmt.Sprintf("%d@tool", i), "friendly-scanner")
		s.answer("192.0.2.67", fmt.Sprintf("%d@tool", i), 401)
	}
	s.told("open extension-scan 20 on 10: 21")
	s.quiet(590 * time.Second)
	s.told()
	s.quiet(20 * time.Second)
	s.told("open extension-scan 10 on 10: 21")
}

// A login whose acceptance is on its way for as long as the grace says is none of a scan.
func TestLateAcceptancesAreLogins(t *testing.T) {
	for _, late := range []time.Duration{33 * time.Second, 300 * time.Second} {
		s := newPlot(t)
		s.settle(late)
		s.late = late
		for round := range 10 {
			for phone := range 300 {
				s.login("192.0.2.1", fmt.Sprintf("%d@nat%d", phone, round))
				s.wait(500 * time.Millisecond)
			}
		}
		s.quiet(late)
		s.d.Finish()
		s.told()
	}
}

// The grace is never longer than idle_timeout, after which a run is over.
func TestGraceIsNoLongerThanIdleTimeout(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.IdleTimeout = time.Minute })
	s.challenged(attacker, 12)
	s.quiet(55 * time.Second)
	s.told()
	s.quiet(10 * time.Second)
	s.d.Finish()
	if got := s.d.Stats().Grace; got != 60_000 {
		t.Errorf("the grace is %d ms", got)
	}
}
