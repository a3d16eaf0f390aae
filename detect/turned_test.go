package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Each story here is somebody who knows the rules, and tries to turn them against themselves.

// ended gives the incidents that have ended, and fails if there is none.
func (s *plot) ended() (ended []detect.Alert) {
	s.t.Helper()
	s.d.Finish()
	for _, a := range s.d.Alerts() {
		if a.State == detect.End {
			ended = append(ended, a)
		}
	}
	if len(ended) == 0 {
		s.t.Fatal("nothing is told of")
	}
	return ended
}

// Accounts of his own, one or ten, excuse no guess on others.
func TestOwnAccountsExcuseNoGuess(t *testing.T) {
	for _, own := range []int{1, 10} {
		s := newSettledPlot(t)
		for i := range own {
			s.login(attacker, fmt.Sprintf("own%d@pbx", i))
		}
		for _, user := range users(60) {
			s.answers(attacker, user, time.Second, 401, 403)
			s.login(attacker, "own0@pbx")
		}
		s.answers(attacker, "target@pbx", time.Second, 401, 403, 200)
		a := s.ended()[0]
		if a.Kind != detect.Spray || a.Attempts != 122 || a.Severity != 99 || a.SuccessesN != 1 {
			t.Errorf("%d accounts: told %q", own, verdictOf(&a))
		}

		s = newSettledPlot(t)
		for i := range own {
			s.login(attacker, fmt.Sprintf("own%d@pbx", i))
		}
		s.guess(attacker, "300@pbx", 100, time.Second)
		s.answer(attacker, "300@pbx", 200)
		if a := s.ended()[0]; a.Severity != 99 || a.KnownClient || a.Attempts != 100 {
			t.Errorf("%d accounts: told %q", own, verdictOf(&a))
		}
	}
}

// Logins of his own between the guesses neither end nor excuse a run on another account.
func TestLoginsBetweenGuessesHideNothing(t *testing.T) {
	s := newSettledPlot(t)
	for range 100 {
		s.answers(attacker, "300@pbx", time.Second, 401)
		s.login(attacker, "own@pbx")
	}
	if a := s.ended()[0]; a.Kind != detect.BruteForce || a.Attempts != 100 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

// A phone's pace on an account that registers from elsewhere is probable.
func TestPhonesPaceOnAnotherOnesAccount(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	for range 50 {
		s.answers(attacker, "300@pbx", 10*time.Second, 401, 403)
		s.login("10.0.0.1", "300@pbx")
	}
	s.answer(attacker, "300@pbx", 401)
	s.answer(attacker, "300@pbx", 200)
	s.succeeded(detect.BruteForce, detect.Probable, 73)
}

// Who stays below each threshold is found by sums and by the long horizon.
func TestStayingBelowTheThresholds(t *testing.T) {
	for name, tell := range map[string]func(s *plot){
		"nine extensions": func(s *plot) {
			for range 10 {
				for _, user := range users(9) {
					s.answers(attacker, user, time.Second, 403)
				}
			}
		},
		"nine extensions, and others half an hour later": func(s *plot) {
			for round := range 6 {
				for i := range 9 {
					s.answers(attacker, fmt.Sprintf("%d-%d@pbx", round, i), time.Second, 403)
				}
				s.quiet(35 * time.Minute)
			}
		},
		"nineteen rejections": func(s *plot) {
			for range 3 {
				s.answers(attacker, "300@pbx", time.Second, repeated(19, 403)...)
				s.quiet(35 * time.Minute)
			}
		},
		"seven challenges": func(s *plot) {
			for _, user := range users(40) {
				s.guess(attacker, user, 7, time.Second)
			}
		},
		"four clients": func(s *plot) {
			for round := range 12 {
				for i := range 4 {
					s.answers(bot(4*round+i), "300@pbx", time.Second, repeated(3, 403)...)
				}
				s.quiet(35 * time.Minute)
			}
		},
		"nine registrars": func(s *plot) {
			for round := range 4 {
				for i := range 9 {
					s.at(server(9*round+i)).answers(attacker, "300@pbx", time.Second, 403, 403)
				}
				s.quiet(35 * time.Minute)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettledPlot(t)
			tell(s)
			s.ended()
		})
	}
}

// A flood of made-up clients opens no outage, and an attack beside it is told of with exact counts.
func TestFloodOfMadeUpClientsHidesNoAttack(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(50)
	for i := range 3000 {
		s.answers(fmt.Sprintf("10.%d.%d.9", 100+i/250, i%250), fmt.Sprintf("made-up%d@pbx", i), 10*time.Millisecond, 403, 403, 403)
		if i%10 == 0 {
			s.answer(attacker, "300@pbx", 401)
		}
	}
	s.answer(attacker, "300@pbx", 200)
	told := map[detect.Kind]detect.Alert{}
	for _, a := range s.ended() {
		told[a.Kind] = a
	}
	if _, ok := told[detect.Outage]; ok {
		t.Error("an outage is told of")
	}
	if a := told[detect.BruteForce]; a.Attempts != 300 || a.SuccessesN != 1 || a.Severity != 99 {
		t.Errorf("told %q of the attack", verdictOf(&a))
	}
}

// Rejections in the name of known clients (spoofed UDP) open an outage at most, and that hides no other.
func TestFailingKnownClientsHideNoAttack(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(100)
	for range 30 {
		s.rejected(60, 1)
		s.answers(attacker, "phone99@pbx", time.Second, 401, 401, 401, 401)
	}
	s.answer(attacker, "phone99@pbx", 200)
	told := map[detect.Kind]detect.Alert{}
	for _, a := range s.ended() {
		told[a.Kind] = a
	}
	if a := told[detect.BruteForce]; a.Attempts != 120 || a.SuccessesN != 1 || a.Severity < 73 {
		t.Errorf("told %q of the attack", verdictOf(&a))
	}
	if a := told[detect.Outage]; a.Severity != 21 {
		t.Errorf("told %q of the outage", verdictOf(&a))
	}
}

// Answers that are sent twice on purpose, or late, count: nobody is excused by them.
func TestDoubledAndLateGuessesCount(t *testing.T) {
	s := newPlot(t)
	s.settle(29 * time.Minute)
	for range 50 {
		s.double(attacker, "300@pbx", 401)
	}
	if a := s.ended()[0]; a.Attempts != 100 {
		t.Errorf("told %q", verdictOf(&a))
	}
}
