package detect_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// diary is an observer that writes down what it is told.
type diary struct {
	runs   []detect.RunEnd
	groups []detect.Group
	pauses []string
}

func (d *diary) RunEnded(r *detect.RunEnd) {
	kept := *r
	kept.Extension = fmt.Sprint(r.Extension) // it is valid during the call only
	d.runs = append(d.runs, kept)
}

func (d *diary) Grouped(g *detect.Group) { d.groups = append(d.groups, *g) }

func (d *diary) Paused(ms int64, attack bool) { d.pauses = append(d.pauses, fmt.Sprint(ms, attack)) }

// run is one of the diary's in a line.
func run(r *detect.RunEnd) string {
	line := fmt.Sprintf("%s %s %d/%d", r.Client, r.Extension, r.Challenges, r.Rejections)
	for _, f := range []struct {
		is   bool
		word string
	}{{r.Accepted, "accepted"}, {r.KnownGood, "known"}, {r.Unexplained, "unexplained"}, {r.Doubtful, "doubtful"}, {r.InIncident, "incident"},
		{r.Entered, "entered"}, {r.Slow, "slow"}, {r.Doubled, "doubled"}} {
		if f.is {
			line += " " + f.word
		}
	}
	return line
}

func observed(t *testing.T, change ...func(*detect.Config)) (*plot, *diary) {
	s, d := newPlot(t, change...), &diary{}
	s.d.SetObserver(d)
	return s, d
}

