// Package figures holds what an engine counts, and as which metrics it is shown: one more is one more row in a table here.
//
//	detector.go  what is published of a detector
//	metrics.go   the tables
package figures

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

// Metric is one figure, named as Prometheus has it, without the namespace "siphunt".
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
var engineMetrics = []metric[*Engine]{
	{Counter, "records_total", "Records taken.", "",
		func(f *Engine) float64 { return float64(f.Intake.Flows.Records) }},
	{Counter, "relevant_total", "Records that the detector looks at: SIP answers to be counted, and evidence.", "stays at 0: the answers to REGISTER do not get here, or their fields have other names",
		func(f *Engine) float64 { return float64(f.Intake.Flows.Relevant) }},
	{Counter, "other_total", "Records that only move the clock.", "",
		func(f *Engine) float64 { return float64(f.Intake.Flows.Other) }},
	{Gauge, "record_lag_seconds", "How far the newest record of the last chunk was behind the wall clock.", "detection is so late, and more",
		func(f *Engine) float64 { return float64(f.Intake.Lag) / 1000 }},
	{Gauge, "queue_bytes", "Size of the records that wait for the detector.", "near 32 MiB for long: it has too little of a core",
		func(f *Engine) float64 { return float64(f.Queued) }},
	{Gauge, "alerts_waiting", "Alerts that are not known to be copied by Fluent Bit.", "grows: `siphunt_alerts` does not collect, or its storage is full",
		func(f *Engine) float64 { return float64(f.Waiting) }},
	{Counter, "alerts_folded_total", "Alerts that are in a summary only, because of max_alerts_per_minute.", "",
		func(f *Engine) float64 { return float64(f.Detector.folded) }},
	{Counter, "redelivered_total", "Chunks that came again after a crash and were not counted twice.", "",
		func(f *Engine) float64 { return float64(f.Intake.Redelivered) }},
	{Counter, "flushes_total", "Chunks taken.", "",
		func(f *Engine) float64 { return float64(f.Intake.Flushes) }},
	{Counter, "flush_seconds_total", "Time that Fluent Bit spent in Flush.", "",
		func(f *Engine) float64 { return f.Flushing }},
	{Gauge, "state_whole", "1 if a restart would forget nothing, 0 without state_dir and while its disk has a fault.", "0 with a `state_dir`: its disk; the log says what is wrong",
		func(f *Engine) float64 { return oneIf(f.State.Whole) }},
	{Counter, "state_faults_total", "Faults of the disk below state_dir.", "",
		func(f *Engine) float64 { return float64(f.State.Faults) }},
	{Counter, "snapshots_total", "Snapshots written.", "",
		func(f *Engine) float64 { return float64(f.State.Snapshots) }},
	{Gauge, "snapshot_bytes", "Size of the last snapshot.", "",
		func(f *Engine) float64 { return float64(f.State.Size) }},
	{Counter, "journal_bytes_total", "Bytes written to the journal.", "",
		func(f *Engine) float64 { return float64(f.State.Written) }},
	{Counter, "panics_total", "Faults of siphunt that were caught.", "above 0 is a bug: please report the lines of the log",
		func(f *Engine) float64 { return float64(f.Panics) }},
}

// labelled is a metric with a value for each of several labels.
type labelled struct {
	kind   MetricKind
	name   string
	labels []string
	help   string
	advice string
	values func(f *Engine, add func(value float64, labels ...string))
}

var labelledMetrics = []labelled{
	{Counter, "dropped_total", []string{"reason"}, "Records that were not used, by reason.", "`not_sip` is normal if a collector writes other flows too, `duplicate` if it writes both directions. `no_account`: To and From are lost, as are headers that an exporter cannot read. `late`: records arrive later than `idle_timeout`. `time_rejected`: a clock is wrong. Of all others the log has an example",
		func(f *Engine, add func(float64, ...string)) {
			for r, n := range f.Intake.Flows.Dropped {
				add(float64(n), flow.Reason(r).String())
			}
			for i, m := range detectorMetrics {
				if reason, ok := strings.CutPrefix(m.name, dropped); ok {
					add(f.Detector.counts[i], reason)
				}
			}
		}},
	{Counter, "alerts_total", []string{"kind", "state"}, "Alerts, by kind and state of the incident.", "",
		func(f *Engine, add func(float64, ...string)) {
			for k, states := range f.Detector.alerts {
				for s, n := range states {
					if k > 0 && s > 0 {
						add(float64(n), detect.Kind(k).String(), detect.State(s).String())
					}
				}
			}
		}},
	{Counter, "alerts_lost_total", []string{"of"}, "Alerts given up because of outbox_limit, updates and others.", "above 0: see `alerts_waiting`",
		func(f *Engine, add func(float64, ...string)) {
			add(float64(f.Lost.Updates), "updates")
			add(float64(f.Lost.Others), "others")
		}},
	{Counter, "reloads_total", []string{"result"}, "Changes of the configuration file.", "`refused`: the file in place is faulty, and the rules before it hold",
		func(f *Engine, add func(float64, ...string)) {
			add(float64(f.Reloads), "taken")
			add(float64(f.Refused), "refused")
		}},
	{Gauge, "build_info", []string{"version"}, "1, with the version of siphunt.", "",
		func(f *Engine, add func(float64, ...string)) { add(1, f.Version) }},
}

// Engine is what all metrics are made from.
type Engine struct {
	Version          string // of siphunt
	Intake           Intake
	Detector         *Reading
	Queued, Waiting  int // bytes before the detector, alerts behind it
	Lost             outbox.Lost
	Flushing         float64 // seconds
	State            State
	Reloads, Refused uint64
	Panics           uint64
}

// Intake is what is counted of chunks that come.
type Intake struct {
	Flows       flow.Stats // without examples
	Flushes     uint64
	Redelivered uint64
	Lag         int64 // of the newest record of the last chunk behind the wall clock, milliseconds
}

// State is what is counted of the disk; all is zero without state_dir.
type State struct {
	Whole             bool
	Faults, Snapshots uint64
	Size, Written     int64 // bytes: of the last snapshot, to the journal
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Metrics returns all metrics of a detector of this name, in the same order at every call.
func (f *Engine) Metrics(detector string) []Metric {
	var all []Metric
	add := func(kind MetricKind, name, help string, value float64, labels ...[2]string) {
		all = append(all, Metric{name, help, kind, append([][2]string{{"detector", detector}}, labels...), value})
	}
	for _, m := range engineMetrics {
		add(m.kind, m.name, m.help, m.value(f))
	}
	for i, m := range detectorMetrics {
		if !strings.HasPrefix(m.name, dropped) {
			add(m.kind, m.name, m.help, f.Detector.counts[i])
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

// Table returns the table of all metrics for the README, in Markdown.
func Table() string {
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
