package detect_test

import (
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Somebody behind the victim's own address guesses between its logins: three guesses a minute, and a login each minute.
func TestGuessesBetweenLoginsAreSummedUp(t *testing.T) {
	s := newSettledPlot(t)
	s.login("10.0.0.1", "300@pbx")
	guesses := 0
	for range 50 {
		for range 3 {
			s.wait(9 * time.Second)
			s.answers("10.0.0.1", "300@pbx", time.Second, 401, 403)
			guesses += 2
		}
		s.wait(5 * time.Second)
		s.login("10.0.0.1", "300@pbx")
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	if len(alerts) == 0 {
		t.Fatal("nothing was told")
	}
	if a := alerts[len(alerts)-1]; a.Kind != detect.BruteForce || !a.KnownClient || a.Severity != 21 || a.Attempts > guesses || a.Attempts < guesses-30 {
		t.Errorf("told %q, want most of %d rejections", verdictOf(&a), guesses)
	}
}

// What a login takes now and then does not add up.
func TestLoginsDoNotAddUp(t *testing.T) {
	s := newSettledPlot(t)
	for i := range 500 {
		statuses := []int{401, 200}
		switch {
		case i%10 == 0:
			statuses = []int{401, 401, 401, 401, 200}
		case i%3 == 0:
			statuses = []int{401, 401, 200}
		}
		s.answers("10.0.0.1", "300@pbx", time.Second, statuses...)
		s.wait(time.Minute)
	}
	s.d.Finish()
	s.told()
}
