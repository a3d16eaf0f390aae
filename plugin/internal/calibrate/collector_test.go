package calibrate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// network is a detector with a collector, and the time by hand.
type network struct {
	t         testing.TB
	cfg       detect.Config
	detector  *detect.Detector
	collector *Collector
	now       int64
	registrar string
}

var beginning = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC).UnixMilli()

func newNetwork(t testing.TB) *network {
	t.Helper()
	cfg := detect.DefaultConfig()
	d, err := detect.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, cfg: cfg, detector: d, collector: NewCollector(&cfg), now: beginning, registrar: "198.51.100.10"}
	d.SetObserver(n.collector)
	return n
}

// answers are answers to one client on one extension, one every pause.
func (n *network) answers(client, extension string, pause time.Duration, statuses ...int) {
	for _, status := range statuses {
		n.detector.Observe(&detect.Flow{
			Time: n.now, Registrar: netip.MustParseAddr(n.registrar), Client: netip.MustParseAddr(client), RegistrarPort: 5060, ClientPort: 5060,
			Transport: detect.UDP, Status: uint16(status), Extension: extension,
		})
		n.now += pause.Milliseconds()
	}
	n.tell()
}

func (n *network) tell() {
	for _, a := range n.detector.Alerts() {
		n.collector.Alert(&a)
	}
	stats := n.detector.Stats()
	n.collector.Note(&stats)
}

// quiet lets time pass.
func (n *network) quiet(d time.Duration) {
	for end := n.now + d.Milliseconds(); n.now < end; {
		n.now = min(end, n.now+60_000)
		n.detector.Advance(n.now, 1)
		n.tell()
	}
}

// logins has so many phones of a client log in a number of times, with a pause between the times.
func (n *network) logins(phones, times int, pause time.Duration) {
	for range times {
		for phone := range phones {
			n.answers(fmt.Sprintf("192.0.2.%d", phone%200), fmt.Sprintf("%d@pbx", phone), 10*time.Millisecond, 401, 200)
		}
		n.quiet(pause)
	}
}

func (n *network) result() *Result {
	n.detector.Finish()
	n.tell()
	n.collector.Finish()
	return n.collector.Result(&n.cfg)
}

// of returns the buckets of a distribution as a line: good, unclear, attack.
func (n *network) of(list []Distribution, name string) string {
	n.t.Helper()
	i := slices.IndexFunc(list, func(d Distribution) bool { return d.Name == name })
	if i < 0 {
		return ""
	}
	var parts []string
	for _, s := range []Series{list[i].Good, list[i].Unclear, list[i].Attack} {
		part := ""
		for _, b := range s.Buckets {
			part += fmt.Sprintf(" %d:%d", b.Value, b.Count)
		}
		parts = append(parts, strings.TrimSpace(part))
	}
	return strings.Join(parts, " | ")
}

func (n *network) expect(list []Distribution, want map[string]string) {
	n.t.Helper()
	for name, line := range want {
		if got := n.of(list, name); got != line {
			n.t.Errorf("%s: %q, want %q", name, got, line)
		}
	}
}

// TestWhatPhonesDo: three logins of 40 phones, one of which mistypes once, and one that nobody lets in.
func TestWhatPhonesDo(t *testing.T) {
	n := newNetwork(t)
	n.logins(40, 3, 10*time.Minute)
	n.answers("192.0.2.7", "7@pbx", time.Second, 401, 403, 401, 200)
	n.answers("192.0.2.201", "900@pbx", 20*time.Second, 401, 403, 401, 403, 401)
	n.quiet(time.Hour)
	r := n.result()
	n.expect(r.Distributions, map[string]string{
		"rejections_per_login":             "1:120 3:1 | 5:1 | ",
		"challenges_per_login":             "1:120 2:1 |  | ",
		"lateness":                         "0:121 |  | ",
		"extensions_per_client":            "1:41 |  | ",
		"registrars_per_client":            "1:41 |  | ",
		"suspicious_extensions_per_client": "",
	})
	if r.Rejections != 128 || r.Acceptances != 121 {
		t.Errorf("%d rejections, %d acceptances", r.Rejections, r.Acceptances)
	}
	if len(r.Registrars) != 1 || n.of(r.Registrars[0].Distributions, "rejections_per_login") != "1:120 3:1 | 5:1 | " {
		t.Errorf("registrars: %+v", r.Registrars)
	}
}

