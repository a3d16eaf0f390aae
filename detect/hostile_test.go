package detect_test

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Each test here is an attack on the detector itself: on its memory, its time, its clock, or what it says.

// Names of 64 KiB that begin alike are told apart, and no more of them is kept than of others.
func TestHugeNamesAreKeptShort(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxMembers = 100_000 })
	huge := strings.Repeat("x", 64<<10)
	const names = 4000
	before := heap()
	for i := range names {
		s.answer("192.0.2.66", fmt.Sprintf("%s%d@pbx", huge, i), 404)
	}
	if grown := heap() - before; grown > 2<<20 {
		t.Errorf("%d names of 64 KiB take %d bytes", names, grown)
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.State != detect.End || last.Extensions.Count != names || last.Extensions.Estimated {
		t.Fatalf("%d alerts, the last %+v, want a scan of %d extensions", len(alerts), last, names)
	}
	for _, m := range last.Extensions.Top {
		if len(m.Extension) > 64 {
			t.Errorf("an extension of %d bytes is reported", len(m.Extension))
		}
	}
}

// Endless User-Agents, probes and successes make no alert longer than its bounds.
func TestListsOfAnAlertAreBounded(t *testing.T) {
	s := newPlot(t)
	long := strings.Repeat("x", 64<<10)
	say := func(status int, n int) {
		s.d.Observe(&detect.Flow{
			Time: beginning + s.now.Milliseconds(), Registrar: netip.MustParseAddr(pbx), Client: netip.MustParseAddr("192.0.2.66"),
			Status: uint16(status), Extension: fmt.Sprintf("%d@pbx", n), UserAgent: fmt.Sprint(n, long), Probe: fmt.Sprint(n, long),
		})
		s.wait(time.Millisecond)
	}
	for n := range 500 {
		say(0, n)
		say(404, n)
	}
	s.quiet(10 * time.Second)
	for n := range 500 {
		say(0, n)
		say(401, n)
		say(401, n)
		say(200, n)
	}
	s.d.Finish()
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.State != detect.End || last.SuccessesN != 500 || len(last.Successes) != detect.MaxSuccesses {
		t.Errorf("%v with %d successes listed of %d, want the first %d of 500", last.State, len(last.Successes), last.SuccessesN, detect.MaxSuccesses)
	}
	for _, a := range alerts {
		if len(a.UserAgents) > detect.MaxUserAgents || len(a.Probes) > detect.MaxProbes || len(a.Extensions.Top) > detect.MaxTopExtensions {
			t.Fatalf("%d User-Agents, %d probes, %d extensions in one alert", len(a.UserAgents), len(a.Probes), len(a.Extensions.Top))
		}
		for _, text := range slices.Concat(a.UserAgents, a.Probes) {
			if len(text) > 128 {
				t.Fatalf("a text of %d bytes in an alert", len(text))
			}
		}
	}
	if len(last.UserAgents) != detect.MaxUserAgents || len(last.Probes) != detect.MaxProbes {
		t.Errorf("%d User-Agents and %d probes: the lists are not full, so that nothing is shown", len(last.UserAgents), len(last.Probes))
	}
}

// A million extensions in one scan: all are counted, the first max_members are told apart, the number is an estimate and
// says so, and memory is that of the members.
func TestScanOfAMillionExtensions(t *testing.T) {
	s := newPlot(t)
	before := heap()
	const extensions = 1_000_000
	for i := range extensions {
		s.answer("192.0.2.66", fmt.Sprintf("%d@pbx", i), 404)
		if i%100 == 0 {
			s.wait(50 * time.Millisecond)
		}
	}
	grown := heap() - before
	s.d.Finish()
	alerts := s.d.Alerts()
	last := alerts[len(alerts)-1]
	if last.Attempts != extensions {
		t.Errorf("%d attempts, want all %d", last.Attempts, extensions)
	}
	if off := math.Abs(float64(last.Extensions.Count)/extensions - 1); off > 0.025 { // three times 1.04 / sqrt(2^14)
		t.Errorf("an estimate of %d extensions, %.1f %% off", last.Extensions.Count, 100*off)
	}
	if !last.Extensions.Estimated || len(last.Extensions.Top) != detect.MaxTopExtensions {
		t.Errorf("estimated: %v, %d at the top", last.Extensions.Estimated, len(last.Extensions.Top))
	}
	if most := uint64(300*detect.DefaultConfig().MaxMembers + 4<<20); grown > most {
		t.Errorf("%d bytes for the scan, want no more than %d", grown, most)
	}
	if len(alerts) > 5 {
		t.Errorf("%d alerts about one scan", len(alerts))
	}
}

