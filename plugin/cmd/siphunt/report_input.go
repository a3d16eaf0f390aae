package main

import (
	"reflect"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/replay"
	"github.com/siphunt/siphunt/plugin/internal/report"
)

// reportInput is what a report is made from: alerts that are read, and flow records, which are replayed and measured.
type reportInput struct {
	cfg      *config.Config
	replay   *replay.Replay
	alerts   *report.Collector
	measured *calibrate.Collector
	beside   *detect.Detector // measures where the one that is replayed does not; else nil
	encoder  *alert.Encoder
	line     []byte
}

func newReportInput(cfg *config.Config, complain func(string)) (*reportInput, error) {
	cfg.AlertFormat = "ecs" // the report reads it
	in := &reportInput{cfg: cfg, alerts: report.NewCollector()}
	var err error
	if in.encoder, err = cfg.NewEncoder("", version, complain); err != nil {
		return nil, err
	}
	if in.replay, err = replay.New(cfg, in.alert, complain); err != nil {
		return nil, err
	}
	in.replay.Other = in.alerts.Alert
	return in, in.measure()
}

// measure measures by the detector of the replay, or, where its thresholds are too tight for that, by another one beside it.
func (in *reportInput) measure() (err error) {
	measuring := calibrate.Measuring(&in.cfg.Detector)
	in.measured = calibrate.NewCollector(&measuring)
	if reflect.DeepEqual(measuring, in.cfg.Detector) {
		in.replay.Watch(in.measured)
	} else {
		if in.beside, err = detect.New(measuring); err != nil {
			return err
		}
		in.beside.SetObserver(in.measured)
	}
	in.replay.Beside(func(feed func(*detect.Detector)) {
		stats := in.replay.Counts().Detector
		if in.beside != nil {
			feed(in.beside)
			in.measureAlerts()
			stats = in.beside.Stats()
		}
		in.measured.Note(&stats)
	})
	return nil
}

// measureAlerts shows the collector the alerts of the detector beside.
func (in *reportInput) measureAlerts() {
	for _, a := range in.beside.Alerts() {
		in.measured.Alert(&a)
	}
}

// alert takes an alert of the replay, in the form in which others are read.
func (in *reportInput) alert(a *detect.Alert) {
	if in.beside == nil {
		in.measured.Alert(a)
	}
	in.line = in.encoder.AppendJSON(in.line[:0], a, time.UnixMilli(a.Time))
	in.alerts.Alert(in.line)
}

// report ends the input.
func (in *reportInput) report(o report.Options) *report.Report {
	in.replay.Finish()
	n := in.replay.Counts()
	if n.Records > 0 {
		o.Flows = flowQuality(&n)
	}
	if o.Calibration == nil && n.Detector.Rejections+n.Detector.Acceptances > 0 {
		if in.beside != nil {
			in.beside.Finish()
			in.measureAlerts()
		}
		in.measured.Finish()
		o.Calibration = in.measured.Result(&in.cfg.Detector)
	}
	return in.alerts.Report(o)
}

// flowQuality is what became of the flow records.
func flowQuality(n *replay.Counts) *report.FlowQuality {
	d := &n.Detector
	q := &report.FlowQuality{
		Records: n.Records, Relevant: n.Relevant, Other: n.Other, Rejections: d.Rejections, Acceptances: d.Acceptances, Allowed: d.Allowed,
		Duplicates: d.Duplicates, Evicted: d.Evicted, EndedEarly: d.EndedEarly, GraceSeconds: float64(d.Grace) / 1000, Broken: n.Broken,
	}
	for i, count := range n.Dropped {
		q.Drop(flow.Reason(i).String(), count, remedies[flow.Reason(i)])
	}
	q.Drop("late", d.Late, "the exporter: records arrive later than detector.idle_timeout.")
	q.Drop("time_rejected", d.TimeRejected, "a clock: records are dated in the future.")
	return q
}
