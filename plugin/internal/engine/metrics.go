package engine

import (
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/engine/state"
	"github.com/siphunt/siphunt/plugin/internal/flow"
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

// counters are what the engine counts itself, beside detect.Stats. They are under the engine's mu.
type counters struct {
	flows   flow.Stats // without examples
	flushes uint64
	alerts  [kinds][states]uint64

	folded, redelivered uint64
}

// Kinds and states, and one more for the zero that none has.
const (
	kinds  = int(detect.Outage) + 1
	states = int(detect.Withdrawn) + 1
)

// addStats adds the figures of a batch to a total.
func addStats(total, s *flow.Stats) {
	total.Records += s.Records
	total.Relevant += s.Relevant
	total.Other += s.Other
	for i, n := range s.Dropped {
		total.Dropped[i] += n
	}
}

// Metrics gives all figures, in the same order at every call. It is safe for concurrent use.
func (e *Engine) Metrics() []Metric {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, d := &e.counters, since(e.stats, e.before)
	l := metricList{label: [2]string{"detector", e.name}}

	l.add(Counter, "records_total", "Records taken.", float64(c.flows.Records))
	l.add(Counter, "relevant_total", "Records that the detector looks at: SIP answers to be counted, and evidence.", float64(c.flows.Relevant))
	l.add(Counter, "other_total", "Records that only move the clock.", float64(c.flows.Other))
	const droppedHelp = "Records that were not used, by reason."
	for r, n := range c.flows.Dropped {
		l.add(Counter, "dropped_total", droppedHelp, float64(n), "reason", flow.Reason(r).String())
	}
	l.add(Counter, "dropped_total", droppedHelp, float64(d.Late), "reason", "late")
	l.add(Counter, "dropped_total", droppedHelp, float64(d.TimeRejected), "reason", "time_rejected")
	l.add(Counter, "rejections_total", "Rejections counted.", float64(d.Rejections))
	l.add(Counter, "acceptances_total", "Acceptances seen.", float64(d.Acceptances))
	l.add(Counter, "allowed_total", "Answers that the allowlist covers.", float64(d.Allowed))
	l.add(Counter, "evicted_total", "Pairs forgotten because of max_pairs.", float64(d.Evicted))
	l.add(Gauge, "pairs", "Pairs of client and extension that are remembered.", float64(d.Pairs))
	l.add(Gauge, "incidents", "Incidents that are open.", float64(d.Incidents))
	l.add(Counter, "ended_early_total", "Incidents ended because of max_incidents.", float64(d.EndedEarly))
	l.add(Gauge, "clock_seconds", "The detector's clock, Unix time.", float64(d.Clock)/1000)
	for k := 1; k < kinds; k++ {
		for s := 1; s < states; s++ {
			l.add(Counter, "alerts_total", "Alerts, by kind and state of the incident.", float64(c.alerts[k][s]),
				"kind", detect.Kind(k).String(), "state", detect.State(s).String())
		}
	}
	l.add(Gauge, "queue_bytes", "Size of the records that wait for the detector.", float64(e.queue.size))
	l.add(Gauge, "alerts_waiting", "Alerts that have not been collected.", float64(e.outbox.waiting()))
	const lostHelp = "Alerts given up because of outbox_limit, updates and others."
	l.add(Counter, "alerts_lost_total", lostHelp, float64(e.outbox.lostUpdates), "of", "updates")
	l.add(Counter, "alerts_lost_total", lostHelp, float64(e.outbox.lostOthers), "of", "others")
	l.add(Counter, "flushes_total", "Chunks taken.", float64(c.flushes))
	l.add(Counter, "flush_seconds_total", "Time spent on chunks, waiting for the lock included.", time.Duration(e.flushing.Load()).Seconds())
	l.add(Counter, "alerts_folded_total", "Alerts that are in a summary only, because of max_alerts_per_minute.", float64(c.folded))
	e.addStateMetrics(&l)
	const reloadsHelp = "Times that the configuration file was read again, by result."
	l.add(Counter, "reloads_total", reloadsHelp, float64(e.reloads.Load()), "result", "ok")
	l.add(Counter, "reloads_total", reloadsHelp, float64(e.badReloads.Load()), "result", "refused")
	return l.metrics
}

// addStateMetrics adds the figures of what is on disk; all are zero without state_dir.
func (e *Engine) addStateMetrics(l *metricList) {
	var s state.Status
	var snapshots, faults uint64
	var size int64
	if k := e.keeper; k != nil {
		s, snapshots, faults, size = k.store.Status(), k.snapshots.Load(), k.faults.Load(), k.size.Load()
	}
	whole := 0.0
	if s.Whole {
		whole = 1
	}
	l.add(Gauge, "state_whole", "1 where a restart would forget nothing, 0 without state_dir and while its disk has a fault.", whole)
	l.add(Counter, "state_faults_total", "Faults of the disk below state_dir.", float64(faults))
	l.add(Counter, "snapshots_total", "Snapshots written.", float64(snapshots))
	l.add(Gauge, "snapshot_bytes", "Size of the last snapshot.", float64(size))
	l.add(Counter, "journal_bytes_total", "Bytes written to the journal.", float64(s.Written))
	l.add(Counter, "redelivered_total", "Chunks that came again after a crash and were not counted twice.", float64(e.counters.redelivered))
}

// metricList builds the list; every metric carries the label of the detector.
type metricList struct {
	label   [2]string
	metrics []Metric
}

func (l *metricList) add(kind MetricKind, name, help string, value float64, labels ...string) {
	m := Metric{Name: name, Help: help, Kind: kind, Value: value, Labels: [][2]string{l.label}}
	for ; len(labels) > 0; labels = labels[2:] {
		m.Labels = append(m.Labels, [2]string{labels[0], labels[1]})
	}
	l.metrics = append(l.metrics, m)
}
