package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

const backup = "198.51.100.11"

// failOver has the phones ask another registrar, which refuses them.
func (s *plot) failOver(n, minutes int) {
	s.at(backup).rejected(n, minutes)
	s.at(pbx)
}

// An empty backup rejects everybody: nobody is known there, so the word of the other registrar counts.
func TestFailoverToAnEmptyBackup(t *testing.T) {
	s := newSettledPlot(t)
	s.phones(200)
	s.failOver(200, 60)
	s.d.Finish()
	s.nothingGrave()
}

// A pool that answers in turn is learnt.
func TestPoolThatAnswersInTurn(t *testing.T) {
	s := newSettledPlot(t)
	for range 3 {
		s.at(pbx).phones(100)
		s.at(backup).phones(100)
		s.wait(10 * time.Minute)
	}
	s.at(pbx)
	for i := range 30 { // one NAT, known at one of them only
		s.login("10.0.0.1", fmt.Sprintf("nat%d@pbx", i))
	}
	s.at(backup)
	for range 3 {
		for i := range 30 {
			s.answers("10.0.0.1", fmt.Sprintf("nat%d@pbx", i), time.Second, 403)
		}
	}
	s.d.Finish()
	s.nothingGrave()
}

func TestSistersAreConfigured(t *testing.T) {
	for _, configured := range []bool{false, true} {
		s := newSettledPlot(t, func(c *detect.Config) {
			if configured {
				c.Sisters = append(c.Sisters, prefixes(pbx+"/32", backup+"/32"))
			}
		})
		s.at(backup).login("10.9.9.9", "somebody@pbx") // not empty
		s.at(pbx)
		for i := range 12 {
			s.login("10.0.0.1", fmt.Sprintf("nat%d@pbx", i))
		}
		s.at(backup)
		for i := range 9 {
			s.answers("10.0.0.1", fmt.Sprintf("nat%d@pbx", i), time.Second, repeated(8, 403)...)
		}
		s.quiet(time.Minute)
		if told := len(s.d.Alerts()) > 0; told == configured {
			t.Errorf("configured %v: told %v", configured, told)
		}
	}
}

// Becoming known good at a registrar explains the runs at its sisters.
func TestAcceptanceExplainsRunsAtSisters(t *testing.T) {
	s := newSettledPlot(t, func(c *detect.Config) { c.Sisters = append(c.Sisters, prefixes(pbx+"/32", backup+"/32")) })
	s.at(backup).login("10.9.9.9", "somebody@pbx")
	for i := range 30 {
		s.at(backup).answers("10.0.0.1", fmt.Sprintf("nat%d@pbx", i), time.Second, 403, 403)
		s.at(pbx).login("10.0.0.1", fmt.Sprintf("nat%d@pbx", i))
	}
	s.d.Finish()
	s.told()
}

// An attacker's own registrar, on the same link, that accepts him on all that he attacks, vouches for nobody.
func TestAttackersOwnRegistrarVouchesForNobody(t *testing.T) {
	const own = "203.0.113.66"
	s := newSettledPlot(t)
	s.phones(100)
	for i := range 2000 {
		s.at(own).login(bot(i%20), fmt.Sprintf("phone%d@pbx", i/20))
	}
	for i := range 2000 {
		s.at(pbx).answers(bot(i%20), fmt.Sprintf("phone%d@pbx", i/20), time.Second, 401, 403)
	}
	s.d.Finish()
	attempts := 0
	for _, a := range s.d.Alerts() {
		if a.State == detect.End {
			attempts += a.Attempts
		}
	}
	if attempts < 3990 {
		t.Errorf("%d rejections of 4000 are told of", attempts)
	}
}
