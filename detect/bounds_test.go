package detect_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func TestPairIdleForLongestIsForgotten(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxPairs = 100 })
	s.guess("192.0.2.66", "300@pbx", 10, time.Second)
	for i := range 90 {
		s.answer(fmt.Sprintf("203.0.113.%d", i), fmt.Sprintf("%d@a", i), 401)
		s.wait(time.Second)
	}
	s.guess("192.0.2.66", "300@pbx", 5, time.Second) // touched again: not the one idle for longest
	for i := range 80 {
		s.answer(fmt.Sprintf("198.51.100.%d", 100+i), fmt.Sprintf("%d@b", i), 401)
		s.wait(100 * time.Millisecond)
	}
	if st := s.d.Stats(); st.Pairs != 100 || st.Evicted != 71 {
		t.Errorf("%d pairs, %d evicted, want 100 and 71", st.Pairs, st.Evicted)
	}
	s.reports()
	s.guess("192.0.2.66", "300@pbx", 5, time.Second)
	s.quiet(5 * time.Second)
	s.expect(bruteForceOf25...)
}

func TestMembersPastTheLimitAreEstimated(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxMembers = 100 })
	for i := range 5000 {
		s.answer("192.0.2.66", fmt.Sprintf("%d@pbx", i), 404)
		s.wait(10 * time.Millisecond)
	}
	s.answer("192.0.2.66", "4999@pbx", 200)
	s.d.Finish()
	alerts := s.d.Alerts()
	a := alerts[len(alerts)-1]
	if a.Attempts != 5000 || !a.Extensions.Estimated || a.Extensions.Count < 4800 || a.Extensions.Count > 5200 {
		t.Errorf("%d attempts on %+v", a.Attempts, a.Extensions)
	}
	if a.SuccessesN != 1 {
		t.Errorf("%d successes, want the account of a stranger", a.SuccessesN)
	}
	if pairs := s.d.Stats().Pairs; pairs > 1100 {
		t.Errorf("%d pairs left", pairs)
	}
}

func TestSmallestIncidentsMakeRoom(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxIncidents = 10 })
	for i := range 30 {
		s.guess(fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("%d@pbx", i), 20+i, 10*time.Millisecond)
		s.quiet(5 * time.Second)
	}
	ended := map[string]bool{}
	for _, a := range s.d.Alerts() {
		if a.State == detect.End {
			ended[a.Client.Addr.String()] = true
			if a.EndReason != detect.EndLimit {
				t.Errorf("ended for %v", a.EndReason)
			}
		}
	}
	if st := s.d.Stats(); st.Incidents != 10 || st.EndedEarly != 20 || len(ended) != 20 || !ended["192.0.2.0"] || ended["192.0.2.29"] {
		t.Errorf("%+v, ended %v", st, ended)
	}
}

// A full distributed scan goes on while those that it does not tell apart guess, also when all whom it does tell apart have become attacks
// of their own: it is in the snapshot, and ends when it is spread no more.
func TestFullDistributedScanOutlivesItsMembers(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxMembers = 100 })
	for i := range 300 {
		s.answer(bot(i), fmt.Sprintf("%d@pbx", i), 403)
	}
	for range 19 {
		for i := range 100 {
			s.answer(bot(i), fmt.Sprintf("%d@pbx", i), 403)
		}
	}
	restored := newDetector(t, func(c *detect.Config) { c.MaxMembers = 100 })
	var snapshot bytes.Buffer
	if err := errors.Join(s.d.Snapshot(&snapshot), restored.Restore(&snapshot)); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*detect.Detector{"as it was": s.d, "restored": restored} {
		if n := d.Stats().Incidents; n != 101 {
			t.Errorf("%s: %d incidents are open, want a distributed scan and a hundred brute forces", name, n)
		}
		d.Finish()
		for _, a := range d.Alerts() {
			if a.Kind == detect.DistributedScan && a.State == detect.End && a.Attempts != 200 {
				t.Errorf("%s: %d attempts at the end, want those of the 200 who guessed once", name, a.Attempts)
			}
		}
	}
}
