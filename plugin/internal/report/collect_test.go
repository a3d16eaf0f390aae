package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// told is an alert as a test writes it.
type told struct {
	id, state, kind, confidence string
	sequence, severity          int
	attempts                    int
	client, server, account     string
	start, end                  int // seconds
	entered                     []string
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// line is the alert as siphunt writes it, as far as the report reads it.
func (a told) line() []byte {
	at := func(s int) string { return noon.Add(time.Duration(s) * time.Second).Format(time.RFC3339Nano) }
	type m = map[string]any
	incident := m{"id": a.id, "state": a.state, "kind": a.kind, "confidence": a.confidence}
	var successes []m
	for i, name := range a.entered {
		successes = append(successes, m{"extension": name, "client": a.client, "registrar": a.server, "timestamp": at(a.end + i), "attempts": 3, "confidence": a.confidence})
	}
	b, err := jsoniter.Marshal(m{
		"message": a.client + " did it",
		"event": m{"dataset": "siphunt.alert", "severity": a.severity, "risk_score": a.severity, "start": at(a.start), "end": at(a.end),
			"created": at(a.start + 7), "sequence": a.sequence, "reason": "20 rejections reached attempts = 20"},
		"source": m{"ip": a.client}, "destination": m{"ip": a.server},
		"siphunt": m{"incident": incident, "attempts": a.attempts, "success_count": len(a.entered), "successes": successes,
			"clients":    m{"count": 1, "top": []m{{"ip": a.client, "attempts": a.attempts}}},
			"extensions": m{"count": 1, "top": []m{{"name": a.account, "attempts": a.attempts}}},
			"registrars": m{"count": 1, "top": []m{{"ip": a.server, "attempts": a.attempts}}},
			"crossed":    m{"timestamp": at(a.start + 5)}},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// guessing is an incident of one who guesses, at its end.
func guessing(id string) told {
	return told{id: id, state: "end", kind: "brute-force", sequence: 3, severity: 47, attempts: 100, client: "198.18.1.13", server: "198.18.0.10",
		account: "300@198.18.0.10", end: 60}
}

// collected is the report of some alerts, each of which has to be taken for one.
func collected(t *testing.T, alerts ...told) *Report {
	t.Helper()
	c := NewCollector()
	for _, a := range alerts {
		if !c.Alert(a.line()) {
			t.Fatalf("no alert: %s", a.line())
		}
	}
	return c.Report(Options{Version: "test", Sources: []string{"alerts"}})
}

func TestLastAlertOfAnIncidentCounts(t *testing.T) {
	first, second, last := guessing("a"), guessing("a"), guessing("a")
	first.state, first.sequence, first.attempts = "open", 1, 20
	second.state, second.sequence, second.attempts = "update", 2, 40
	for _, order := range [][]told{{first, second, last}, {last, second, first}, {second, last, last, first, second}} {
		r := collected(t, order...)
		if r.Totals.Attacks != 1 || r.Totals.Attempts != 100 || r.Totals.Open != 0 || r.Incidents.Rows[0].State != "end" {
			t.Errorf("totals %+v, incidents %+v", r.Totals, r.Incidents)
		}
		if d := r.Quality.Delay; d == nil || d.Incidents != 1 || d.MedianSeconds != 2 {
			t.Errorf("delay %+v, want 2 s, from the first alert", d)
		}
	}
	if r := collected(t, first); r.Totals.Open != 1 {
		t.Error("an incident that is not over is not open")
	}
}

func TestWhatIsNoAttack(t *testing.T) {
	merged, taken, outage := guessing("m"), guessing("w"), guessing("o")
	merged.state, taken.state, outage.kind = "merged", "withdrawn", "registrar-outage"
	r := collected(t, guessing("a"), merged, taken, outage)
	want := Totals{Attacks: 1, Attempts: 100, Attackers: 1, Servers: 1, Accounts: 1, Outages: 1, Withdrawn: 1, Merged: 1}
	got := r.Totals
	got.Kinds, got.Severities = nil, nil
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if r.Incidents.Count != 3 || r.Attackers.Rows[0].Attacks != 1 || r.Verdict.Level != "attacks" {
		t.Errorf("%+v\n%+v\n%+v", r.Incidents, r.Attackers, r.Verdict)
	}
}

func TestBreakIns(t *testing.T) {
	sure, likely, owner := guessing("a"), guessing("b"), guessing("c")
	sure.severity, sure.confidence, sure.entered = 99, "confirmed", []string{"300@198.18.0.10", "301@198.18.0.10"}
	likely.severity, likely.confidence, likely.entered, likely.client = 73, "probable", []string{"301@198.18.0.10", "302@198.18.0.10"}, "198.18.1.14"
	owner.severity, owner.confidence, owner.entered = 21, "unlikely", []string{"303@198.18.0.10"}
	r := collected(t, owner, likely, sure)
	if r.Totals.Confirmed != 2 || r.Totals.Probable != 1 || r.Totals.Owners != 1 {
		t.Errorf("%+v, want 2 accounts for sure, one of which somebody else has entered probably, and 1 more", r.Totals)
	}
	if n := r.BreakIns.Count; n != 2 || r.BreakIns.Rows[0].Incident != "a" || r.BreakIns.Rows[1].Incident != "b" {
		t.Errorf("%d break-ins: %+v", n, r.BreakIns.Rows)
	}
	if r.Verdict.Headline != "Attackers entered 2 accounts, and probably 1 more." {
		t.Error(r.Verdict.Headline)
	}
	if todo := strings.Join(r.BreakIns.Rows[0].Todo, " "); !strings.Contains(todo, "Lock the accounts") || !strings.Contains(todo, "since 22 Nov 12:01:00 UTC") ||
		!strings.Contains(todo, "Block 198.18.1.13") {
		t.Errorf("to do: %s", todo)
	}
	if todo := strings.Join(r.BreakIns.Rows[1].Todo, " "); !strings.Contains(todo, "Ask the owners") {
		t.Errorf("to do: %s", todo)
	}
	entered := 0
	for _, b := range r.Timeline.Steps {
		entered += b.Entered
	}
	if entered != 4 {
		t.Errorf("%d accounts in the timeline, want 4", entered)
	}
}

// TestTodoWarns: a block must not hit somebody else.
func TestTodoWarns(t *testing.T) {
	for field, want := range map[string]string{
		`"forgeable":true`:    "may be forged",
		`"known_client":true`: "phones that were good before",
	} {
		a := guessing("a")
		a.severity, a.confidence, a.entered = 99, "confirmed", []string{"300"}
		c := NewCollector()
		c.Alert([]byte(strings.Replace(string(a.line()), `"incident":{`, `"incident":{`+field+",", 1)))
		if todo := strings.Join(c.Report(Options{}).BreakIns.Rows[0].Todo, " "); !strings.Contains(todo, want) || strings.Contains(todo, "at the edge") {
			t.Errorf("%s: %s", field, todo)
		}
	}
}

func TestWhatIsNoAlert(t *testing.T) {
	c := NewCollector()
	for _, line := range []string{
		"", "no JSON", "{}", `{"siphunt":1}`, `{"user_agent":"siphunt.alert"}`,
		`{"sip":{"user_agent":"siphunt"},"event":{"dataset":"sip"}}`,
		`{"SIP_USER_AGENT":"{\"event\":{\"dataset\":\"siphunt.alert\"},\"siphunt\":{\"incident\":{\"id\":\"x\"}}}"}`,
	} {
		if c.Alert([]byte(line)) {
			t.Errorf("taken for an alert: %s", line)
		}
	}
	tagged := fmt.Sprintf(`siphunt.alert: [1795340439.012000000, %s]`, guessing("a").line())
	if !c.Alert([]byte(tagged)) || len(c.incidents) != 1 {
		t.Error("what Fluent Bit's file output writes is no alert")
	}
	for _, other := range []string{
		`{"metadata":{"product":{"name":"siphunt"},"log_name":"siphunt.alert"},"unmapped":{"siphunt":{}}}`,
		`{"Format":"IDEA0","Node":[{"Name":"x","SW":["siphunt"]}]}`,
	} {
		if !c.Alert([]byte(other)) {
			t.Errorf("not known for an alert: %s", other)
		}
	}
	if c.alerts.OtherFormat != 2 {
		t.Errorf("%+v", c.alerts)
	}
}

func TestImpossibleFigures(t *testing.T) {
	backwards, negative, ancient := guessing("a"), guessing("b"), guessing("c")
	backwards.end = -1
	negative.attempts = -5
	ancient.start = -60 * 365 * 24 * 3600
	r := collected(t, backwards, negative, ancient)
	if r.Totals.Attacks != 0 || r.Quality.Alerts.Insane != 3 {
		t.Errorf("%+v %+v", r.Totals, r.Quality.Alerts)
	}
}

// TestMemoryIsBounded: the least severe go, what matters stays, and the page says so.
func TestMemoryIsBounded(t *testing.T) {
	c := NewCollector()
	c.limit = 5000
	breach := guessing("breach")
	breach.severity, breach.confidence, breach.entered = 99, "confirmed", []string{"300"}
	c.Alert(breach.line())
	const n = 2000
	for i := range n {
		a := guessing(fmt.Sprint("scan", i))
		a.severity = 21
		c.Alert(a.line())
		if c.weight > c.limit {
			t.Fatalf("weight %d after %d", c.weight, i)
		}
	}
	r := c.Report(Options{})
	if r.BreakIns.Count != 1 || r.Quality.Alerts.LeftOut == 0 || r.Totals.Attacks+r.Quality.Alerts.LeftOut != n+1 {
		t.Errorf("%d attacks, %d left out of %d; %d break-ins", r.Totals.Attacks, r.Quality.Alerts.LeftOut, n+1, r.BreakIns.Count)
	}
}

func TestFoldedAlertsAreTold(t *testing.T) {
	c := NewCollector()
	if !c.Alert([]byte(`{"event":{"dataset":"siphunt.alert","action":"sip-alerts-folded"},"siphunt":{"folded":[{"kind":"brute-force","state":"open","count":40},{"count":2}]}}`)) {
		t.Fatal("no alert")
	}
	r := c.Report(Options{})
	if r.Quality.Alerts.Folded != 42 || len(r.Changes) != 1 || !strings.Contains(r.Changes[0].What, "max_alerts_per_minute") {
		t.Errorf("%+v %+v", r.Quality, r.Changes)
	}
}

// TestTimeline: an attack is in every step that it may have touched.
func TestTimeline(t *testing.T) {
	long, short := guessing("a"), guessing("b")
	long.end, short.start, short.end, short.severity = 3600, 1800, 1810, 73
	r := collected(t, long, short)
	if r.Timeline.StepSeconds != 60 || len(r.Timeline.Steps) != 61 {
		t.Fatalf("%d steps of %d s", len(r.Timeline.Steps), r.Timeline.StepSeconds)
	}
	for i, b := range r.Timeline.Steps {
		high := 0
		if i == 30 {
			high = 1
		}
		if b.Medium != 1 || b.High != high {
			t.Errorf("step %d: %+v", i, b)
		}
	}
	if collected(t).Timeline.Steps != nil {
		t.Error("a timeline of nothing")
	}
}

func TestVerdictOfNothing(t *testing.T) {
	if v := collected(t).Verdict; v.Level != "nothing" {
		t.Errorf("%+v", v)
	}
	r := NewCollector().Report(Options{Flows: &FlowQuality{Records: 5, Relevant: 5}})
	if r.Verdict.Level != "quiet" {
		t.Errorf("%+v", r.Verdict)
	}
}

// FuzzAlert: whatever a line is, it is taken or not, and what is taken is harmless.
func FuzzAlert(f *testing.F) {
	breach := guessing("a")
	breach.severity, breach.confidence, breach.entered = 99, "confirmed", []string{"<script>", "\u202e"}
	f.Add(breach.line())
	f.Add(guessing("b").line())
	f.Add([]byte(`{"event":{"dataset":"siphunt.alert"},"siphunt":{"folded":[{"count":1}]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		c := NewCollector()
		c.Alert(line)
		c.Alert(guessing("z").line())
		r := c.Report(Options{})
		if len(r.Timeline.Steps) > maxBuckets+1 || r.Totals.Attempts < 0 || len(r.Incidents.Rows) > 2 {
			t.Errorf("%+v", r)
		}
		var json strings.Builder
		if err := r.WriteJSON(&json); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(json.String(), func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x202a && r <= 0x202e }) {
			t.Errorf("%q", json.String())
		}
	})
}
