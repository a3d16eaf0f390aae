package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// at has another registrar answer from now on.
func (s *plot) at(registrar string) *plot {
	s.registrar = registrar
	return s
}

// server gives the address of a registrar by number.
func server(n int) string { return fmt.Sprintf("198.51.%d.%d", n/250, n%250+1) }

// bot gives the address of an attacker by number.
func bot(n int) string { return fmt.Sprintf("192.0.%d.%d", 8+n/250, n%250+1) }

// users gives n names.
func users(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%d@pbx", 100+i))
	}
	return names
}

func TestScanOpensAtTheTenthExtension(t *testing.T) {
	s := newSettledPlot(t)
	for i, user := range users(250) {
		s.answers(attacker, user, 100*time.Millisecond, 404)
		switch i {
		case 9:
			s.told("open extension-scan 10 on 10: 21")
		default:
			s.told()
		}
	}
	s.quiet(31 * time.Minute)
	s.told("update extension-scan 250 on 250: 21", "end extension-scan 250 on 250: 21")
}

// The extensions of a client that are known good raise its threshold by a tenth of them, rounded up.
func TestScanAllowsForThePhonesOfANAT(t *testing.T) {
	for phones, want := range map[int]int{0: 10, 1: 11, 10: 11, 11: 12, 100: 20} {
		s := newSettledPlot(t)
		for i := range phones {
			s.login("10.0.0.1", fmt.Sprintf("phone%d@pbx", i))
		}
		for i, user := range users(want) {
			s.answer("10.0.0.1", user, 404)
			if n := len(s.d.Alerts()); (n > 0) != (i == want-1) {
				t.Errorf("with %d phones %d alerts at extension %d, want one at %d", phones, n, i+1, want)
			}
		}
	}
}

