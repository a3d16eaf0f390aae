package detect_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// plot is a detector and the flows that are told to it, with the clock moved by hand.
type plot struct {
	t         *testing.T
	d         *detect.Detector
	now       time.Duration // since the beginning
	registrar string        // that answers
	clock     time.Duration // what advance has told last
	late      time.Duration // how long acceptances take to arrive
	pending   []arrival     // acceptances on their way

	challenges int // that logins of a story take at most
}

type arrival struct {
	at   time.Duration
	flow detect.Flow
}

var beginning = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMilli()

// pbx is the registrar of most stories; its neighbours are others. attacker is nobody's phone.
const (
	pbx      = "198.51.100.10"
	attacker = "192.0.2.66"
)

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
	return &plot{t: t, d: d, registrar: pbx}
}

// newSettledPlot begins when the detector is more than an hour old, and knows of another registrar that acceptances are prompt.
func newSettledPlot(t *testing.T, change ...func(*detect.Config)) *plot {
	t.Helper()
	s := newPlot(t, change...)
	s.settle(0)
	return s
}

// settle lets 40 phones of another registrar log in for more than an hour, with acceptances that arrive late.
func (s *plot) settle(late time.Duration) {
	s.t.Helper()
	s.registrar, s.late = "203.0.113.200", late
	for range 14 {
		for phone := range 40 {
			s.login(fmt.Sprintf("203.0.113.%d", phone), fmt.Sprintf("%d@elsewhere", phone))
		}
		s.quiet(5 * time.Minute)
	}
	s.registrar, s.late = pbx, 0
	s.told()
}

// answer is one answer of the registrar now.
func (s *plot) answer(client, extension string, status int) {
	s.deliver()
	f := s.flow(client, extension, status)
	if s.late > 0 && status < 300 {
		s.pending = append(s.pending, arrival{s.now + s.late, f})
		return
	}
	s.d.Observe(&f)
}

func (s *plot) flow(client, extension string, status int) detect.Flow {
	return detect.Flow{
		Time: beginning + s.now.Milliseconds(), Registrar: netip.MustParseAddr(s.registrar), Client: netip.MustParseAddr(client),
		RegistrarPort: 5060, ClientPort: 5061, Transport: detect.UDP, Status: uint16(status), Extension: extension,
	}
}

// deliver lets the acceptances arrive that are due.
func (s *plot) deliver() {
	for len(s.pending) > 0 && s.pending[0].at <= s.now {
		s.advance(s.pending[0].at)
		s.d.Observe(&s.pending[0].flow)
		s.pending = s.pending[1:]
	}
	s.advance(s.now - 30*time.Minute)
}

// answers are several to one client and extension, one every pause.
func (s *plot) answers(client, extension string, pause time.Duration, statuses ...int) {
	for _, status := range statuses {
		s.answer(client, extension, status)
		s.wait(pause)
	}
}

// login is a challenge and an acceptance.
func (s *plot) login(client, extension string) {
	s.answers(client, extension, 20*time.Millisecond, 401, 200)
}

// says is a request.
func (s *plot) says(client, extension, userAgent string) {
	f := s.flow(client, extension, 0)
	f.UserAgent = userAgent
	s.d.Observe(&f)
}

func (s *plot) wait(d time.Duration) { s.now += d }

// quiet lets time pass on the link.
func (s *plot) quiet(d time.Duration) {
	s.wait(d)
	s.deliver()
	s.advance(s.now)
}

// advance has records pass that do not count, the last one then: the clock of a replay takes no long steps.
func (s *plot) advance(then time.Duration) {
	for s.clock < then {
		if s.clock = then; s.d.Stats().Clock > 0 {
			s.clock = min(then, time.Duration(s.d.Stats().Clock-beginning)*time.Millisecond+30*time.Minute)
		}
		s.d.Advance(beginning+s.clock.Milliseconds(), 1)
	}
}

// guess is n rejections, one every pause.
func (s *plot) guess(client, extension string, n int, pause time.Duration) {
	s.answers(client, extension, pause, slices.Repeat([]int{401}, n)...)
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

// verdictOf tells a report by its judgement: how many rejections of how many clients on how many extensions, severity, and how
// sure its successes are.
func verdictOf(a *detect.Alert) string {
	line := fmt.Sprintf("%v %v %d", a.State, a.Kind, a.Attempts)
	if a.Clients.Count > 1 {
		line += fmt.Sprintf(" by %d", a.Clients.Count)
	}
	if a.Extensions.Count > 1 {
		line += fmt.Sprintf(" on %d", a.Extensions.Count)
	}
	if a.Slow {
		line += " slow"
	}
	line += fmt.Sprintf(": %d", a.Severity)
	if a.SuccessesN > 0 {
		line += fmt.Sprintf(" %v", a.Confidence)
	}
	if a.SuccessesN > 1 {
		line += fmt.Sprintf(" x%d", a.SuccessesN)
	}
	return line
}

// told checks the judgements since the last call.
func (s *plot) told(want ...string) {
	s.t.Helper()
	var got []string
	for _, a := range s.d.Alerts() {
		got = append(got, verdictOf(&a))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("at %v told\n  %q\nwant\n  %q", s.now, got, want)
	}
}

// nothingGrave checks that nothing of medium severity or more was told since the last call, and no account as entered.
func (s *plot) nothingGrave() {
	s.t.Helper()
	for _, a := range s.d.Alerts() {
		if a.Severity >= detect.SeverityMedium || a.Confidence > detect.Unlikely {
			s.t.Errorf("at %v told %q of %v", s.now, verdictOf(&a), a.Client.Addr)
		}
	}
}

func TestPasswordGuessingThatSucceeds(t *testing.T) {
	s := newPlot(t)
	s.guess(attacker, "300@pbx", 418, 5*time.Millisecond)
	s.answer(attacker, "300@pbx", 200)
	s.expect(
		"open brute-force attempts=20 clients=1 extensions=1",
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
			s.login("192.0.2.1", fmt.Sprintf("%d@pbx", 1000+phone))
		}
		s.wait(time.Minute)
	}
	s.d.Finish()
	s.expect()
}
