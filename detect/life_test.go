package detect_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func TestUpdatesWaitForDoublingAndForTheInterval(t *testing.T) {
	s := newPlot(t)
	s.guess("192.0.2.66", "300@pbx", 25, time.Second)
	s.expect(bruteForceOf25...)
	s.guess("192.0.2.66", "300@pbx", 30, time.Second)
	s.expect() // doubled, but too soon
	s.guess("192.0.2.66", "300@pbx", 80, 4*time.Second)
	s.expect("update brute-force attempts=122 clients=1 extensions=1")
	s.guess("192.0.2.66", "300@pbx", 60, 10*time.Second)
	s.expect() // late enough, but not doubled
}

func TestReportEndIsOneAlertAnAttack(t *testing.T) {
	s := newPlot(t, func(c *detect.Config) { c.ReportEnd = true })
	s.guess("192.0.2.66", "100@pbx", 25, time.Second)
	for i := range 15 { // turns into a scan, which takes the brute force in
		s.answer("192.0.2.66", fmt.Sprintf("%d@pbx", 100+i), 404)
	}
	s.answer("192.0.2.66", "100@pbx", 200)
	s.d.Finish()
	s.expect("end extension-scan attempts=40 clients=1 extensions=15 successes=1")
}

func TestIDsAreUniqueAndStable(t *testing.T) {
	ids := func() map[string]bool {
		seen := map[string]bool{}
		s := newPlot(t)
		for round := range 3 {
			for i := range 50 {
				s.guess(fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("%d@pbx", i%10), 21, 10*time.Millisecond)
			}
			s.quiet(time.Duration(40+round) * time.Minute)
		}
		s.d.Finish()
		for _, a := range s.d.Alerts() {
			if a.State == detect.Open && seen[a.ID] {
				t.Errorf("two incidents have the id %s", a.ID)
			}
			seen[a.ID] = true
		}
		return seen
	}
	first, second := ids(), ids()
	if len(first) < 30 {
		t.Fatalf("%d incidents", len(first))
	}
	for id := range first {
		if !second[id] {
			t.Errorf("id %s is another one the second time", id)
		}
	}
}

func TestAlertTellsWhatIsKnown(t *testing.T) {
	s := newPlot(t)
	s.d.Observe(&detect.Flow{
		Time: beginning, Registrar: netip.MustParseAddr(pbx), Client: netip.MustParseAddr("192.0.2.66"),
		UserAgent: "friendly-scanner", Extension: "300@pbx",
	})
	s.guess("192.0.2.66", "300@pbx", 25, time.Second)
	a := s.d.Alerts()[0]
	if a.Registrar != (detect.Endpoint{Addr: netip.MustParseAddr(pbx), Port: 5060}) ||
		a.Client != (detect.Endpoint{Addr: netip.MustParseAddr("192.0.2.66"), Port: 5061}) ||
		a.Extension != "300@pbx" || a.Transport != detect.UDP || fmt.Sprint(a.UserAgents) != "[friendly-scanner]" ||
		a.First != beginning || a.Last != beginning+19_000 || fmt.Sprint(a.Rejections) != "[{401 20}]" ||
		a.Crossed != (detect.Crossing{Key: "attempts", Threshold: 20, Value: 20, Time: beginning + 19_000}) {
		t.Errorf("%+v", a)
	}
}

func TestQuietLinkGoesOnWithTheWallClock(t *testing.T) {
	s := newPlot(t)
	wall := beginning + 100_000 // the exporter is late, or its clock is
	s.d.Tick(wall)
	for i := range 10 { // challenges, which wait for the grace of a new detector
		s.guess("192.0.2.66", fmt.Sprintf("%d@pbx", i), 1, 0)
	}
	elapsed := int64(1_000)
	until := func(end int64) {
		for ; elapsed < end; elapsed += 1000 {
			s.d.Tick(wall + elapsed)
		}
	}
	until(330_000)
	s.expect()
	until(337_000)
	s.expect("open extension-scan attempts=10 clients=1 extensions=10")
	until(1_800_000)
	s.expect()
	until(1_811_000)
	s.expect("end extension-scan attempts=10 clients=1 extensions=10")
}

func TestWallClockThatIsSetEndsNothing(t *testing.T) {
	s := newPlot(t)
	s.d.Tick(beginning)
	s.guess("192.0.2.66", "300@pbx", 20, 10*time.Millisecond)
	s.d.Tick(beginning + 6_000)
	s.reports()
	s.d.Tick(beginning + 86_400_000) // a day ahead
	s.d.Tick(beginning + 86_401_000)
	s.expect()
	s.d.Tick(beginning - 86_400_000) // and back
	s.d.Tick(beginning - 86_399_000)
	s.expect()
	if got := s.d.Stats().Clock; got > beginning+20_000 {
		t.Errorf("the clock is %d ms on", got-beginning)
	}
}

func TestLiveRecordFromTheFutureIsRejected(t *testing.T) {
	s := newPlot(t)
	s.d.Tick(beginning)
	s.guess("192.0.2.66", "300@pbx", 20, 10*time.Millisecond)
	for range 20 { // however many agree
		s.d.Advance(beginning+301_000, 1)
	}
	if st := s.d.Stats(); st.TimeRejected != 20 || st.Clock > beginning+1000 {
		t.Errorf("%+v", st)
	}
	s.d.Advance(beginning+299_000, 1)
	if st := s.d.Stats(); st.Clock != beginning+299_000 {
		t.Errorf("clock %d", st.Clock-beginning)
	}
}
