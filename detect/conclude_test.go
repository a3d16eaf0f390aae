package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// last returns the newest report, and forgets the others.
func (s *plot) last() detect.Alert {
	s.t.Helper()
	alerts := s.d.Alerts()
	if len(alerts) == 0 {
		s.t.Fatalf("at %v nothing was told", s.now)
	}
	return alerts[len(alerts)-1]
}

// succeeded checks how sure the newest success is, and how severe.
func (s *plot) succeeded(kind detect.Kind, confidence detect.Confidence, severity int) {
	s.t.Helper()
	a := s.last()
	if a.State != detect.Success || a.Kind != kind || a.Successes[len(a.Successes)-1].Confidence != confidence || a.Severity != severity {
		s.t.Errorf("at %v told %q, want a success of a %v, %v, %d", s.now, verdictOf(&a), kind, confidence, severity)
	}
}

// The first success that is reported is surer than what was reported before, also where the opening brings several; further ones are not.
func TestFirstReportOfSuccessesIsSurer(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(30) {
		s.answers(attacker, user, time.Second, 401, 403, 401, 403, 401, 200)
	}
	surer := 0
	for _, a := range s.d.Alerts() {
		if a.Surer {
			surer++
			if a.State != detect.Success || a.Severity != 99 || a.SuccessesN < 2 {
				t.Errorf("surer: %q", verdictOf(&a))
			}
		}
	}
	if surer != 1 {
		t.Errorf("%d reports are surer, want one", surer)
	}
}

func TestBruteForceThatSucceeds(t *testing.T) {
	const home = "10.0.0.1" // of the account's owner
	for name, c := range map[string]struct {
		tell       func(s *plot)
		confidence detect.Confidence
		severity   int
	}{
		"quickly": {func(s *plot) {
			s.guess(attacker, "300@pbx", 200, 100*time.Millisecond)
		}, detect.Confirmed, 99},
		"a known client, at a phone's pace": {func(s *plot) {
			s.login(attacker, "300@pbx")
			s.wait(time.Minute)
			s.guess(attacker, "300@pbx", 5000, 5*time.Second)
		}, detect.Unlikely, 21},
		"a known client, quickly": {func(s *plot) {
			s.login(attacker, "300@pbx")
			s.wait(time.Minute)
			s.guess(attacker, "300@pbx", 200, 100*time.Millisecond)
		}, detect.Probable, 73},
		"a known client with a tool": {func(s *plot) {
			s.login(attacker, "300@pbx")
			s.wait(time.Minute)
			s.says(attacker, "300@pbx", "friendly-scanner")
			s.guess(attacker, "300@pbx", 200, 100*time.Millisecond)
		}, detect.Probable, 73},
		"a known client with a tool, and another owner": {func(s *plot) {
			s.login(attacker, "300@pbx")
			s.wait(time.Minute)
			s.login(home, "300@pbx")
			s.says(attacker, "300@pbx", "friendly-scanner")
			s.guess(attacker, "300@pbx", 200, 100*time.Millisecond)
		}, detect.Confirmed, 99},
		"a known client, after a login between slow guesses": {func(s *plot) {
			s.login(attacker, "300@pbx")
			s.wait(time.Minute)
			s.guess(attacker, "300@pbx", 20, 5*time.Second)
			s.answer(attacker, "300@pbx", 200)
			s.guess(attacker, "300@pbx", 200, 100*time.Millisecond)
		}, detect.Probable, 73},
		"like a phone, but 300 times": {func(s *plot) {
			s.guess(attacker, "300@pbx", 300, 6*time.Second)
		}, detect.Probable, 73},
		"nine guesses in a second": {func(s *plot) {
			s.guess(attacker, "300@pbx", 9, 100*time.Millisecond)
		}, detect.Probable, 73},
		"like a phone": {func(s *plot) {
			s.guess(attacker, "300@pbx", 40, 20*time.Second)
		}, detect.Unlikely, 21},
		"like a phone, on an account that registers from elsewhere": {func(s *plot) {
			s.login(home, "300@pbx")
			s.guess(attacker, "300@pbx", 40, 20*time.Second)
		}, detect.Probable, 73},
		"like a phone, and on another account too": {func(s *plot) {
			s.answer(attacker, "301@pbx", 403)
			s.guess(attacker, "300@pbx", 40, 20*time.Second)
		}, detect.Probable, 73},
		"quicker than a phone": {func(s *plot) {
			s.guess(attacker, "300@pbx", 40, 3*time.Second)
		}, detect.Confirmed, 99},
		"like a phone, but for longer, on an account that registers from elsewhere": {func(s *plot) {
			for range 125 {
				s.login(home, "300@pbx")
				s.guess(attacker, "300@pbx", 2, 20*time.Second)
			}
		}, detect.Confirmed, 99},
		"like a phone, but for days": {func(s *plot) {
			s.guess(attacker, "300@pbx", 2000, time.Minute)
		}, detect.Confirmed, 99},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettledPlot(t)
			c.tell(s)
			s.answer(attacker, "300@pbx", 200)
			s.succeeded(detect.BruteForce, c.confidence, c.severity)
		})
	}
}