// Endless incidents, each of one rejection, do not get past max_incidents: each opens once and ends once, early.
func TestEndlessIncidents(t *testing.T) {
	const limit = 1000
	incidents := 100_000
	if os.Getenv("SIPHUNT_LONG") != "" {
		incidents = 1_000_000
	}
	s := newPlot(t, func(c *detect.Config) { c.Attempts, c.MaxIncidents, c.MaxPairs = 1, limit, 10_000 })
	f := detect.Flow{Registrar: netip.MustParseAddr(pbx), Status: 404, Transport: detect.UDP}
	ids, opened, ended := map[string]bool{}, 0, 0
	tally := func() {
		for _, a := range s.d.Alerts() {
			switch a.State {
			case detect.Open:
				opened++
				ids[a.ID] = true
			case detect.End:
				ended++
			default:
				t.Fatalf("reported %v", a.State)
			}
		}
	}
	for i := range incidents {
		f.Time, f.Client, f.Extension = beginning+int64(i/10)*100, addr4(10, i), fmt.Sprint(i)
		s.d.Observe(&f)
		if i%10_000 == 0 {
			tally()
			if open := s.d.Stats().Incidents; open > limit {
				t.Fatalf("%d incidents are open, max_incidents is %d", open, limit)
			}
		}
	}
	early := s.d.Stats().EndedEarly
	s.d.Finish()
	tally()
	if opened != incidents || ended != incidents || len(ids) != incidents {
		t.Errorf("%d opened under %d ids and %d ended, want %d", opened, len(ids), ended, incidents)
	}
	if early < uint64(incidents-limit-500) { // those of the last check were not open yet
		t.Errorf("%d ended early", early)
	}
}

// Answers of a million servers, of which each is one with limits of its own, are bounded as those of one are.
func TestAMillionRegistrars(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.MaxPairs = 10_000 })
	before := heap()
	for i := range 1_000_000 {
		s.d.Observe(&detect.Flow{
			Time: beginning + int64(i/100), Registrar: addr4(10, i), Client: netip.MustParseAddr("192.0.2.66"), Status: 401, Extension: "300@pbx",
		})
	}
	if grown := heap() - before; grown > 10<<20 {
		t.Errorf("%d bytes for %d pairs", grown, s.d.Stats().Pairs)
	}
	if pairs := s.d.Stats().Pairs; pairs != 10_000 {
		t.Errorf("%d pairs", pairs)
	}
}

// Ids name incidents, so those of different ones differ: for any two parts that differ, and for the same attack again.
func TestIDsAreOfOneIncident(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.ScanExtensions, c.Attempts, c.DistributedClients = 3, 3, 2 })
	keys := map[string]string{}
	tally := func() {
		for _, a := range s.d.Alerts() {
			if a.State == detect.Open && !a.Changed {
				key := fmt.Sprint(a.Kind, a.Registrar.Addr, a.Client.Addr, a.Extension, a.First)
				if other, taken := keys[a.ID]; taken {
					t.Fatalf("%q and %q have the same id", other, key)
				}
				keys[a.ID] = key
			}
		}
	}
	names := []string{"", "\x00", "\x00\x00", "a", "a\x00", "300", "300@pbx", "300@pbx\x00\x00\x01\xa2"}
	for range 2 {
		for registrar := range 8 {
			for client := range 100 {
				for _, name := range names[:1+(registrar+client)%len(names)] {
					for range 3 {
						s.d.Observe(&detect.Flow{
							Time: beginning + s.now.Milliseconds(), Registrar: addr4(10, registrar), Client: addr4(11, client%(10*(registrar+1))),
							Status: 403, Extension: name,
						})
					}
				}
				s.wait(time.Millisecond)
			}
			s.quiet(10 * time.Second)
		}
		s.d.Finish()
		s.wait(3 * time.Hour)
		for range 3 {
			s.quiet(50 * time.Minute)
		}
		tally()
	}
	if len(keys) < 300 {
		t.Errorf("only %d incidents", len(keys))
	}
}

