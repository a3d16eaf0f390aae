package network

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

var (
	server, elsewhere   = netip.MustParseAddr("100.64.0.1"), netip.MustParseAddr("100.64.0.2")
	mallory, oscar      = netip.MustParseAddr("198.18.0.1"), netip.MustParseAddr("198.18.0.2")
	office, home        = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	victim, bob         = "700000@pbx.example.net", "1000@pbx.example.net"
	attackBegins        = Start + hour
	byMallory, inOffice = attackOf(mallory), attackOf(office, office)
)

// attackOf is a planted one: ten rejections of the victim's account, perhaps two more, then in.
func attackOf(client netip.Addr, shared ...netip.Addr) *Attack {
	return &Attack{
		Kind: "guesses", Registrars: []netip.Addr{server}, Clients: []netip.Addr{client}, Extensions: []string{victim}, Shared: shared,
		Begin: attackBegins, First: attackBegins + second, Last: attackBegins + minute, Rejections: 10, Perhaps: 2,
		BreakIns: []BreakIn{{server, victim, client, attackBegins + minute}},
	}
}

// truthOf has, beside the attacks, a home and an office, and a registrar that rejects its phones for an hour.
func truthOf(attacks ...*Attack) *Truth {
	t := newTruth(DefaultOptions)
	t.Attacks = attacks
	t.Registrations[Home], t.Registrations[NAT] = 1000, 2000
	t.client(home, Home)
	t.client(office, NAT)
	t.account(bob, StalePassword)
	t.account(victim, Victim)
	t.Outages[elsewhere] = Outage{Migration, Start + 5*hour, Start + 6*hour}
	return t
}

// report is a brute force by a client on the victim's account, two minutes after the attack began.
func report(client netip.Addr, change ...func(a *detect.Alert)) *detect.Alert {
	a := &detect.Alert{
		ID: "1", State: detect.Open, Kind: detect.BruteForce, Time: attackBegins + 2*minute, Severity: detect.SeverityMedium,
		Registrar: detect.Endpoint{Addr: server}, Client: detect.Endpoint{Addr: client}, Extension: victim, Attempts: 10,
	}
	for _, f := range change {
		f(a)
	}
	return a
}

func entered(extension string, client netip.Addr, sure detect.Confidence) func(a *detect.Alert) {
	return func(a *detect.Alert) {
		a.State, a.Severity, a.SuccessesN = detect.Success, detect.SeverityCritical, 1
		a.Successes = []detect.Succeeded{{Extension: extension, Client: client, Registrar: server, Confidence: sure}}
	}
}

func id(id string) func(a *detect.Alert)     { return func(a *detect.Alert) { a.ID = id } }
func attempts(n int) func(a *detect.Alert)   { return func(a *detect.Alert) { a.Attempts = n } }
func campaign(id string) func(*detect.Alert) { return func(a *detect.Alert) { a.Campaign.ID = id } }
func state(s detect.State) func(*detect.Alert) {
	return func(a *detect.Alert) { a.State = s }
}
func mergedInto(id string) func(*detect.Alert) {
	return func(a *detect.Alert) { a.State, a.MergedInto = detect.Merged, id }
}
func at(ms int64) func(*detect.Alert)       { return func(a *detect.Alert) { a.Time = ms } }
func on(account string) func(*detect.Alert) { return func(a *detect.Alert) { a.Extension = account } }
func kindOf(k detect.Kind, r netip.Addr) func(*detect.Alert) {
	return func(a *detect.Alert) { a.Kind, a.Registrar.Addr = k, r }
}
func severe(n int) func(*detect.Alert) { return func(a *detect.Alert) { a.Severity = n } }