func TestScanThatSucceeds(t *testing.T) {
	const target = "target@pbx"
	probe := func(s *plot) {
		for _, user := range users(20) {
			s.answers(attacker, user, time.Second, 404)
		}
	}
	athome := func(n int) func(s *plot) {
		return func(s *plot) {
			for i := range n {
				s.login(attacker, fmt.Sprintf("home%d@pbx", i))
			}
			probe(s)
		}
	}
	for name, c := range map[string]struct {
		before     func(s *plot)
		statuses   []int // of the target, before the acceptance
		confidence detect.Confidence
		severity   int
	}{
		"at the first guess":                     {probe, []int{401}, detect.Probable, 73},
		"after a refusal":                        {probe, []int{401, 403, 401}, detect.Probable, 73},
		"after two challenges":                   {probe, []int{401, 401}, detect.Probable, 73},
		"after twenty":                           {probe, make([]int, 20), detect.Confirmed, 99},
		"from a home, after two":                 {athome(1), []int{401, 401}, detect.Probable, 73},
		"from a home, at the first":              {athome(1), []int{401}, detect.NoConfidence, 21},
		"from three homes, after two":            {athome(3), []int{401, 401}, detect.NoConfidence, 21},
		"from three homes, after three":          {athome(3), []int{401, 401, 401}, detect.Probable, 73},
		"from many homes, after a refusal":       {athome(9), []int{401, 403, 401}, detect.Probable, 73},
		"of a spray, at the first":               {sprayer, []int{401}, detect.Probable, 73},
		"of a spray, after two":                  {sprayer, []int{401, 401}, detect.Confirmed, 99},
		"with a tool, after two":                 {func(s *plot) { probe(s); s.says(attacker, "100@pbx", "friendly-scanner") }, []int{401, 401}, detect.Confirmed, 99},
		"without a rejection":                    {probe, nil, detect.NoConfidence, 21},
		"without a rejection, whatever is known": {athome(5), nil, detect.NoConfidence, 21},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettledPlot(t)
			c.before(s)
			kind := s.last().Kind
			for _, status := range c.statuses {
				s.answers(attacker, target, 500*time.Millisecond, max(status, 401))
			}
			s.d.Alerts()
			s.answer(attacker, target, 200)
			if c.confidence != detect.NoConfidence {
				s.succeeded(kind, c.confidence, c.severity)
				return
			}
			s.d.Finish()
			if a := s.last(); a.SuccessesN > 0 || a.Severity != c.severity {
				t.Errorf("told %q", verdictOf(&a))
			}
		})
	}
}

func sprayer(s *plot) {
	for _, user := range users(20) {
		s.answers(attacker, user, time.Second, 401, 403)
	}
}

// Who guesses on many registrars has guessed.
func TestHorizontalScanThatSucceeds(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 12 {
		s.at(server(i)).answers(attacker, "admin@pbx", time.Second, 403)
	}
	s.at(server(20)).answers(attacker, "admin@pbx", time.Second, 401, 401, 200)
	s.succeeded(detect.HorizontalScan, detect.Confirmed, 99)
	s.at(server(21)).answers(attacker, "admin@pbx", time.Second, 401, 200)
	s.succeeded(detect.HorizontalScan, detect.Probable, 99)
}

func TestDistributedBruteForceThatSucceeds(t *testing.T) {
	for name, c := range map[string]struct {
		owner      bool
		rejections int
		confidence detect.Confidence
	}{
		"after three":                     {false, 3, detect.Confirmed},
		"after two":                       {false, 2, detect.NoConfidence},
		"after two, owner elsewhere":      {true, 2, detect.Probable},
		"at the first, owner elsewhere":   {true, 1, detect.Probable},
		"no rejection, owner elsewhere":   {true, 0, detect.Probable},
		"after three, owner elsewhere":    {true, 3, detect.Confirmed},
		"no rejection, owner is not seen": {false, 0, detect.NoConfidence},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettledPlot(t)
			if c.owner {
				s.login("10.0.0.1", "300@pbx")
			}
			for i := range 40 {
				s.answers(bot(i%10), "300@pbx", time.Second, 403)
			}
			s.d.Alerts()
			s.guess(bot(99), "300@pbx", c.rejections, time.Second)
			s.answer(bot(99), "300@pbx", 200)
			if c.confidence != detect.NoConfidence {
				s.succeeded(detect.Distributed, c.confidence, map[detect.Confidence]int{detect.Probable: 73, detect.Confirmed: 99}[c.confidence])
				return
			}
			s.told()
		})
	}
}

