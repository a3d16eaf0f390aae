// Package dashboard makes the dashboards of conf/siem: one list of panels, written for OpenSearch Dashboards, for Kibana and for
// Grafana. A panel asks one question of the alerts or of the incidents; its query and its aggregations are the same in all
// three files.
package dashboard

import "github.com/siphunt/siphunt/plugin/cmd/siphunt/siem"

// Source is where a panel's documents come from.
type Source struct {
	ID, Index, Title string
}

// The sources.
var (
	Alerts    = Source{"siphunt-alerts", "logs-siphunt.alert-*", "siphunt: alerts"}
	Incidents = Source{"siphunt-incidents", siem.Incidents, "siphunt: incidents"}
)

// Kind is how a panel looks.
type Kind int

// The kinds.
const (
	Number Kind = iota // one figure
	List               // documents, newest first
	Table              // groups with measures
	Bars               // measures over time, a colour for each group
	Map                // documents by place
)

// Measure is what a panel counts of a group. Without a field it counts documents.
type Measure struct {
	Of    string // count, max, sum or cardinality
	Field string
	Label string
}

// Panel is one question.
type Panel struct {
	ID, Title string
	Kind      Kind
	Source    Source
	Query     string    // in Lucene's syntax; empty is all
	Columns   []string  // of a list
	Group     string    // field; of a table, bars
	Time      string    // field; of bars
	Measures  []Measure // of a number, a table, bars; none is a count
	X, Y      int       // of 48 columns
	W, H      int
}

const (
	brokenIn = "siphunt.success_count:>0 AND NOT siphunt.incident.confidence:unlikely"
	ended    = "siphunt.incident.state:(end OR merged OR withdrawn)"
	noAttack = "siphunt.incident.kind:registrar-outage OR siphunt.incident.phone_like:true OR siphunt.incident.known_client:true"
	attack   = "NOT (" + noAttack + ")"
)

var count = Measure{Of: "count", Label: "incidents"}

// Panels are all of them, in order of what an analyst looks at first.
var Panels = []Panel{
	{ID: "break-ins-count", Title: "Break-ins", Kind: Number, Source: Incidents, Query: brokenIn, W: 12, H: 6},
	{ID: "open-count", Title: "Open incidents", Kind: Number, Source: Incidents, Query: "NOT " + ended, X: 12, W: 12, H: 6},
	{ID: "severe-count", Title: "Incidents, high or critical", Kind: Number, Source: Incidents, Query: "event.severity:>=73", X: 24, W: 12, H: 6},
	{ID: "attackers-count", Title: "Attackers", Kind: Number, Source: Incidents, Query: attack,
		Measures: []Measure{{"cardinality", "source.ip", "clients"}}, X: 36, W: 12, H: 6},
	{ID: "break-ins", Title: "Break-ins: lock these accounts", Kind: List, Source: Incidents, Query: brokenIn,
		Columns: []string{"event.severity", "siphunt.incident.confidence", "user.name", "source.ip", "destination.ip", "message"}, Y: 6, W: 48, H: 14},
	{ID: "attacks", Title: "Attacks over time, by kind", Kind: Bars, Source: Incidents, Query: attack,
		Group: "siphunt.incident.kind", Time: "event.start", Measures: []Measure{count}, Y: 20, W: 48, H: 14},
	{ID: "attackers", Title: "Attackers", Kind: Table, Source: Incidents, Query: attack, Group: "source.ip",
		Measures: []Measure{count, {"sum", "siphunt.attempts", "attempts"}, {"max", "event.risk_score", "risk"}}, Y: 34, W: 24, H: 14},
	{ID: "servers", Title: "Servers under attack", Kind: Table, Source: Incidents, Query: attack, Group: "destination.ip",
		Measures: []Measure{count, {"sum", "siphunt.attempts", "attempts"}, {"cardinality", "source.ip", "clients"}}, X: 24, Y: 34, W: 24, H: 14},
	{ID: "accounts", Title: "Accounts under attack", Kind: Table, Source: Incidents, Query: attack, Group: "related.user",
		Measures: []Measure{count, {"sum", "siphunt.success_count", "successes"}}, Y: 48, W: 24, H: 14},
	{ID: "campaigns", Title: "Campaigns", Kind: Table, Source: Incidents, Query: attack, Group: "siphunt.campaign.id",
		Measures: []Measure{count, {"max", "siphunt.campaign.registrars", "servers"}, {"max", "siphunt.campaign.extensions", "extensions"}}, X: 24, Y: 48, W: 24, H: 14},
	{ID: "tools", Title: "Tools", Kind: Table, Source: Incidents, Query: attack, Group: "siphunt.user_agents",
		Measures: []Measure{count, {"cardinality", "source.ip", "clients"}}, Y: 62, W: 24, H: 14},
	{ID: "map", Title: "Where attackers are (needs geoip)", Kind: Map, Source: Incidents, Query: attack, X: 24, Y: 62, W: 24, H: 14},
	{ID: "phones", Title: "No attack: phones with a wrong password, outages", Kind: List, Source: Incidents, Query: noAttack,
		Columns: []string{"siphunt.incident.kind", "siphunt.incident.state", "source.ip", "user.name", "destination.ip", "message"}, Y: 76, W: 48, H: 14},
	{ID: "alerts", Title: "Alerts and reports, by state", Kind: Bars, Source: Alerts, Group: "siphunt.incident.state", Time: "@timestamp",
		Measures: []Measure{{Of: "count", Label: "records"}}, Y: 90, W: 24, H: 14},
	{ID: "probes", Title: "Data quality: who sends, with which version", Kind: Table, Source: Alerts, Group: "observer.hostname",
		Measures: []Measure{{Of: "count", Label: "records"}, {"cardinality", "observer.version", "versions"}, {"max", "@timestamp", "newest"}},
		X:        24, Y: 90, W: 24, H: 14},
	{ID: "faults", Title: "Data quality: alerts left out, estimates, faults of the pipeline", Kind: List, Source: Alerts,
		Query:   "event.action:sip-alerts-folded OR siphunt.incident.estimated:true OR tags:siphunt_pipeline_failure",
		Columns: []string{"event.action", "tags", "error.message", "message"}, Y: 104, W: 48, H: 10},
}

// Figure is a panel of siphunt's own metrics, which Prometheus keeps: Grafana only.
type Figure struct {
	Title, Query, Unit string
}

// Figures are about the quality of the data, before there are alerts.
var Figures = []Figure{
	{"Flow records a second", `sum by (detector) (rate(fluentbit_siphunt_records_total[5m]))`, "cps"},
	{"Relevant records a second: 0 is a fault of the exporter", `sum by (detector) (rate(fluentbit_siphunt_relevant_total[5m]))`, "cps"},
	{"Dropped records a second, by reason", `sum by (reason) (rate(fluentbit_siphunt_dropped_total[5m]))`, "cps"},
	{"Lag of the records: detection is so late", `fluentbit_siphunt_record_lag_seconds`, "s"},
	{"Evictions: max_pairs is too low", `sum by (detector) (increase(fluentbit_siphunt_evicted_total[1h]))`, "short"},
	{"Alerts that wait, or were lost", `fluentbit_siphunt_alerts_waiting or fluentbit_siphunt_alerts_lost_total`, "short"},
}
