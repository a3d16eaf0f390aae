package calibrate

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// script is flows in the order of their time.
type script struct {
	flows []detect.Flow
	now   int64
}

func (s *script) answers(client, extension string, pause time.Duration, statuses ...int) {
	for _, status := range statuses {
		s.flows = append(s.flows, detect.Flow{
			Time: s.now, Registrar: netip.MustParseAddr("198.51.100.10"), Client: netip.MustParseAddr(client), Transport: detect.UDP,
			Status: uint16(status), Extension: extension,
		})
		s.now += pause.Milliseconds()
	}
}

// traffic is a day of 40 phones with three attacks in it.
func traffic() *script {
	s := &script{now: beginning}
	for hour := range 24 {
		for phone := range 40 {
			s.answers("192.0.2.1", fmt.Sprintf("%d@pbx", phone), 10*time.Millisecond, 401, 200)
		}
		switch hour {
		case 5:
			s.answers("203.0.113.5", "5@pbx", 100*time.Millisecond, slices.Repeat([]int{403}, 25)...)
		case 10:
			s.answers("203.0.113.10", "6@pbx", 100*time.Millisecond, slices.Repeat([]int{403}, 200)...)
		case 15:
			for i := range 12 {
				s.answers("203.0.113.15", fmt.Sprintf("%d@scan", i), 200*time.Millisecond, 404)
			}
		}
		s.now = beginning + int64(hour+1)*3_600_000
	}
	return s
}

func (s *script) feed(t *Tester) {
	for flows := range slices.Chunk(s.flows, 100) {
		t.Feed(func(d *detect.Detector) { d.ObserveAll(flows) })
	}
}

