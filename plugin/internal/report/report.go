package report

import (
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// Report is all that the page says. Times are UTC.
type Report struct {
	Version   string         `json:"version"`
	Sources   []string       `json:"sources"`
	Partial   bool           `json:"partial"` // reading was broken off
	From      time.Time      `json:"from"`    // first and last attempt of all incidents
	To        time.Time      `json:"to"`
	Verdict   Verdict        `json:"verdict"`
	Totals    Totals         `json:"totals"`
	BreakIns  List[BreakIn]  `json:"break_ins"`
	Timeline  Timeline       `json:"timeline"`
	Attackers List[Party]    `json:"attackers"`
	Servers   List[Party]    `json:"servers"`
	Accounts  List[Party]    `json:"accounts"`
	Campaigns List[Party]    `json:"campaigns"`
	Incidents List[Incident] `json:"incidents"`
	Quality   Quality        `json:"quality"`
	Changes   []Change       `json:"changes"`

	Calibration *calibrate.Result `json:"calibration,omitempty"` // nil without flow records
}

// List is the first of many, the worst first, and how many there are in all.
type List[T any] struct {
	Rows  []T `json:"rows"`
	Count int `json:"count"`
}

// Left is how many are not shown.
func (l List[T]) Left() int { return l.Count - len(l.Rows) }

// firstOf returns the list of the first few.
func firstOf[T any](all []T, limit int) List[T] {
	return List[T]{append([]T{}, all[:min(len(all), limit)]...), len(all)}
}

// The most rows of each list.
const (
	maxBreakIns  = 200
	maxParties   = 25
	maxIncidents = 50
)

// Verdict is the one thing to know.
type Verdict struct {
	Level    string `json:"level"` // confirmed, probable, attacks, quiet or nothing
	Headline string `json:"headline"`
	Detail   string `json:"detail"`
}

// Totals are the figures of everything, also of what the lists leave out.
type Totals struct {
	Attacks    int     `json:"attacks"`
	Open       int     `json:"open"`     // attacks that are not over
	Attempts   int     `json:"attempts"` // rejections that were counted in attacks
	Attackers  int     `json:"attackers"`
	Servers    int     `json:"servers"`
	Accounts   int     `json:"accounts"`
	Campaigns  int     `json:"campaigns"` // of more than one incident
	Confirmed  int     `json:"confirmed"` // accounts that were entered for sure
	Probable   int     `json:"probable"`  // further ones that probably were
	Owners     int     `json:"owners"`    // attacks after which an owner got in, most likely
	Outages    int     `json:"outages"`   // incidents that were no attacks
	Withdrawn  int     `json:"withdrawn"` // incidents taken back
	Merged     int     `json:"merged"`    // incidents that went into others
	Severities []Count `json:"severities"`
	Kinds      []Count `json:"kinds"`
}

// Count is how many attacks there are of something.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"count"`
}

// Options say what a Collector cannot know.
type Options struct {
	Version string
	Sources []string
	Partial bool
	Flows   *FlowQuality // nil where there were none

	Calibration *calibrate.Result // likewise
}

// Report makes the report of what was collected.
func (c *Collector) Report(o Options) *Report {
	all := c.ranked()
	parties := partiesOf(all)
	r := &Report{
		Version: alert.Clean(o.Version, maxName), Partial: o.Partial,
		BreakIns: breakInsOf(all), Timeline: timelineOf(all), Incidents: incidentsOf(all),
		Attackers: parties.attackers.list(), Servers: parties.servers.list(), Accounts: parties.accounts.list(),
		Campaigns:   parties.campaignList(),
		Calibration: cleaned(o.Calibration),
		Quality:     Quality{Alerts: c.alerts, Flows: o.Flows, Delay: delayOf(all)},
	}
	for _, name := range o.Sources {
		r.Sources = append(r.Sources, alert.Clean(name, maxName))
	}
	r.From, r.To = period(all)
	r.Totals = totalsOf(all)
	r.Totals.Attackers, r.Totals.Servers, r.Totals.Accounts = r.Attackers.Count, r.Servers.Count, r.Accounts.Count
	r.Totals.Campaigns = r.Campaigns.Count
	r.Totals.Confirmed, r.Totals.Probable = parties.entered()
	r.Verdict = r.verdict()
	r.Changes = r.changes()
	return r
}

// period is from the first attempt to the last.
func period(all []*incident) (from, to time.Time) {
	for _, inc := range all {
		if from.IsZero() || inc.Event.Start.Before(from) {
			from = inc.Event.Start
		}
		if inc.Event.End.After(to) {
			to = inc.Event.End
		}
	}
	return from.UTC(), to.UTC()
}

// severities are the four steps, the worst first.
var severities = []int{detect.SeverityCritical, detect.SeverityHigh, detect.SeverityMedium, detect.SeverityLow}

// totalsOf counts the attacks.
func totalsOf(all []*incident) Totals {
	var t Totals
	bySeverity, byKind := map[string]int{}, map[string]int{}
	for _, inc := range all {
		s := &inc.Siphunt.Incident
		switch {
		case s.State == merged:
			t.Merged++
		case s.State == withdrawn:
			t.Withdrawn++
		case s.Kind == outage:
			t.Outages++
		default:
			t.Attacks++
			t.Attempts += inc.Siphunt.Attempts
			bySeverity[severityName(inc.Event.Severity)]++
			byKind[s.Kind]++
			if !inc.isOver() {
				t.Open++
			}
			if s.Confidence == unlikely {
				t.Owners++
			}
		}
	}
	for _, severity := range severities {
		name := severityName(severity)
		t.Severities = append(t.Severities, Count{name, bySeverity[name]})
	}
	for k := detect.Scan; k < detect.Outage; k++ {
		if n := byKind[k.String()]; n > 0 {
			t.Kinds = append(t.Kinds, Count{k.String(), n})
		}
	}
	return t
}

// verdict says in a sentence what came of it all, and in another what to make of that.
func (r *Report) verdict() Verdict {
	t := &r.Totals
	switch {
	case t.Confirmed > 0 && t.Probable > 0:
		return Verdict{"confirmed", "Attackers entered " + humanize.Count(t.Confirmed, "account") + ", and probably " + humanize.Thousands(t.Probable) + " more.",
			"Lock these accounts now: what to do about each is below."}
	case t.Confirmed > 0:
		return Verdict{"confirmed", "Attackers entered " + humanize.Count(t.Confirmed, "account") + ".",
			"Lock " + plural(t.Confirmed, "it", "them") + " now: what to do is below."}
	case t.Probable > 0:
		return Verdict{"probable", "Attackers have probably entered " + humanize.Count(t.Probable, "account") + ".",
			"Ask " + plural(t.Probable, "the owner", "each owner") + "; lock the account unless the owner explains it. What to do is below."}
	case t.Attacks > 0:
		return Verdict{"attacks", "No account was seen to be entered.",
			"There " + plural(t.Attacks, "was", "were") + " " + humanize.Count(t.Attacks, "attack") + ", without a break-in that could be seen."}
	case r.isEmpty():
		return Verdict{"nothing", "Nothing was read.", "There are neither alerts nor SIP flow records in what was given."}
	}
	return Verdict{"quiet", "No attack was seen.", "What was read has no rejections that phones, owners and outages do not explain."}
}

// isEmpty tells whether there was nothing to be judged.
func (r *Report) isEmpty() bool {
	f := r.Quality.Flows
	return r.Quality.Alerts.Records == 0 && (f == nil || f.Relevant+f.Other == 0)
}