// edges are times that no message has.
var edges = []int64{
	math.MinInt64, math.MinInt64 + 1, -1, 0, 1, 1 << 32, 253402300799999, 253402300800000, math.MaxInt64 - 1, math.MaxInt64,
}

// A record with an impossible time is dropped, in the midst of others or before them, in a replay or live, and an attack
// beside it is found with exact counts.
func TestTimesAtTheEdges(t *testing.T) {
	for _, live := range []bool{false, true} {
		for _, edge := range edges {
			for _, after := range []int{0, 15} {
				t.Run(fmt.Sprintf("live=%v/%d/after=%d", live, edge, after), func(t *testing.T) {
					s := newPlot(t)
					if live {
						s.d.Tick(beginning)
					}
					s.guess("192.0.2.66", "300@pbx", after, 5*time.Second)
					s.d.Observe(&detect.Flow{Time: edge, Registrar: netip.MustParseAddr(pbx), Client: netip.MustParseAddr("192.0.2.7"), Status: 401, Extension: "x"})
					s.guess("192.0.2.66", "300@pbx", 40-after, 5*time.Second)
					s.d.Finish()
					want := 40
					if first := after == 0 && !live && edge >= 0 && edge <= 1<<32; first {
						want = 40 - 9 // those until ten have agreed that time is elsewhere
					}
					reports := s.reports()
					if end := fmt.Sprintf("end brute-force attempts=%d clients=1 extensions=1", want); len(reports) == 0 || reports[len(reports)-1] != end {
						t.Errorf("reported %q, want %q", reports, end)
					}
				})
			}
		}
	}
}

// A clock that is pulled to and fro by single records stays where it is: no attack ends for it.
func TestRedirectsOfTheClock(t *testing.T) {
	for _, live := range []bool{false, true} {
		s := newPlot(t)
		for i := range 2000 {
			if live {
				s.d.Tick(beginning + s.now.Milliseconds())
			}
			s.answer("192.0.2.66", "300@pbx", 401)
			for _, away := range []time.Duration{2 * time.Hour, -2 * time.Hour, 1000 * time.Hour, 6 * time.Minute, -40 * time.Minute} {
				if away == 6*time.Minute && !live || i == 0 {
					continue // within an hour a replay believes it
				}
				s.d.Advance(beginning+(s.now+away).Milliseconds(), 1)
			}
			s.wait(time.Second)
		}
		s.quiet(time.Second)
		lines := s.reports()
		if len(lines) == 0 || lines[0] != "open brute-force attempts=20 clients=1 extensions=1" && lines[0] != "open brute-force attempts=25 clients=1 extensions=1" {
			t.Errorf("live %v: %q", live, lines)
		}
		if st := s.d.Stats(); st.Rejections != 2000 || st.Incidents != 1 || st.Clock != beginning+s.now.Milliseconds() {
			t.Errorf("live %v: %+v", live, st)
		}
	}
}

