package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Each story here is traffic of good clients: nothing of medium severity, no account entered by somebody else.
func TestGoodTrafficRaisesNothingGrave(t *testing.T) {
	const nat = "10.0.0.1"
	phone := func(n int) string { return fmt.Sprintf("phone%d@pbx", n) }
	for name, tell := range map[string]func(s *plot){
		"NAT of 400 phones, acceptances 33 s late": func(s *plot) {
			s.late = 33 * time.Second
			for range 20 {
				for n := range 400 {
					s.guess(nat, phone(n), 1+n%s.challenges, 20*time.Millisecond)
					s.answer(nat, phone(n), 200)
					s.wait(140 * time.Millisecond)
				}
			}
			s.quiet(time.Minute)
		},
		"two challenges every time": func(s *plot) {
			for range 40 {
				for n := range 30 {
					s.answers(nat, phone(n), 20*time.Millisecond, 407, 401, 200)
				}
				s.wait(time.Minute)
			}
		},
		"each message by two probes that nobody has named": func(s *plot) {
			for range 20 {
				for n := range 30 {
					for _, status := range []int{401, 401, 200} {
						s.answers(nat, phone(n), 20*time.Millisecond, status, status)
					}
				}
				s.wait(time.Minute)
			}
		},
		"restart storm": func(s *plot) {
			for n := range 200 {
				s.login(nat, phone(n))
			}
			s.wait(30 * time.Minute)
			for n := range 200 {
				s.answers(nat, phone(n), 50*time.Millisecond, 401, 503, 401, 401, 503, 401, 401, 200)
			}
		},
		"half an hour of outage, then well for 22 h": func(s *plot) {
			s.login(nat, "300@pbx")
			s.answers(nat, "300@pbx", 30*time.Second, repeated(60, 403)...)
			for range 22 * 12 {
				s.login(nat, "300@pbx")
				s.wait(5 * time.Minute)
			}
		},
		"stale password of a known phone": func(s *plot) {
			s.login(nat, "300@pbx")
			s.answers(nat, "300@pbx", 30*time.Second, repeated(2000, 401, 403)...)
			s.login(nat, "300@pbx")
		},
		"deprovisioned account": func(s *plot) {
			s.login(nat, "300@pbx")
			s.answers(nat, "300@pbx", time.Minute, repeated(3*24*60, 404)...)
		},
		"one account on six devices, five with the old password": func(s *plot) {
			for n := range 6 {
				s.login(fmt.Sprintf("10.0.1.%d", n), "300@pbx")
			}
			for range 60 {
				for n := range 5 {
					s.answers(fmt.Sprintf("10.0.1.%d", n), "300@pbx", time.Second, 401, 403)
				}
				s.login("10.0.1.5", "300@pbx")
				s.wait(time.Minute)
			}
		},
		"mistyped password every 20 s": func(s *plot) {
			s.answers(nat, "300@pbx", 10*time.Second, repeated(120, 401, 403)...)
			s.login(nat, "300@pbx")
		},
		"mistyped password every 120 s": func(s *plot) {
			s.answers(nat, "300@pbx", time.Minute, repeated(20, 401, 403)...)
			s.login(nat, "300@pbx")
		},
		"client address that changes with each registration": func(s *plot) {
			for n := range 1000 {
				s.login(fmt.Sprintf("100.64.%d.%d", n/250, n%250), phone(n%50))
				s.wait(10 * time.Second)
			}
		},
		"conference Wi-Fi": func(s *plot) {
			for n := range 400 {
				s.at(server(n%40)).login(nat, fmt.Sprintf("%d@pbx%d", n, n%40))
				s.wait(3 * time.Second)
			}
		},
	} {
		for _, age := range []string{"new", "settled"} {
			t.Run(name+", detector "+age, func(t *testing.T) {
				s := newPlot(t)
				s.challenges = 3
				if age == "settled" { // which does not expect phones that are new to take three challenges
					s.settle(0)
					s.challenges = 2
				}
				tell(s)
				s.d.Finish()
				s.nothingGrave()
			})
		}
	}
}

// repeated gives n times the statuses.
func repeated(n int, statuses ...int) (all []int) {
	for range n {
		all = append(all, statuses...)
	}
	return all
}

// An incident of a phone that works again ends.
func TestIncidentOfALivingPhoneEnds(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	s.wait(time.Minute)
	s.answers("10.0.0.1", "300@pbx", 30*time.Second, repeated(60, 403)...)
	s.login("10.0.0.1", "300@pbx")
	s.d.Alerts()
	for range 12 {
		s.wait(10 * time.Minute)
		s.login("10.0.0.1", "300@pbx")
	}
	s.told("end brute-force 61: 21 unlikely")
}

// What comes after is none of it.
func TestAttackOnAPhoneThatWasDown(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	s.answers("10.0.0.1", "300@pbx", 30*time.Second, repeated(60, 403)...)
	s.login("10.0.0.1", "300@pbx")
	s.guess(attacker, "300@pbx", 100, time.Second)
	found := false
	for _, a := range s.d.Alerts() {
		found = found || a.Client.Addr.String() == attacker && a.Severity >= detect.SeverityMedium
	}
	if !found {
		t.Error("the attack is not told of")
	}
}