// TestAttacksAreMeasuredByWhatTheyCameTo: each at the measure that its threshold judges, and at no other.
func TestAttacksAreMeasuredByWhatTheyCameTo(t *testing.T) {
	n := newNetwork(t)
	n.logins(40, 8, 10*time.Minute)
	n.answers("203.0.113.1", "1@pbx", 50*time.Millisecond, slices.Repeat([]int{401}, 300)...) // brute force
	for i := range 60 {                                                                       // scan
		n.answers("203.0.113.2", fmt.Sprintf("%d@scan", i), 100*time.Millisecond, 404)
	}
	for i := range 30 { // distributed
		n.answers(fmt.Sprintf("203.0.113.%d", 100+i), "2@pbx", 100*time.Millisecond, 401, 403)
	}
	for i := range 14 { // horizontal
		n.registrar = fmt.Sprintf("198.51.101.%d", i)
		n.answers("203.0.113.3", "1@pbx", 100*time.Millisecond, 404)
	}
	n.registrar = "198.51.100.10"
	n.answers("203.0.113.4", "3@pbx", 100*time.Millisecond, 404, 404) // two probes of one client that come to nothing
	n.answers("203.0.113.4", "4@pbx", 100*time.Millisecond, 404)
	n.quiet(2 * time.Hour)
	n.expect(n.result().Distributions, map[string]string{
		"rejections_per_login":             "1:320 | 1:1 2:1 | 300:1",
		"suspicious_extensions_per_client": " | 2:1 | 60:1",
		"suspicious_rejections_per_client": " | 3:1 | ",
		"suspicious_clients_per_extension": " |  | 30:1",
		"suspicious_registrars_per_client": " |  | 14:1",
		"suspicious_spread_per_registrar":  " | 9:1 | ",
	})
}

// TestEnteredAccountsAreNoPhones: what an attacker needs to get in is no login, nor what it does then.
func TestEnteredAccountsAreNoPhones(t *testing.T) {
	n := newNetwork(t)
	n.answers("203.0.113.1", "1@pbx", 50*time.Millisecond, slices.Repeat([]int{401}, 40)...)
	n.answers("203.0.113.1", "1@pbx", 50*time.Millisecond, 200, 401, 200, 401, 200)
	n.quiet(time.Hour)
	n.expect(n.result().Distributions, map[string]string{
		"rejections_per_login":  " |  | 40:1",
		"challenges_per_login":  " |  | 40:1",
		"lateness":              "",
		"extensions_per_client": "",
	})
}

// TestAttacksThatComeBack: the pause between two incidents of one attacker is one between attempts of attacks.
func TestAttacksThatComeBack(t *testing.T) {
	n := newNetwork(t)
	for range 2 {
		n.answers("203.0.113.1", "1@pbx", time.Second, slices.Repeat([]int{403}, 60)...)
		n.quiet(3 * time.Hour)
	}
	n.expect(n.result().Distributions, map[string]string{"pause_between_attempts": " |  | 1:80 10752:1"})
}

// TestForgottenPhonesAreCandidates: and attackers never are.
func TestForgottenPhonesAreCandidates(t *testing.T) {
	n := newNetwork(t)
	for range 3 {
		n.answers("192.0.2.9", "9@pbx", time.Minute, slices.Repeat([]int{403}, 40)...)                        // a phone
		n.answers("203.0.113.1", "9@other", 50*time.Millisecond, slices.Repeat([]int{403}, 40)...)            // no phone
		n.answers("203.0.113.2", "8@other", time.Minute, append(slices.Repeat([]int{403}, 40), 200)...)       // gets in, perhaps
		n.answers("203.0.113.3", "\"]\nx@pbx\x1b", time.Minute, slices.Repeat([]int{403}, 40)...)             // a strange phone
		n.answers("203.0.113.4", "9@pbx", 50*time.Millisecond, append(slices.Repeat([]int{401}, 40), 200)...) // gets in
		n.quiet(25 * time.Hour)
	}
	var got []string
	for _, c := range n.result().Allow {
		got = append(got, fmt.Sprintf("%s %q %d %d", c.Client, c.Extension, c.Incidents, c.Attempts))
	}
	want := []string{`203.0.113.3 "\"]\nx@pbx\x1b" 3 120`, `203.0.113.2 "8@other" 3 120`, `192.0.2.9 "9@pbx" 3 120`}
	if !slices.Equal(got, want) {
		t.Errorf("candidates %q, want %q", got, want)
	}
}

