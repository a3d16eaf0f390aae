package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// A login takes up to login_challenges; one more is unexplained at once.
func TestLoginTakesEightChallenges(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 12 {
		client, extension := fmt.Sprintf("10.0.0.%d", i), fmt.Sprintf("%d@pbx", i)
		s.guess(client, extension, 8, 3*time.Second)
		s.answer(client, extension, 200)
	}
	s.d.Finish()
	s.told()

	s = newSettledPlot(t)
	for i := range 12 {
		s.guess(attacker, fmt.Sprintf("%d@pbx", i), 9, time.Second)
	}
	s.told("open extension-scan 63 on 7: 47", "open password-spray 90 on 10: 73")
}

// A hard rejection of a client that is not known is unexplained at once; a challenge when its grace is over.
func TestHardRejectionsAreUnexplainedAtOnce(t *testing.T) {
	for _, status := range []int{403, 404} {
		s := newSettledPlot(t)
		for i := range 10 {
			s.told()
			s.answer(attacker, fmt.Sprintf("%d@pbx", i), status)
		}
		s.told("open extension-scan 10 on 10: 21")
	}
}

// A run goes on while it is alive. What was explained begins anew after idle_timeout; what was not goes on and is slow.
func TestRunsPauseForHalfAnHourAtMost(t *testing.T) {
	s := newSettledPlot(t)
	s.answers(attacker, "300@pbx", 29*time.Minute, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	s.told()
	s.answer(attacker, "300@pbx", 403)
	s.told("open brute-force 20: 21") // not slow, but at a phone's pace

	s = newSettledPlot(t)
	s.guess(attacker, "300@pbx", 19, 31*time.Minute)
	s.told()
	s.answer(attacker, "300@pbx", 401)
	s.told("open brute-force 20 slow: 21")
	s.d.Finish()
	s.told("end brute-force 20 slow: 21")
}

// One who is known good begins a new run after each pause, however often.
func TestKnownClientsHaveNoSlowRuns(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	for range 40 {
		s.wait(31 * time.Minute)
		s.answers("10.0.0.1", "300@pbx", time.Second, 401, 401)
	}
	s.d.Finish()
	s.told()
}

// Rejections that are told after the acceptance which was sent later belong to the run that it closed.
func TestBelatedRejectionsBelongToTheClosedRun(t *testing.T) {
	s := newSettledPlot(t)
	s.guess(attacker, "300@pbx", 15, 100*time.Millisecond)
	s.wait(100 * time.Millisecond)
	accepted := s.now
	s.answer(attacker, "300@pbx", 200)
	s.told("open brute-force 15: 47", "success brute-force 15: 73 probable")
	s.now = accepted - 50*time.Millisecond
	s.guess(attacker, "300@pbx", 10, 0)
	s.now = accepted + time.Minute
	s.quiet(40 * time.Minute)
	s.told("end brute-force 25: 73 probable")
}

func TestBelatedRejectionsMakeABruteForce(t *testing.T) {
	s := newSettledPlot(t)
	s.guess(attacker, "300@pbx", 8, 4*time.Second)
	accepted := s.now
	s.answer(attacker, "300@pbx", 200)
	s.now -= 27 * time.Second
	s.guess(attacker, "300@pbx", 11, 2200*time.Millisecond)
	s.told()
	s.guess(attacker, "300@pbx", 1, 2200*time.Millisecond)
	s.told("open brute-force 20: 47", "success brute-force 20: 99 confirmed")
	s.now = accepted
	s.d.Finish()
	s.told("end brute-force 20: 99 confirmed")
}

// A run is known if it begins within known_good_ttl of an acceptance: then twenty rejections are a brute force of a known client.
func TestRunsOfThoseWhoAreKnownAreExplained(t *testing.T) {
	for pause, known := range map[time.Duration]bool{23 * time.Hour: true, 25 * time.Hour: false} {
		s := newSettledPlot(t)
		s.login("10.0.0.1", "300@pbx")
		s.quiet(pause)
		s.answers("10.0.0.1", "300@pbx", time.Second, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
		s.told()
		s.answer("10.0.0.1", "300@pbx", 403)
		if a := s.last(); a.Kind != detect.BruteForce || a.Attempts != 20 || a.KnownClient != known {
			t.Errorf("after %v told %q, known %v", pause, verdictOf(&a), a.KnownClient)
		}
	}
}

// A tool's client has no time for a login: its second challenge is unexplained. The first may be anybody's.
func TestToolsHaveNoLogins(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 10 {
		s.answer(attacker, fmt.Sprintf("%d@pbx", i), 401)
		s.says(attacker, fmt.Sprintf("%d@pbx", i), "friendly-scanner")
	}
	s.told()
	s.d.Finish()
	s.told("open extension-scan 10 on 10: 21", "end extension-scan 10 on 10: 21")
}

// A tool's name excuses nothing, and a phone that was called by one is still a phone.
func TestNameOfAToolExcusesNothing(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	s.says("10.0.0.1", "300@pbx", "sipvicious")
	for range 30 {
		s.login("10.0.0.1", "300@pbx")
		s.wait(time.Minute)
	}
	s.d.Finish()
	s.told()

	plain, called := newSettledPlot(t), newSettledPlot(t)
	for _, s := range []*plot{plain, called} {
		for i := range 15 {
			if s == called {
				s.says(attacker, fmt.Sprintf("%d@pbx", i), "friendly-scanner")
			}
			s.answers(attacker, fmt.Sprintf("%d@pbx", i), time.Second, 401, 403)
		}
		s.answer(attacker, "3@pbx", 200)
		s.d.Finish()
	}
	want := []string{"open extension-scan", "open password-spray", "success", "end"}
	for name, s := range map[string]*plot{"without a name": plain, "called a tool": called} {
		alerts := s.d.Alerts()
		if last := alerts[len(alerts)-1]; last.Kind != detect.Spray || last.Severity != 99 || last.Attempts != 30 || len(alerts) < len(want)-1 {
			t.Errorf("%s: told %q", name, verdictOf(&last))
		}
	}
}

// double tells each message twice, half a second apart, as two probes do that nobody has named.
func (s *plot) double(client, extension string, statuses ...int) {
	for _, status := range statuses {
		s.answers(client, extension, 500*time.Millisecond, status, status)
	}
}

// Where each message comes twice, a login takes twice as many challenges.
func TestDoubledMessagesCountTwice(t *testing.T) {
	for _, isDoubled := range []bool{false, true} {
		s := newSettledPlot(t)
		for range 20 {
			if isDoubled {
				s.double("10.0.0.1", "300@pbx", 401, 200)
			} else {
				s.login("10.0.0.1", "300@pbx")
			}
			s.wait(time.Minute)
		}
		for i := range 12 {
			s.guess("10.0.0.2", fmt.Sprintf("%d@pbx", i), 16, 200*time.Millisecond)
		}
		if isAttack := len(s.d.Alerts()) > 0; isAttack == isDoubled {
			t.Errorf("doubled: %v, told of an attack: %v", isDoubled, isAttack)
		}
	}
}

// All messages twice: guesses are still found, at twenty.
func TestDoublingOnPurposeHidesNoBruteForce(t *testing.T) {
	s := newSettledPlot(t)
	for range 200 {
		s.double("10.0.0.66", "mine@pbx", 401, 200)
		s.wait(10 * time.Second)
	}
	s.guess(attacker, "300@pbx", 20, 100*time.Millisecond)
	s.told("open brute-force 20: 47")
}