// Few extensions are a scan when they are rejected sixty times together.
func TestFewExtensionsWithManyRejectionsAreAScan(t *testing.T) {
	s := newSettledPlot(t)
	guessed := 0
	for range 18 {
		for _, user := range users(9) {
			s.answers(attacker, user, 100*time.Millisecond, 403)
			if guessed++; guessed < 60 {
				s.told()
			} else if guessed == 60 {
				s.told("open extension-scan 60 on 9: 47")
			}
		}
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if last := alerts[len(alerts)-1]; last.Attempts != 162 || last.Extensions.Count != 9 || last.Severity != 47 {
		t.Errorf("told %q", verdictOf(&last))
	}
}

// The addresses of an IPv6 /48 are one attacker.
func TestNetworkOfIPv6IsOneAttacker(t *testing.T) {
	s := newSettledPlot(t)
	for i, user := range users(40) {
		s.answers(fmt.Sprintf("2001:db8:1:%x::1", i), user, 100*time.Millisecond, 404)
		s.answers(fmt.Sprintf("2001:db8:%x::1", 100+i), "1@pbx", 100*time.Millisecond, 401) // other networks
		if i == 9 {
			s.told("open extension-scan 10 by 10 on 10: 21")
		}
	}
	s.answers("2001:db8:1:ffff::7", "139@pbx", time.Second, 403)
	s.quiet(31 * time.Minute)
	alerts := s.d.Alerts()
	for _, a := range alerts {
		if a.Kind == detect.Scan && a.State == detect.End && (a.Attempts != 41 || a.Clients.Count != 41 || a.Extensions.Count != 40) {
			t.Errorf("told %q", verdictOf(&a))
		}
	}
}

// Five clients guess on one account, and twenty rejections are not those of the strongest.
func TestDistributedBruteForceNeedsTwentyBesideTheStrongest(t *testing.T) {
	s := newSettledPlot(t)
	s.answers(bot(0), "300@pbx", 10*time.Second, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	n := 0
	for range 5 {
		for i := range 4 {
			s.answers(bot(1+i), "300@pbx", time.Second, 403)
			if n++; n < 20 {
				s.told()
			}
		}
	}
	s.told("open distributed-brute-force 35 by 5: 73")
	s.answers(bot(9), "300@pbx", time.Second, 403, 403)
	s.d.Finish()
	s.told("end distributed-brute-force 37 by 6: 73")
}

func TestThreeHundredClientsWithOneGuessEach(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 300 {
		s.answers(bot(i), "300@pbx", time.Second, 403)
		if i == 20 {
			s.told("open distributed-brute-force 21 by 21: 73")
		}
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if last := alerts[len(alerts)-1]; last.Attempts != 300 || last.Clients.Count != 300 {
		t.Errorf("told %q", verdictOf(&last))
	}
}

// Two thousand clients with one account each are a distributed scan, at the fiftieth.
func TestDistributedScanOpensAtTheFiftieth(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 2000 {
		s.answers(bot(i), fmt.Sprintf("%d@pbx", i), 500*time.Millisecond, 404)
		switch i {
		case 48:
			s.told()
		case 49:
			s.told("open distributed-scan 50 by 50 on 50: 73")
		}
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if last := alerts[len(alerts)-1]; last.State != detect.End || last.Attempts != 2000 || last.Clients.Count != 2000 || last.Extensions.Count != 2000 {
		t.Errorf("told %q", verdictOf(&last))
	}
}

// What is an attack by itself goes its own way out of a distributed scan.
func TestScanLeavesTheDistributedScanThatItBeganIn(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 60 {
		s.answers(bot(i), fmt.Sprintf("%d@pbx", i), time.Second, 404)
	}
	s.told("open distributed-scan 50 by 50 on 50: 73")
	for _, user := range users(9) {
		s.answers(attacker, user, time.Second, 404)
	}
	s.told()
	s.answer(attacker, "tenth@pbx", 404)
	s.told("open extension-scan 10 on 10: 21")
	s.d.Finish()
	s.told("end distributed-scan 60 by 60 on 60: 73", "end extension-scan 10 on 10: 21")
}

// One client at ten registrars.
func TestHorizontalScan(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 200 {
		s.at(server(i)).answers(attacker, "admin@"+server(i), time.Second, 401, 403, 403)
		switch i {
		case 8:
			s.told()
		case 9:
			s.told("open horizontal-scan 29 on 10: 73")
		}
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.Attempts != 600 || last.Registrars.Count != 200 || last.Extensions.Count != 200 || last.State != detect.End {
		t.Errorf("told %q at %d registrars", verdictOf(&last), last.Registrars.Count)
	}
}

// A horizontal scan takes in the scans of its client.
func TestHorizontalScanTakesScansIn(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(12) {
		s.answers(attacker, user, time.Second, 404)
	}
	s.told("open extension-scan 10 on 10: 21")
	for i := range 10 {
		s.at(server(i)).answers(attacker, "admin@pbx", time.Second, 404)
	}
	s.told("merged extension-scan 12 on 12: 21", "open horizontal-scan 22 on 22: 73")
	s.at(server(100)).answers(attacker, "admin@pbx", time.Second, 404)
	s.d.Finish()
	s.told("end horizontal-scan 23 on 23: 73")
}

// What pauses for longer than idle_timeout is found by the sums of a day.
func TestSlowAttacks(t *testing.T) {
	for name, c := range map[string]struct {
		guess func(s *plot, n int)
		at    int
		want  string
	}{
		"scan": {func(s *plot, n int) {
			s.answers(attacker, fmt.Sprintf("%d@pbx", n), 40*time.Minute, 404)
		}, 30, "open extension-scan 30 on 30 slow: 21"},
		"distributed brute force": {func(s *plot, n int) {
			s.answers(bot(n), "300@pbx", 40*time.Minute, 403)
		}, 20, "open distributed-brute-force 20 by 20 slow: 21"},
		"brute force": {func(s *plot, n int) {
			s.answers(attacker, "300@pbx", 40*time.Minute, 401)
		}, 20, "open brute-force 20 slow: 21"},
		"horizontal scan": {func(s *plot, n int) {
			s.at(server(n)).answers(attacker, "300@pbx", 40*time.Minute, 404)
		}, 20, "open horizontal-scan 20 on 20 slow: 21"},
		"one account in 4 minutes": {func(s *plot, n int) {
			s.answers(attacker, fmt.Sprintf("%d@pbx", n), 4*time.Minute, 401, 403)
		}, 30, "open password-spray 60 on 30 slow: 21"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettledPlot(t)
			for n := range c.at {
				s.told()
				c.guess(s, n)
			}
			s.told(c.want)
		})
	}
}

// A slow attack may pause for three hours.
func TestSlowIncidentsPause(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 30 {
		s.answers(attacker, fmt.Sprintf("%d@pbx", i), 40*time.Minute, 404)
	}
	s.told("open extension-scan 30 on 30 slow: 21")
	s.quiet(2 * time.Hour)
	s.answer(attacker, "again@pbx", 404)
	s.quiet(179 * time.Minute)
	s.told()
	s.quiet(2 * time.Minute)
	s.told("end extension-scan 31 on 31 slow: 21")
}

// Ten extensions on which passwords were tried make a spray; a 404 is no password.
func TestSprayNeedsPasswords(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		want     detect.Kind
	}{
		"refused after a challenge":  {[]int{401, 403}, detect.Spray},
		"challenged three times":     {[]int{401, 401, 401}, detect.Spray},
		"challenged twice":           {[]int{401, 401}, detect.Scan},
		"refused without challenge":  {[]int{403, 403}, detect.Scan},
		"not found after challenges": {[]int{401, 404}, detect.Scan},
	} {
		s := newSettledPlot(t)
		for _, user := range users(15) {
			s.answers(attacker, user, 100*time.Millisecond, c.statuses...)
		}
		s.d.Finish()
		alerts := s.d.Alerts()
		last := alerts[len(alerts)-1]
		if last.Kind != c.want || last.Attempts != 15*len(c.statuses) {
			t.Errorf("%s: told %q", name, verdictOf(&last))
		}
	}
}

// A scan becomes a spray when passwords are tried on ten of its extensions, and says so once.
func TestScanBecomesASpray(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(20) {
		s.answers(attacker, user, time.Second, 404)
	}
	s.told("open extension-scan 10 on 10: 21")
	for _, user := range users(15) {
		s.answers(attacker, user, time.Second, 401, 403)
	}
	alerts := s.d.Alerts()
	if len(alerts) != 1 || alerts[0].State != detect.Open || !alerts[0].Changed || alerts[0].Kind != detect.Spray || alerts[0].Severity != 73 ||
		alerts[0].Crossed.Key != "spray_attempts" || alerts[0].Crossed.Value != 10 {
		t.Errorf("told %+v", alerts)
	}
	s.d.Finish()
	s.told("end password-spray 50 on 20: 73")
}

// A brute force goes into a scan that opens with its pair, with its counts.
func TestScanTakesBruteForceIn(t *testing.T) {
	s := newSettledPlot(t)
	s.guess(attacker, "100@pbx", 25, 100*time.Millisecond)
	s.answer(attacker, "100@pbx", 200)
	s.told("open brute-force 20: 47", "success brute-force 25: 99 confirmed")
	for _, user := range users(11)[1:] {
		s.answers(attacker, user, time.Second, 404)
	}
	s.quiet(time.Second)
	s.d.Finish()
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.Kind == detect.BruteForce {
		t.Fatalf("told %q", verdictOf(&last))
	}
}

// Accounts that were good before count towards their own incidents only when they are more than a login.
func TestPhonesLogInBesideAScan(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 20 {
		s.login("10.0.0.1", fmt.Sprintf("phone%d@pbx", i))
	}
	for _, user := range users(200) {
		s.answers("10.0.0.1", user, time.Second, 404)
		s.login("10.0.0.1", "phone7@pbx")
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if last := alerts[len(alerts)-1]; last.Attempts != 200 || last.Extensions.Count != 200 || last.SuccessesN > 0 {
		t.Errorf("told %q", verdictOf(&last))
	}
}