// TestBusyRegistrarsHaveFiguresOfTheirOwn, however many there are beside them.
func TestBusyRegistrarsHaveFiguresOfTheirOwn(t *testing.T) {
	n := newNetwork(t)
	for i := range 300 {
		n.registrar = netip.AddrFrom4([4]byte{10, 0, byte(i / 256), byte(i)}).String()
		n.logins(1, 1, time.Second)
	}
	n.registrar = "198.51.100.99"
	n.logins(40, 10, 10*time.Minute)
	r := n.result()
	if len(r.Registrars) != maxTracked || r.Registrars[0].Address.String() != n.registrar || r.Registrars[0].Runs != 400 {
		t.Errorf("%d registrars, the first %v with %d runs", len(r.Registrars), r.Registrars[0].Address, r.Registrars[0].Runs)
	}
	if got := n.of(r.Distributions, "rejections_per_login"); got != "1:700 |  | " {
		t.Errorf("all together: %s", got)
	}
}

// TestMemoryIsBounded: whatever comes.
func TestMemoryIsBounded(t *testing.T) {
	c := NewCollector(new(detect.DefaultConfig()))
	for i := range 100_000 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		name := fmt.Sprint(i)
		time := beginning + int64(i)
		c.RunEnded(&detect.RunEnd{Registrar: a, Client: a, Extension: name, Time: time, Accepted: true, Rejections: i, Late: int64(i), Renewal: int64(i)})
		c.RunEnded(&detect.RunEnd{Registrar: netip.MustParseAddr("10.0.0.1"), Client: netip.MustParseAddr("10.0.0.2"), Extension: name, Time: time, Accepted: true})
		c.Grouped(&detect.Group{Registrar: a, Client: a, Extension: name, Extensions: i, Clients: i, Registrars: i, Spread: i, SlowAttempts: i})
		c.Alert(&detect.Alert{State: detect.End, Kind: detect.BruteForce, Sequence: 1, Registrar: detect.Endpoint{Addr: a}, Client: detect.Endpoint{Addr: a}, Extension: name})
	}
	if len(c.registrars.others) > maxCounted || len(c.registrars.tracked) > maxTracked || len(c.windows.seen) > maxVisits ||
		len(c.windows.places) > maxVisits || len(c.peaks.of) > maxPeaks || len(c.ended.at) > maxEnded || len(c.candidates.of) > maxCandidates {
		t.Errorf("%d registrars, %d with figures, %d visits of %d places, %d groups, %d ended, %d candidates", len(c.registrars.others),
			len(c.registrars.tracked), len(c.windows.seen), len(c.windows.places), len(c.peaks.of), len(c.ended.at), len(c.candidates.of))
	}
	if n := len(c.AppendTo(nil, "")); n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

// TestSamplesSayWhatAllWouldSay: of 100,000 clients a part is looked at.
func TestSamplesSayWhatAllWouldSay(t *testing.T) {
	w, r := newWindows(), newRegistrars()
	for i := range 100_000 {
		client := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		for phone := range 1 + i%4 {
			w.note(&detect.RunEnd{Registrar: netip.MustParseAddr("198.51.100.10"), Client: client, Extension: fmt.Sprint(phone)})
		}
	}
	w.flush(&r)
	h := r.sum()[extensionsPerClient][good]
	for v := int64(1); v <= 4; v++ {
		share := float64(h.atLeast(v)-h.atLeast(v+1)) / float64(h.count())
		if h.count() < 1000 || share < 0.22 || share > 0.28 {
			t.Errorf("%d clients, %.2f of them with %d extensions", h.count(), share, v)
		}
	}
}
