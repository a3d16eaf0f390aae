package engine

import (
	"fmt"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
)

// MetricKind says how a metric behaves.
type MetricKind int

// The kinds: a Counter only grows, a Gauge goes up and down.
const (
	Counter MetricKind = iota
	Gauge
)

// Metric is one figure of the engine, named as Prometheus has it, without the namespace "siphunt".
type Metric struct {
	Name, Help string
	Kind       MetricKind
	Labels     [][2]string // name and value; a metric has the same names, in the same order, at every call
	Value      float64
}

// metric is a figure with one value. Help is what Prometheus shows, advice what the README adds to it.
type metric[From any] struct {
	kind   MetricKind
	name   string
	help   string
	advice string
	value  func(From) float64
}

// dropped begins the names of detectorMetrics that are reasons of dropped_total.
const dropped = "dropped_total "

// detectorMetrics are the figures of the detector. One more is one more row here.
var detectorMetrics = []metric[*detect.Stats]{
	{Counter, "rejections_total", "Rejections counted.", "",
		func(s *detect.Stats) float64 { return float64(s.Rejections) }},
	{Counter, "acceptances_total", "Acceptances seen.", "",
		func(s *detect.Stats) float64 { return float64(s.Acceptances) }},
	{Counter, dropped + "late", "", "",
		func(s *detect.Stats) float64 { return float64(s.Late) }},
	{Counter, dropped + "time_rejected", "", "",
		func(s *detect.Stats) float64 { return float64(s.TimeRejected) }},
	{Counter, "allowed_total", "Answers that the allowlist covers.", "",
		func(s *detect.Stats) float64 { return float64(s.Allowed) }},
	{Counter, "duplicates_total", "Answers that another named probe has seen too: they are counted once.", "",
		func(s *detect.Stats) float64 { return float64(s.Duplicates) }},
	{Counter, "evicted_total", "Pairs forgotten because of max_pairs.", "above 0: raise it, or a flood goes on",
		func(s *detect.Stats) float64 { return float64(s.Evicted) }},
	{Counter, "ended_early_total", "Incidents ended because of max_incidents.", "above 0: raise it, or a flood goes on",
		func(s *detect.Stats) float64 { return float64(s.EndedEarly) }},
	{Gauge, "pairs", "Pairs of client and extension that are remembered.", "",
		func(s *detect.Stats) float64 { return float64(s.Pairs) }},
	{Gauge, "incidents", "Incidents that are open.", "",
		func(s *detect.Stats) float64 { return float64(s.Incidents) }},
	{Gauge, "grace_seconds", "How long the acceptance after a challenge is waited for, as late as acceptances were seen to arrive.", "detection of what begins with challenges is so late",
		func(s *detect.Stats) float64 { return float64(s.Grace) / 1000 }},
	{Gauge, "clock_seconds", "The detector's clock, Unix time.", "it should follow the wall clock",
		func(s *detect.Stats) float64 { return float64(s.Clock) / 1000 }},
}

// engineMetrics are the figures of what is around the detector.
var engineMetrics = []metric[*allFigures]{
	{Counter, "records_total", "Records taken.", "",
		func(f *allFigures) float64 { return float64(f.intake.flows.Records) }},
	{Counter, "relevant_total", "Records that the detector looks at: SIP answers to be counted, and evidence.", "stays at 0: the answers to REGISTER do not get here, or their fields have other names",
		func(f *allFigures) float64 { return float64(f.intake.flows.Relevant) }},
	{Counter, "other_total", "Records that only move the clock.", "",
		func(f *allFigures) float64 { return float64(f.intake.flows.Other) }},
	{Gauge, "record_lag_seconds", "How far the newest record of the last chunk was behind the wall clock.", "detection is so late, and more",
		func(f *allFigures) float64 { return float64(f.intake.lag) / 1000 }},
	{Gauge, "queue_bytes", "Size of the records that wait for the detector.", "near 32 MiB for long: it has too little of a core",
		func(f *allFigures) float64 { return float64(f.queued) }},
	{Gauge, "alerts_waiting", "Alerts that are not known to be copied by Fluent Bit.", "grows: `siphunt_alerts` does not collect, or its storage is full",
		func(f *allFigures) float64 { return float64(f.waiting) }},
	{Counter, "alerts_folded_total", "Alerts that are in a summary only, because of max_alerts_per_minute.", "",
		func(f *allFigures) float64 { return float64(f.judge.folded) }},
	{Counter, "redelivered_total", "Chunks that came again after a crash and were not counted twice.", "",
		func(f *allFigures) float64 { return float64(f.intake.redelivered) }},
	{Counter, "flushes_total", "Chunks taken.", "",
		func(f *allFigures) float64 { return float64(f.intake.flushes) }},
	{Counter, "flush_seconds_total", "Time that Fluent Bit spent in Flush.", "",
		func(f *allFigures) float64 { return f.flushing }},
	{Gauge, "state_whole", "1 if a restart would forget nothing, 0 without state_dir and while its disk has a fault.", "0 with a `state_dir`: its disk; the log says what is wrong",
		func(f *allFigures) float64 { return f.state.whole }},
	{Counter, "state_faults_total", "Faults of the disk below state_dir.", "",
		func(f *allFigures) float64 { return float64(f.state.faults) }},
	{Counter, "snapshots_total", "Snapshots written.", "",
		func(f *allFigures) float64 { return float64(f.state.snapshots) }},
	{Gauge, "snapshot_bytes", "Size of the last snapshot.", "",
		func(f *allFigures) float64 { return float64(f.state.size) }},
	{Counter, "journal_bytes_total", "Bytes written to the journal.", "",
		func(f *allFigures) float64 { return float64(f.state.written) }},
	{Counter, "panics_total", "Faults of siphunt that were caught.", "above 0 is a bug: please report the lines of the log",
		func(f *allFigures) float64 { return float64(f.panics) }},
}

