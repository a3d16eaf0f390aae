package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Guests of a conference mistype their passwords at many registrars, and are in a minute later; others come in at once.
func TestConferenceIsNoHorizontalScan(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 30 {
		s.at(server(i))
		if i < 11 {
			for range 3 {
				s.answers("10.0.0.1", fmt.Sprintf("guest%d@voip%d", i, i), 20*time.Second, 401, 403)
			}
		}
		s.answers("10.0.0.1", fmt.Sprintf("guest%d@voip%d", i, i), time.Second, 401, 200)
		s.wait(time.Minute)
	}
	s.d.Finish()
	s.nothingGrave()
}

// Some of the many customers of a carrier behind one address have old passwords, each at another registrar, for days.
func TestCarriersAddressIsNoHorizontalScan(t *testing.T) {
	s := newSettledPlot(t)
	for hour := range 6 {
		for i := range 300 {
			s.at(server(i%30)).login("100.64.0.9", fmt.Sprintf("user%d@voip", i))
		}
		if hour > 0 {
			for range 10 {
				for i := range 12 {
					s.at(server(i)).answers("100.64.0.9", fmt.Sprintf("old%d@voip", i), time.Second, 401, 401)
				}
				s.quiet(3 * time.Minute)
			}
		}
	}
	s.d.Finish()
	s.nothingGrave()
}

// One who is known good somewhere is an attacker nevertheless where he tries accounts on many servers.
func TestOwnAccountsExcuseNoHorizontalScan(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 10 {
		s.at(server(100+i)).login(attacker, "own@pbx")
	}
	for i := range 40 {
		s.at(server(i)).answers(attacker, "100@pbx", time.Second, 403)
	}
	if a := s.last(); a.Kind != detect.HorizontalScan || a.Severity != 73 {
		t.Errorf("told %q", verdictOf(&a))
	}
}

// Who gets into all that he tries at many registrars, on accounts that others hold, is no guest of a conference.
func TestAccountsThatOthersHoldAreNoConference(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 30 {
		s.at(server(i)).login(fmt.Sprintf("10.0.1.%d", i), "100@pbx")
	}
	for i := range 30 {
		s.at(server(i)).answers(attacker, "100@pbx", time.Second, 401, 403, 401, 403, 401, 200)
	}
	if a := s.last(); a.Kind != detect.HorizontalScan || a.Confidence != detect.Confirmed || a.SuccessesN != 30 {
		t.Errorf("told %q", verdictOf(&a))
	}
}
