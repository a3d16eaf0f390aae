package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Phones of an office that are set up before their accounts are there try once a minute each, and are all accepted in the end.
func TestPhonesOfAnOfficeAreNoSpray(t *testing.T) {
	for _, phones := range []int{5, 12, 80} {
		s := newSettledPlot(t)
		for range 30 {
			for _, user := range users(phones) {
				s.answers("10.0.0.1", user, 350*time.Millisecond, 401, 403)
			}
			s.quiet(time.Minute - time.Duration(phones)*700*time.Millisecond)
		}
		for _, user := range users(phones) {
			s.answers("10.0.0.1", user, time.Second, 401, 200)
		}
		s.quiet(time.Second)
		alerts := s.d.Alerts()
		unlikely := 0
		for _, a := range alerts {
			if a.Confidence == detect.Confirmed {
				t.Fatalf("%d phones: told %q", phones, verdictOf(&a))
			}
		}
		for _, success := range alerts[len(alerts)-1].Successes {
			if success.Confidence == detect.Unlikely {
				unlikely++
			}
		}
		if unlikely < phones/2-1 {
			t.Errorf("%d phones: %d accepted accounts are called unlikely, want those that come when half are in", phones, unlikely)
		}
	}
}

// One who tries nine accounts one after the other does not look like nine phones, nor does one who tries few times on many.
func TestOneAfterTheOtherIsNoOffice(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(9) {
		s.guess(attacker, user, 18, time.Second)
	}
	s.answer(attacker, "108@pbx", 200)
	if a := s.last(); a.Severity < 73 {
		t.Errorf("told %q", verdictOf(&a))
	}

	s = newSettledPlot(t)
	for _, user := range users(100) {
		s.answers(attacker, user, 15*time.Second, 401, 403, 401, 403)
		s.answers(attacker, user, time.Second, 401, 200)
	}
	if a := s.last(); a.Severity != 99 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

// Agents of a call centre mistype at the beginning of a shift, and are in a minute later.
func TestCallCentreMistypes(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 60 {
		s.login("10.0.0.1", fmt.Sprintf("good%d@pbx", i))
	}
	s.quiet(time.Minute)
	for i := range 9 {
		user := fmt.Sprintf("new%d@pbx", i)
		s.answers("10.0.0.1", user, 7*time.Second, 401, 403, 401, 403, 401, 403, 401, 403)
		s.answers("10.0.0.1", user, time.Second, 401, 200)
	}
	s.d.Finish()
	s.nothingGrave()
}

// A challenge that arrives after the acceptance of its login belongs to no earlier run.
func TestBelatedChallengesOfLoginsAreNoGuesses(t *testing.T) {
	s := newSettledPlot(t)
	for range 8 {
		s.answers("10.0.0.1", "300@pbx", 7*time.Second, 401, 403)
	}
	s.answers("10.0.0.1", "300@pbx", time.Second, 401, 200)
	for range 12 {
		s.quiet(2 * time.Minute)
		challenge := s.flow("10.0.0.1", "300@pbx", 401)
		s.wait(time.Second)
		s.answer("10.0.0.1", "300@pbx", 200)
		s.quiet(20 * time.Second)
		s.d.Observe(&challenge)
	}
	s.d.Finish()
	s.told()
}

// After a power cut phones begin anew a few times, with challenges only, and their acceptances are late.
func TestLoginBeginsAnewWhileTheServerIsBusy(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(20) {
		s.answers("10.0.0.1", user, 250*time.Millisecond, 401, 401, 401, 401)
	}
	s.wait(15 * time.Second)
	for _, user := range users(20) {
		s.answers("10.0.0.1", user, 250*time.Millisecond, 401)
	}
	s.quiet(33 * time.Second)
	for _, user := range users(20) {
		s.answers("10.0.0.1", user, 0, 200)
	}
	s.d.Finish()
	s.told()
}

// Who attacks through a handful of proxies tries more accounts than one at each.
func TestFewProxiesAreADistributedScan(t *testing.T) {
	s := newSettledPlot(t)
	for i, user := range users(100) {
		s.answers(bot(i%20), user, time.Second, 401, 403, 401, 403, 401, 200)
	}
	if a := s.last(); a.Kind != detect.DistributedScan || a.Confidence != detect.Probable || a.SuccessesN < 95 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

// A phone with an old password, behind a carrier that gives each connection another address, is one phone.
func TestRoamingPhoneWithAnOldPassword(t *testing.T) {
	s := newSettledPlot(t)
	address := func(i int) string { return fmt.Sprintf("100.64.0.%d", i%60+1) }
	for i := range 30 {
		s.login(address(7*i), "300@pbx")
		s.quiet(10 * time.Minute)
	}
	for i := range 120 {
		s.answers(address(11*i), "300@pbx", time.Second, 401, 403)
		s.wait(time.Minute)
	}
	for i := range 20 {
		s.login(address(13*i), "300@pbx")
		s.quiet(10 * time.Minute)
	}
	s.d.Finish()
	for _, a := range s.d.Alerts() {
		if a.Confidence > detect.Unlikely || a.State == detect.End && a.Severity > 21 {
			t.Errorf("told %q", verdictOf(&a))
		}
	}
}