// labelled is a metric with a value for each of several labels.
type labelled struct {
	kind   MetricKind
	name   string
	labels []string
	help   string
	advice string
	values func(f *allFigures, add func(value float64, labels ...string))
}

var labelledMetrics = []labelled{
	{Counter, "dropped_total", []string{"reason"}, "Records that were not used, by reason.", "`not_sip` is normal if a collector writes other flows too, `duplicate` if it writes both directions. `no_account`: To and From are lost, as are headers that an exporter cannot read. `late`: records arrive later than `idle_timeout`. `time_rejected`: a clock is wrong. Of all others the log has an example",
		func(f *allFigures, add func(float64, ...string)) {
			for r, n := range f.intake.flows.Dropped {
				add(float64(n), flow.Reason(r).String())
			}
			for i, m := range detectorMetrics {
				if reason, ok := strings.CutPrefix(m.name, dropped); ok {
					add(f.judge.counts[i], reason)
				}
			}
		}},
	{Counter, "alerts_total", []string{"kind", "state"}, "Alerts, by kind and state of the incident.", "",
		func(f *allFigures, add func(float64, ...string)) {
			for k := 1; k < kinds; k++ {
				for s := 1; s < states; s++ {
					add(float64(f.judge.alerts[k][s]), detect.Kind(k).String(), detect.State(s).String())
				}
			}
		}},
	{Counter, "alerts_lost_total", []string{"of"}, "Alerts given up because of outbox_limit, updates and others.", "above 0: see `alerts_waiting`",
		func(f *allFigures, add func(float64, ...string)) {
			add(float64(f.lost.Updates), "updates")
			add(float64(f.lost.Others), "others")
		}},
	{Counter, "reloads_total", []string{"result"}, "Changes of the configuration file.", "`refused`: the file in place is faulty, and the rules before it hold",
		func(f *allFigures, add func(float64, ...string)) {
			add(float64(f.reloads), "taken")
			add(float64(f.refused), "refused")
		}},
	{Gauge, "build_info", []string{"version"}, "1, with the version of siphunt.", "",
		func(f *allFigures, add func(float64, ...string)) { add(1, f.version) }},
}

// allFigures is what all metrics are made from.
type allFigures struct {
	version          string
	intake           intakeCounts
	judge            *reading
	queued, waiting  int
	lost             outbox.Lost
	flushing         float64 // seconds
	state            stateFigures
	reloads, refused uint64
	panics           uint64
}

// Metrics returns all figures, in the same order at every call. It is safe for concurrent use.
func (e *Engine) Metrics() []Metric {
	f := readFigures(e)
	var all []Metric
	add := func(kind MetricKind, name, help string, value float64, labels ...[2]string) {
		all = append(all, Metric{name, help, kind, append([][2]string{{"detector", e.name}}, labels...), value})
	}
	for _, m := range engineMetrics {
		add(m.kind, m.name, m.help, m.value(f))
	}
	for i, m := range detectorMetrics {
		if !strings.HasPrefix(m.name, dropped) {
			add(m.kind, m.name, m.help, f.judge.counts[i])
		}
	}
	for _, m := range labelledMetrics {
		m.values(f, func(value float64, values ...string) {
			var labels [][2]string
			for i, v := range values {
				labels = append(labels, [2]string{m.labels[i], v})
			}
			add(m.kind, m.name, m.help, value, labels...)
		})
	}
	return all
}

// MetricsTable returns the table of all metrics for the README, in Markdown.
func MetricsTable() string {
	var b strings.Builder
	b.WriteString("| metric | | what it is | look at it |\n| --- | --- | --- | --- |\n")
	row := func(kind MetricKind, name, help, advice string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, [...]string{"counter", "gauge"}[kind], help, advice)
	}
	for _, m := range engineMetrics {
		row(m.kind, m.name, m.help, m.advice)
	}
	for _, m := range detectorMetrics {
		if !strings.HasPrefix(m.name, dropped) {
			row(m.kind, m.name, m.help, m.advice)
		}
	}
	for _, m := range labelledMetrics {
		row(m.kind, m.name+"{"+strings.Join(m.labels, ",")+"}", m.help, m.advice)
	}
	return b.String()
}