// TestJudge holds some reports beside what was planted.
func TestJudge(t *testing.T) {
	type figures struct {
		told, exact, incidents, campaigns, breakIns int
		critical, serious                           int   // of good traffic
		blamed                                      Cause // on which cause what is false is counted
		missed, inexact                             int   // lines
	}
	for name, tt := range map[string]struct {
		planted *Attack
		reports []*detect.Alert
		want    figures
	}{
		"nothing": {byMallory, nil, figures{missed: 2}},
		"all of it": {byMallory,
			[]*detect.Alert{report(mallory), report(mallory, entered(victim, mallory, detect.Probable))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, breakIns: 1}},
		"what may count or not": {byMallory, []*detect.Alert{report(mallory, attempts(12))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"too much": {byMallory, []*detect.Alert{report(mallory, attempts(13))},
			figures{told: 1, incidents: 1, campaigns: 1, missed: 1, inexact: 1}},
		"two halves of one campaign": {byMallory,
			[]*detect.Alert{report(mallory, attempts(5), campaign("c")), report(mallory, attempts(5), campaign("c"), id("2"))},
			figures{told: 1, exact: 1, incidents: 2, campaigns: 1, missed: 1}},
		"one that went into the other": {byMallory,
			[]*detect.Alert{report(mallory, id("2")), report(mallory, id("2"), mergedInto("1")), report(mallory)},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"one that an older incident took in": {byMallory,
			[]*detect.Alert{report(oscar, at(Start), on("1@pbx")), report(mallory, id("2")), report(mallory, id("2"), mergedInto("1"))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"withdrawn": {byMallory, []*detect.Alert{report(mallory), report(mallory, state(detect.Withdrawn))}, figures{missed: 2}},
		"a break-in that is unlikely": {byMallory, []*detect.Alert{report(mallory, entered(victim, mallory, detect.Unlikely))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"before it began": {byMallory, []*detect.Alert{report(mallory, at(Start))},
			figures{serious: 1, blamed: Victim, missed: 2}},
		"somebody else": {byMallory, []*detect.Alert{report(oscar, on("1@pbx"))}, figures{serious: 1, blamed: NoCause, missed: 2}},
		"many clients on the account": {byMallory, []*detect.Alert{report(oscar, kindOf(detect.Distributed, server))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"at another registrar": {byMallory, []*detect.Alert{report(mallory, kindOf(detect.Scan, elsewhere))},
			figures{serious: 1, missed: 2}},
		"many registrars": {byMallory, []*detect.Alert{report(mallory, kindOf(detect.HorizontalScan, elsewhere))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"a phone with an old password": {byMallory, []*detect.Alert{report(home, on(bob), severe(detect.SeverityCritical))},
			figures{critical: 1, serious: 1, blamed: StalePassword, missed: 2}},
		"a harmless one": {byMallory, []*detect.Alert{report(home, on(bob), severe(detect.SeverityLow))},
			figures{blamed: StalePassword, missed: 2}},
		"an outage": {byMallory, []*detect.Alert{report(netip.Addr{}, kindOf(detect.Outage, elsewhere), at(Start+5*hour+minute), on(""))},
			figures{serious: 1, blamed: Migration, missed: 2}},
		"behind an office's address": {inOffice, []*detect.Alert{report(office)},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, missed: 1}},
		"the office itself": {inOffice, []*detect.Alert{report(office, on("2000@pbx.example.net"))},
			figures{serious: 1, blamed: NAT, missed: 2}},
		"a good phone among the break-ins": {byMallory,
			[]*detect.Alert{report(mallory, entered(victim, mallory, detect.Confirmed)), report(mallory, entered(bob, home, detect.Confirmed))},
			figures{told: 1, exact: 1, incidents: 1, campaigns: 1, breakIns: 1, critical: 1, serious: 1, blamed: StalePassword}},
	} {
		t.Run(name, func(t *testing.T) {
			var found Incidents
			for _, a := range tt.reports {
				found.Add(a)
			}
			r := Judge(truthOf(tt.planted), &found)
			k, good := r.Kinds[0], r.Good()
			got := figures{
				told: k.Told, exact: k.Exact, incidents: k.Incidents, campaigns: k.Campaigns, breakIns: k.BreakInsTold,
				critical: good.Critical(), serious: good.Serious(), missed: len(r.Missed), inexact: len(r.Inexact),
			}
			for c, cause := range r.Causes {
				if cause.Alerts != [4]int{} || cause.Accused != [2]int{} {
					got.blamed = Cause(c)
				}
			}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v\n%q", got, tt.want, slices.Concat(r.Missed, r.Inexact, r.False))
			}
		})
	}
}

// TestFaults: a small network has no room for an alert of severity 99, and for one incident of 47.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		critical, serious, registrations, faults int
	}{
		{0, 0, 1000, 0}, {0, 1, 1000, 0}, {0, 2, 1000, 1}, {1, 1, 1000, 1}, {1, 5, 1_000_000, 0}, {2, 6, 1_000_000, 2},
	} {
		var r Result
		r.Causes[Home] = CauseResult{
			Registrations: tt.registrations, Alerts: [4]int{0, 0, 0, tt.critical}, Incidents: [4]int{0, tt.serious, 0, 0},
		}
		if faults := r.Faults(); len(faults) != tt.faults {
			t.Errorf("%+v: %q", tt, faults)
		}
	}
	r := Result{Missed: []string{"an attack"}}
	if faults := r.Faults(); !slices.Equal(faults, r.Missed) {
		t.Errorf("%q", faults)
	}
}

// TestReport writes two networks down, as text and as Markdown.
func TestReport(t *testing.T) {
	var results []*Result
	for seed, reports := range [][]*detect.Alert{
		{report(mallory), report(mallory, entered(victim, mallory, detect.Probable))},
		{report(home, on(bob))},
	} {
		var found Incidents
		for _, a := range reports {
			found.Add(a)
		}
		r := Judge(truthOf(byMallory), &found)
		r.Truth.Options.Seed, r.Truth.Records = uint64(seed+1), 10_000
		results = append(results, r)
	}
	for _, tt := range []struct {
		report  Report
		has     []string
		without string
	}{
		{Report{Results: results}, []string{
			"│ guesses │       2 │    1 │", "probable 1 │    99: 1 │", `seed 2: missed: "guesses"`, "seed 2: untold break-in", "20,000",
			"│ stale password of a known phone │             0 │         0 │         1 │",
		}, "false: "},
		{Report{Results: results, Verbose: true}, []string{"seed 2: false: severity 47, brute-force"}, "inexact: "},
		{Report{Results: results, Markdown: true}, []string{
			"| guesses | 2 | 1 |", "| ---:|", "| all | 6,000 |", "| all |  |  |  |  | 20,000 | 6,000 | 2 | 1 | 2 | 1 | 0.0 | 166.7 |",
		}, "missed: "},
		{Report{Results: results[:1], Markdown: true}, []string{"| 1 | prompt | 40 | 3,000 | 26 | 10,000 | 3,000 | 1 | 1 | 1 | 1 | 0.0 | 0.0 |"}, "seed 1:"},
	} {
		var out bytes.Buffer
		tt.report.Write(&out)
		for _, s := range tt.has {
			if !strings.Contains(out.String(), s) {
				t.Errorf("%q is missing in\n%s", s, &out)
			}
		}
		if strings.Contains(out.String(), tt.without) {
			t.Errorf("%q is in\n%s", tt.without, &out)
		}
	}
}