// The owner of an account under attack is no attacker, whatever he types.
func TestOwnerLogsInDuringADistributedBruteForce(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	for i := range 40 {
		s.answers(bot(i%10), "300@pbx", time.Second, 403)
		if i%5 == 0 {
			s.login("10.0.0.1", "300@pbx")
		}
	}
	s.guess("10.0.0.1", "300@pbx", 5, time.Second)
	s.answer("10.0.0.1", "300@pbx", 200)
	s.d.Finish()
	if a := s.last(); a.SuccessesN > 0 || a.Attempts != 40 || a.Clients.Count != 10 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

func TestDistributedScanThatSucceeds(t *testing.T) {
	for statuses, want := range map[[2]int]detect.Confidence{
		{401, 403}: detect.Probable, {401, 401}: detect.NoConfidence, {404, 404}: detect.NoConfidence,
	} {
		s := newSettledPlot(t)
		for i := range 60 {
			s.answers(bot(i), fmt.Sprintf("%d@pbx", i), 500*time.Millisecond, 404)
		}
		s.d.Alerts()
		s.answers(bot(99), "99@pbx", time.Second, statuses[0], statuses[1], 200)
		if want != detect.NoConfidence {
			s.succeeded(detect.DistributedScan, want, 73)
		} else {
			s.told()
		}
	}
}

// After a success, what the pair does is use: its logins count nothing, keep nothing open, and are not told again.
func TestUseAfterASuccessIsNoGuess(t *testing.T) {
	for _, kind := range []detect.Kind{detect.BruteForce, detect.Spray, detect.Distributed} {
		s := newSettledPlot(t)
		switch kind {
		case detect.BruteForce:
			s.guess(attacker, "300@pbx", 50, 100*time.Millisecond)
		case detect.Spray:
			sprayer(s)
			s.answers(attacker, "300@pbx", time.Second, 401, 403, 401)
		case detect.Distributed:
			for i := range 40 {
				s.answers(bot(i%10), "300@pbx", time.Second, 403)
			}
			s.answers(attacker, "300@pbx", time.Second, 403, 403, 403)
		}
		s.answer(attacker, "300@pbx", 200)
		a := s.last()
		if a.Kind != kind || a.State != detect.Success {
			t.Fatalf("told %q, want a success of a %v", verdictOf(&a), kind)
		}
		for range 29 {
			s.wait(time.Minute)
			s.login(attacker, "300@pbx")
		}
		s.told()
		s.quiet(2 * time.Minute)
		end := s.last()
		if end.State != detect.End || end.Attempts != a.Attempts || end.SuccessesN != 1 {
			t.Errorf("told %q after %q", verdictOf(&end), verdictOf(&a))
		}
		for range 60 {
			s.wait(time.Minute)
			s.login(attacker, "300@pbx")
		}
		s.told()
	}
}

// A scan most of whose extensions were accepted was a NAT of phones.
func TestScanOfPhonesIsWithdrawn(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 30 {
		s.answers("10.0.0.1", fmt.Sprintf("phone%d@pbx", i), 100*time.Millisecond, 401)
	}
	s.quiet(50 * time.Second) // their acceptances are late
	s.told("open extension-scan 10 on 10: 21")
	for i := range 30 {
		s.answers("10.0.0.1", fmt.Sprintf("phone%d@pbx", i), 100*time.Millisecond, 200)
	}
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.State != detect.Withdrawn || last.EndReason != detect.EndAccepted {
		t.Errorf("told %q", verdictOf(&last))
	}
	for _, a := range alerts {
		if a.Confidence == detect.Confirmed {
			t.Errorf("told %q", verdictOf(&a))
		}
	}
}

// Nobody who was told of as having broken in vouches for himself.
func TestWhoBrokeInIsNotKnownGood(t *testing.T) {
	s := newSettledPlot(t)
	s.guess(attacker, "300@pbx", 50, 100*time.Millisecond)
	s.answer(attacker, "300@pbx", 200)
	s.quiet(40 * time.Minute)
	s.d.Alerts()
	s.guess(attacker, "300@pbx", 20, 100*time.Millisecond)
	s.told("open brute-force 20: 47")
}

// Doubtful acceptances of several accounts become a scan that has entered all of them.
func TestDoubtfulAcceptancesAddUp(t *testing.T) {
	s := newSettledPlot(t)
	for i, user := range users(100) {
		s.answers(attacker, user, time.Second, 401, 403, 401, 200)
		if i == 8 {
			s.told()
		}
	}
	a := s.last()
	if a.SuccessesN != 100 || a.Attempts != 300 || a.Severity != 99 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

// A new detector knows nobody, so it does not doubt logins by their challenges.
func TestYoungDetectorDoubtsNoChallenges(t *testing.T) {
	s := newPlot(t)
	for range 3 {
		for _, user := range users(100) {
			s.guess("10.0.0.1", user, 3, 50*time.Millisecond)
			s.answer("10.0.0.1", user, 200)
		}
	}
	s.d.Finish()
	s.told()
}

// Severity rises while an attack goes on, and is told then.
func TestRisingSeverityIsTold(t *testing.T) {
	s := newSettledPlot(t)
	s.guess(attacker, "300@pbx", 25, 20*time.Second)
	s.told("open brute-force 20: 21")
	s.guess(attacker, "300@pbx", 100, 100*time.Millisecond)
	s.quiet(5 * time.Second)
	if a := s.last(); a.State != detect.Open || !a.Changed || a.Severity != 47 {
		t.Errorf("told %q", verdictOf(&a))
	}
}
