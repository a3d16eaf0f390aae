package detect_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// plot is a detector and the flows that are told to it, with the clock moved by hand.
type plot struct {
	t   *testing.T
	d   *detect.Detector
	now time.Duration // since the beginning
}

var beginning = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMilli()

const pbx = "198.51.100.10"

func newPlot(t *testing.T, change ...func(*detect.Config)) *plot {
	t.Helper()
	cfg := detect.DefaultConfig()
	for _, c := range change {
		c(&cfg)
	}
	d, err := detect.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &plot{t: t, d: d}
}

// answer is one answer of the registrar now.
func (s *plot) answer(client, extension string, status int) {
	s.d.Observe(&detect.Flow{
		Time: beginning + s.now.Milliseconds(), Registrar: netip.MustParseAddr(pbx), Client: netip.MustParseAddr(client),
		RegistrarPort: 5060, ClientPort: 5061, Transport: detect.UDP, Status: uint16(status), Extension: extension,
	})
}

func (s *plot) wait(d time.Duration) { s.now += d }

// quiet lets time pass on the link.
func (s *plot) quiet(d time.Duration) {
	s.wait(d)
	s.d.Advance(beginning+s.now.Milliseconds(), 1)
}

// guess is n rejections, one every pause.
func (s *plot) guess(client, extension string, n int, pause time.Duration) {
	for range n {
		s.answer(client, extension, 401)
		s.wait(pause)
	}
}

// reports gives the reports since the last call as short lines.
func (s *plot) reports() (lines []string) {
	for _, a := range s.d.Alerts() {
		line := fmt.Sprintf("%v %v attempts=%d clients=%d extensions=%d", a.State, a.Kind, a.Attempts, a.Clients.Count, a.Extensions.Count)
		if a.SuccessesN > 0 {
			line += fmt.Sprintf(" successes=%d", a.SuccessesN)
		}
		if a.KnownClient {
			line += " known"
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *plot) expect(want ...string) {
	s.t.Helper()
	got := s.reports()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("at %v reported\n  %q\nwant\n  %q", s.now, got, want)
	}
}

func TestPasswordGuessingThatSucceeds(t *testing.T) {
	s := newPlot(t)
	s.guess("192.0.2.66", "300@pbx", 418, 5*time.Millisecond)
	s.answer("192.0.2.66", "300@pbx", 200)
	s.expect(
		"open brute-force attempts=418 clients=1 extensions=1",
		"success brute-force attempts=418 clients=1 extensions=1 successes=1")
	s.quiet(29 * time.Minute)
	s.expect()
	s.quiet(2 * time.Minute)
	s.expect("end brute-force attempts=418 clients=1 extensions=1 successes=1")
}

func TestPhonesAreNoAttack(t *testing.T) {
	s := newPlot(t)
	for range 100 {
		for phone := range 30 {
			extension := fmt.Sprintf("%d@pbx", 1000+phone)
			s.answer("192.0.2.1", extension, 401)
			s.wait(20 * time.Millisecond)
			s.answer("192.0.2.1", extension, 200)
		}
		s.wait(time.Minute)
	}
	s.d.Finish()
	s.expect()
}

func TestScanByChallengesWaitsForTheGrace(t *testing.T) {
	s := newPlot(t)
	for i := range 12 {
		s.answer("192.0.2.66", fmt.Sprintf("%d@pbx", 100+i), 401)
		s.wait(100 * time.Millisecond)
	}
	s.quiet(40 * time.Second)
	s.expect()
	s.quiet(11 * time.Second)
	s.expect("open extension-scan attempts=12 clients=1 extensions=12")
}