func (d *diary) expectRuns(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for i := range d.runs {
		got = append(got, run(&d.runs[i]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("told of runs\n  %q\nwant\n  %q", got, want)
	}
	d.runs = nil
}

func TestObserverIsToldOfRuns(t *testing.T) {
	s, d := observed(t)
	s.login("192.0.2.1", "100@pbx") // a login, and a minute later another one, whose acceptance is late
	s.quiet(time.Minute)
	s.late = 12 * time.Second
	s.login("192.0.2.1", "100@pbx")
	s.late = 0
	s.quiet(time.Minute)
	if r := d.runs[1]; r.Late != 12_000 || r.Renewal != 60_040 || r.Lasted != 20 {
		t.Errorf("late %d, renewal %d, lasted %d", r.Late, r.Renewal, r.Lasted)
	}
	d.expectRuns(t, "192.0.2.1 100@pbx 1/1 accepted", "192.0.2.1 100@pbx 1/1 accepted known")

	s.answers("192.0.2.2", "200@pbx", time.Second, 401, 403) // gives up
	s.answers("192.0.2.1", "100@pbx", time.Second, 403)      // one who is known does, too
	s.quiet(40 * time.Minute)
	d.expectRuns(t, "192.0.2.2 200@pbx 1/2 unexplained", "192.0.2.1 100@pbx 0/1 known")

	s.guess(attacker, "300@pbx", 30, 50*time.Millisecond)
	s.answer(attacker, "300@pbx", 200)
	s.quiet(time.Second)
	d.expectRuns(t, attacker+" 300@pbx 30/30 accepted unexplained incident entered")
	if want := slices.Repeat([]string{"50 true"}, 10); !slices.Equal(d.pauses, want) {
		t.Errorf("pauses %v", d.pauses)
	}
}

func TestObserverIsToldOfGroups(t *testing.T) {
	s, d := observed(t)
	for n := range 12 {
		s.answers(attacker, fmt.Sprintf("%d@pbx", n), time.Second, 404)
	}
	s.registrar = "198.51.100.11"
	s.answers(attacker, "1@pbx", time.Second, 404)
	var got []string
	for _, g := range d.groups {
		got = append(got, fmt.Sprintf("%d/%d/%d/%d", g.Extensions, g.Clients, g.Rejections, g.Registrars))
	}
	want := []string{"1/1/0/1", "2/1/2/1", "3/1/3/1", "4/1/4/1", "5/1/5/1", "6/1/6/1", "7/1/7/1", "8/1/8/1", "9/1/9/1", "10/1/10/1", "1/1/0/1"}
	if !slices.Equal(got, want) {
		t.Errorf("extensions/clients/rejections/registrars\n  %v\nwant\n  %v", got, want)
	}
}

func TestObserverIsToldOfFailing(t *testing.T) {
	s, d := observed(t)
	for n := range 30 {
		s.login(fmt.Sprintf("192.0.2.%d", n), fmt.Sprintf("%d@pbx", n))
	}
	s.quiet(time.Minute)
	for n := range 8 {
		s.answers(fmt.Sprintf("192.0.2.%d", n), fmt.Sprintf("%d@pbx", n), 10*time.Millisecond, 403, 403, 403)
	}
	s.quiet(10 * time.Second)
	if g := d.groups[len(d.groups)-1]; g.Failing != 8 || g.KnownClients != 30 {
		t.Errorf("%+v", g)
	}
}

// TestObserverChangesNothing: it has no say.
func TestObserverChangesNothing(t *testing.T) {
	for seed := range uint64(4) {
		w := newTown(seed, 5*time.Hour)
		w.settle(4000)
		for range 20 {
			w.guess(w.from+w.between(0, 4*time.Hour), 5+w.IntN(40), time.Second, w.newPair(), 401, 403)
		}
		records := w.inOrderOfArrival()
		var told [2][]string
		for i, o := range []detect.Observer{nil, &diary{}} {
			d, err := detect.New(detect.DefaultConfig())
			if err != nil {
				t.Fatal(err)
			}
			d.SetObserver(o)
			for j := range records {
				d.Observe(&records[j].flow)
			}
			d.Finish()
			told[i] = lines(d.Alerts())
			if watched := o != nil; watched && len(o.(*diary).runs) < 1000 {
				t.Errorf("seed %d: the observer was told of %d runs", seed, len(o.(*diary).runs))
			}
		}
		if len(told[0]) == 0 || !slices.Equal(told[0], told[1]) {
			t.Errorf("seed %d: %d alerts without an observer, %d with one, or others", seed, len(told[0]), len(told[1]))
		}
	}
}

// counter is an observer that keeps nothing.
type counter struct{ told int }

func (c *counter) RunEnded(*detect.RunEnd) { c.told++ }
func (c *counter) Grouped(*detect.Group)   { c.told++ }
func (c *counter) Paused(int64, bool)      { c.told++ }

// loginsOf is a detector with known pairs, and the next batch of their logins.
func loginsOf(tb testing.TB, pairs int, o detect.Observer) (batch func()) {
	s := newSpeaker()
	d := newDetector(tb, func(*detect.Config) {})
	d.SetObserver(o)
	now, i := beginning, 0
	batch = func() {
		for at := range perBatch {
			s.answer(at, i/2%pairs, now).Status = uint16(401 - 201*(i%2))
			i++
		}
		now += 600
		d.ObserveAll(s.flows[:])
	}
	for i < 2*pairs {
		batch()
	}
	return batch
}

func TestObserverAllocatesNothing(t *testing.T) {
	c := &counter{}
	batch := loginsOf(t, 2000, c)
	told := c.told
	if n := testing.AllocsPerRun(20, batch); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if c.told-told != 21*perBatch/2 {
		t.Errorf("told %d times", c.told-told)
	}
}

// The same logins without an observer and with one, in turn, so that both have the same machine; x is the ratio of what they take.
func BenchmarkObserver(b *testing.B) {
	with, without := loginsOf(b, 50_000, &counter{}), loginsOf(b, 50_000, nil)
	var spent [2]time.Duration
	for b.Loop() {
		for i, batch := range []func(){without, with} {
			begin := cpu()
			batch()
			spent[i] += cpu() - begin
		}
	}
	report(b, b.N*perBatch, spent[1])
	b.ReportMetric(spent[1].Seconds()/spent[0].Seconds(), "x")
}