// Ten records that agree move the clock of a replay. Whoever does that again and again takes no more memory and no more
// time than what passes, and what comes then is still judged. A live clock does not care.
func TestTenThatAgreeAgainAndAgain(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.KnownGoodTTL = 12 * 24 * time.Hour })
	s.answer("192.0.2.1", "1@pbx", 200)
	start, before := cpu(), heap()
	for range 500 {
		s.wait(25 * time.Hour)
		for range 10 {
			s.answer("192.0.2.1", "1@pbx", 200) // keeps the detector from being idle
		}
	}
	if spent := cpu() - start; spent > 20*time.Second {
		t.Errorf("%v of CPU", spent)
	}
	if now := heap(); now > before+4<<20 {
		t.Errorf("%d bytes more", now-before)
	}
	if clock := s.d.Stats().Clock; clock != beginning+s.now.Milliseconds() {
		t.Errorf("the clock is %d ms off", clock-beginning-s.now.Milliseconds())
	}
	s.guess("192.0.2.66", "300@pbx", 25, time.Second)
	s.quiet(10 * time.Second)
	s.expect("open brute-force attempts=20 clients=1 extensions=1")

	live := newPlot(t)
	live.d.Tick(beginning)
	live.answer("192.0.2.1", "1@pbx", 200)
	for range 1000 {
		live.d.Advance(beginning+(25*time.Hour).Milliseconds(), 10)
	}
	if st := live.d.Stats(); st.Clock != beginning || st.TimeRejected != 10_000 {
		t.Errorf("live: %+v", st)
	}
}

// Two failures and a success, for ever, on one account: a user who cannot type. It takes one pair.
func TestTwoFailuresAndASuccessForEver(t *testing.T) {
	s := newPlot(t)
	round := func(extension string) {
		for _, status := range []int{401, 401, 200} {
			s.answer("192.0.2.66", extension, status)
			s.wait(10 * time.Millisecond)
		}
	}
	for range 10_000 {
		round("300@pbx")
	}
	s.quiet(10 * time.Second)
	s.expect()
	if pairs := s.d.Stats().Pairs; pairs != 1 {
		t.Errorf("%d pairs", pairs)
	}
	// The same within a scan: the first is a success, the others are logins, which keep nothing open.
	for i := range 1000 {
		s.answer("192.0.2.66", fmt.Sprintf("scanned%d@pbx", i), 404)
	}
	s.quiet(10 * time.Second)
	s.d.Alerts()
	for range 500 {
		round("scanned7@pbx")
		s.wait(10 * time.Second)
	}
	alerts := s.d.Alerts()
	if len(alerts) != 2 || alerts[0].State != detect.Success || alerts[1].State != detect.End {
		t.Fatalf("reported %+v, want a success and the end", alerts)
	}
	for _, a := range alerts {
		if a.SuccessesN != 1 || a.Attempts != 1000+2 {
			t.Errorf("%v with %d successes and %d attempts", a.State, a.SuccessesN, a.Attempts)
		}
	}
}

// Who fills all places of max_pairs inside incidents blinds nobody: what comes then is found, told apart as far as there
// is room.
func TestFullIncidentsHideNoOther(t *testing.T) {
	for name, test := range map[string]struct {
		attack func(s *plot)
		want   string
	}{
		"brute force": {
			func(s *plot) { s.guess("192.0.2.67", "300@pbx", 25, time.Millisecond) },
			"open brute-force attempts=20 clients=1 extensions=1",
		},
		"scan": {
			func(s *plot) {
				for i := range 30 {
					s.answer("192.0.2.67", fmt.Sprintf("%d@pbx", i), 404)
				}
			},
			"open extension-scan attempts=10 clients=1 extensions=10",
		},
		"distributed": {
			func(s *plot) {
				for i := range 30 {
					s.answer(fmt.Sprintf("198.51.100.%d", i), "300@pbx", 404)
				}
			},
			"open distributed-brute-force attempts=21 clients=21 extensions=1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPlot(t, func(c *detect.Config) { c.MaxPairs = 100 })
			for i := range 200 {
				s.answer("192.0.2.66", fmt.Sprintf("full%d@pbx", i), 404)
				s.wait(50 * time.Millisecond)
			}
			s.quiet(5 * time.Second)
			s.d.Alerts()
			test.attack(s)
			s.quiet(5 * time.Second)
			s.expect(test.want)
			test.attack(s)
			s.quiet(5 * time.Second)
			s.expect()
			s.d.Finish()
			opens := 0
			for _, a := range s.d.Alerts() {
				if a.State == detect.Open {
					opens++
				}
			}
			if opens > 0 || s.d.Stats().Incidents > 0 {
				t.Errorf("%d incidents opened again, %d never ended", opens, s.d.Stats().Incidents)
			}
		})
	}
}