func test(t *testing.T, r *Result, curves ...string) *Tester {
	t.Helper()
	cfg := detect.DefaultConfig()
	x, err := NewTester(&cfg, r, curves)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func names(list []Attack) (all []string) {
	for _, a := range list {
		all = append(all, fmt.Sprintf("%s by %s, %d", a.Kind, a.Client, a.Attempts))
	}
	return all
}

// TestBacktestTakesBackWhatLosesAttacks: of two changes one loses the small brute force; the other stays.
func TestBacktestTakesBackWhatLosesAttacks(t *testing.T) {
	s := traffic()
	r := &Result{Recommendations: []Recommendation{recommend("attempts", "20", "30", Raise), recommend("login_challenges", "8", "12", Raise)}}
	first := test(t, r)
	s.feed(first)
	if !first.Conclude() {
		t.Fatal("nothing was taken back")
	}
	lost := []string{"brute-force by 203.0.113.5, 25"}
	if b := r.Backtest; !slices.Equal(names(b.Lost), lost) || len(b.Dropped) != 1 || b.Dropped[0].Key != "attempts" || !slices.Equal(names(b.Dropped[0].Lost), lost) {
		t.Errorf("%+v", b)
	}
	if !slices.Equal(r.changed(), []string{"login_challenges"}) || r.Recommendations[0].Verdict != Refused {
		t.Errorf("%+v", r.Recommendations)
	}
	second := test(t, r)
	s.feed(second)
	if second.Conclude() {
		t.Error("something was taken back again")
	}
	b := r.Backtest
	if len(b.Lost) > 0 || len(b.Gained) > 0 || len(b.Dropped) != 1 || b.Recommended.Incidents != 3 {
		t.Errorf("%+v", b)
	}
	o := b.Present
	if o.Incidents != 3 || o.Kinds["brute-force"] != 2 || o.Kinds["extension-scan"] != 1 || o.Causes["attack"] != 3 || o.Severities["47"] != 2 || o.Severities["21"] != 1 {
		t.Errorf("%+v", o)
	}
	if o.Alerts != 7 || o.AlertMedian != 2 || o.AlertMax != 2 || o.Pairs < 40 || o.Pairs > 54 {
		t.Errorf("%+v", o)
	}
}

// TestBreakInsAreCompared: an incident that is told of still, but not of the account that was entered in it, has lost something.
func TestBreakInsAreCompared(t *testing.T) {
	s := &script{now: beginning}
	s.answers("192.0.2.1", "1@pbx", 10*time.Millisecond, 401, 200)
	s.now += 50 * 60_000
	for i := range 10 {
		s.answers(fmt.Sprintf("203.0.113.%d", i), "1@pbx", 200*time.Millisecond, 403, 403, 403, 403)
	}
	s.answers("203.0.113.1", "1@pbx", 200*time.Millisecond, 200)
	r := &Result{Recommendations: []Recommendation{recommend("distributed_clients", "5", "20", Raise)}}
	x := test(t, r)
	s.feed(x)
	if again := x.Conclude(); !again || !slices.Equal(names(r.Backtest.Lost), []string{"break-in by 203.0.113.1, 4", "distributed-brute-force by 203.0.113.0, 40"}) {
		t.Errorf("%q", names(r.Backtest.Lost))
	}
}

// TestCurvesSayWhatIsLostAndGained at other values.
func TestCurvesSayWhatIsLostAndGained(t *testing.T) {
	s := traffic()
	r := &Result{}
	x := test(t, r, "attempts", "scan_extensions", "challenge_grace", "scan_known_ratio")
	s.feed(x)
	x.Conclude()
	var got []string
	for _, c := range r.Curves {
		for _, p := range c.Points {
			got = append(got, fmt.Sprintf("%s %s: %d -%d(%d) +%d", c.Key, p.Value, p.Incidents, p.Lost, p.LostHigh, p.Gained))
		}
	}
	want := []string{
		"attempts 10: 3 -0(0) +0", "attempts 15: 3 -0(0) +0", "attempts 20: 3 -0(0) +0", "attempts 30: 2 -1(1) +0", "attempts 40: 2 -1(1) +0",
		"scan_extensions 5: 3 -0(0) +0", "scan_extensions 7: 3 -0(0) +0", "scan_extensions 10: 3 -0(0) +0", "scan_extensions 15: 2 -1(0) +0", "scan_extensions 20: 2 -1(0) +0",
		"challenge_grace 22s: 3 -0(0) +0", "challenge_grace 33s: 3 -0(0) +0", "challenge_grace 45s: 3 -0(0) +0", "challenge_grace 1m7s: 3 -0(0) +0", "challenge_grace 1m30s: 3 -0(0) +0",
		"scan_known_ratio 0.05: 3 -0(0) +0", "scan_known_ratio 0.075: 3 -0(0) +0", "scan_known_ratio 0.1: 3 -0(0) +0", "scan_known_ratio 0.15: 3 -0(0) +0", "scan_known_ratio 0.2: 3 -0(0) +0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// TestTheSameAttackIsFoundAgain, also where another configuration tells of it as something else.
func TestTheSameAttackIsFoundAgain(t *testing.T) {
	addr := netip.MustParseAddr
	incidentOf := func(kind detect.Kind, registrar, extension string, minute int64, clients ...string) *incident {
		a := &detect.Alert{Kind: kind, Registrar: detect.Endpoint{Addr: addr(registrar)}, Extension: extension, First: minute * 60_000, Last: (minute + 1) * 60_000}
		for _, c := range clients {
			a.Clients.Top = append(a.Clients.Top, detect.Member{Client: addr(c)})
		}
		x := newIncident(a, Cause(a))
		return &x
	}
	for _, c := range []struct {
		what string
		a, b *incident
		same bool
	}{
		{"a scan that became a spray", incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.Spray, "10.0.0.1", "1", 1, "192.0.2.1"), true},
		{"another client", incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.2"), false},
		{"another registrar", incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.Scan, "10.0.0.2", "1", 0, "192.0.2.1"), false},
		{"hours later", incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.Scan, "10.0.0.1", "1", 200, "192.0.2.1"), false},
		{"part of a horizontal scan", incidentOf(detect.Scan, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.HorizontalScan, "10.0.0.2", "1", 1, "192.0.2.1"), true},
		{"one bot of many on the account", incidentOf(detect.BruteForce, "10.0.0.1", "1", 0, "192.0.2.1"), incidentOf(detect.Distributed, "10.0.0.1", "1", 1, "192.0.2.7", "192.0.2.8"), true},
		{"many bots on another account", incidentOf(detect.BruteForce, "10.0.0.1", "2", 0, "192.0.2.1"), incidentOf(detect.Distributed, "10.0.0.1", "1", 1, "192.0.2.7"), false},
		{"one bot of a distributed scan", incidentOf(detect.BruteForce, "10.0.0.1", "2", 0, "192.0.2.1"), incidentOf(detect.DistributedScan, "10.0.0.1", "1", 1, "192.0.2.7"), true},
		{"a distributed scan elsewhere", incidentOf(detect.BruteForce, "10.0.0.1", "2", 0, "192.0.2.1"), incidentOf(detect.DistributedScan, "10.0.0.9", "1", 1, "192.0.2.7"), false},
	} {
		for _, pair := range [][2]*incident{{c.a, c.b}, {c.b, c.a}} {
			x, y := &trial{incidents: []incident{*pair[0]}}, &trial{incidents: []incident{*pair[1]}}
			if got := len(x.missing(y, 30*60_000)) == 0; got != c.same {
				t.Errorf("%s: the same is %v", c.what, got)
			}
		}
	}
}
