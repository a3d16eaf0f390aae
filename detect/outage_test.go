package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// phones log in, each from an address of its own.
func (s *plot) phones(n int) {
	for i := range n {
		s.login(fmt.Sprintf("10.1.%d.%d", i/250, i%250), fmt.Sprintf("phone%d@pbx", i))
	}
}

// rejected are the first n phones, for some time, once a minute.
func (s *plot) rejected(n int, minutes int) {
	for range minutes {
		for i := range n {
			s.answer(fmt.Sprintf("10.1.%d.%d", i/250, i%250), fmt.Sprintf("phone%d@pbx", i), 403)
		}
		s.wait(time.Minute)
	}
}

func TestOutageIsOneIncident(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(100)
	s.rejected(40, 60)
	s.told("open registrar-outage 120 by 40 on 40: 21", "update registrar-outage 320 by 40 on 40: 21", "update registrar-outage 640 by 40 on 40: 21",
		"update registrar-outage 1280 by 40 on 40: 21")
	s.phones(100)
	s.quiet(4 * time.Minute)
	s.told()
	s.quiet(2 * time.Minute)
	alerts := s.d.Alerts()
	if len(alerts) != 1 || alerts[0].State != detect.End || alerts[0].EndReason != detect.EndRecovered || alerts[0].Attempts != 2440 { // with the challenges of the logins
		t.Errorf("told %q, %v", verdictOf(&alerts[0]), alerts[0].EndReason)
	}
}

// Twenty phones and a fifth of those that are known good.
func TestOutageNeedsTwentyAndAFifth(t *testing.T) {
	for name, c := range map[string]struct {
		phones, rejected int
		want             bool
	}{
		"19 of 40": {40, 19, false}, "20 of 40": {40, 20, true}, "20 of 100": {100, 20, true}, "20 of 101": {101, 20, false}, "21 of 101": {101, 21, true},
	} {
		s := newSettledPlot(t)
		s.phones(c.phones)
		s.rejected(c.rejected, 5)
		if got := len(s.d.Alerts()) > 0; got != c.want {
			t.Errorf("%s: outage %v", name, got)
		}
	}
}

// Two rejections each are no outage.
func TestOutageNeedsThreeRejectionsEach(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(100)
	s.rejected(100, 2)
	s.quiet(10 * time.Minute)
	s.told()
}

// Clients that were never accepted open no outage, however many, and one that is open hides none of them.
func TestOutageHidesNoUnknownClient(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(100)
	for i := range 300 { // made-up clients
		s.answers(fmt.Sprintf("10.9.%d.%d", i/250, i%250), fmt.Sprintf("phone%d@pbx", i%100), 10*time.Millisecond, 403, 403, 403)
	}
	for _, a := range s.d.Alerts() {
		if a.Kind == detect.Outage {
			t.Fatalf("told %q", verdictOf(&a))
		}
	}

	s = newSettledPlot(t)
	s.phones(100)
	s.rejected(40, 5)
	s.told("open registrar-outage 120 by 40 on 40: 21")
	s.guess(attacker, "phone7@pbx", 100, time.Second)
	for _, user := range users(12) {
		s.answers("192.0.2.67", user, time.Second, 404)
	}
	s.answers("10.1.0.3", "phone7@pbx", time.Second, repeated(25, 403)...) // a known client, on somebody else's account
	kinds := map[string]bool{}
	for _, a := range s.d.Alerts() {
		kinds[a.Client.Addr.String()+" "+a.Kind.String()] = true
	}
	for _, want := range []string{attacker + " brute-force", "192.0.2.67 extension-scan", "10.1.0.3 brute-force"} {
		if !kinds[want] {
			t.Errorf("%s is not told of beside the outage: %v", want, kinds)
		}
	}
}

// Known brute forces that began before an outage go into it.
func TestOutageTakesBruteForcesOfKnownClientsIn(t *testing.T) {
	s := newSettledPlot(t, func(c *detect.Config) { c.OutageClients = 30 })
	s.phones(40)
	s.rejected(10, 25)
	for i := 0; i < 10; i++ {
		s.answer(fmt.Sprintf("10.1.0.%d", i), fmt.Sprintf("phone%d@pbx", i), 403)
	}
	s.rejected(40, 4)
	merged := 0
	for _, a := range s.d.Alerts() {
		if a.State == detect.Merged {
			merged++
		}
	}
	if merged != 10 {
		t.Errorf("%d brute forces were taken in, want 10", merged)
	}
}
