package figures

import (
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// value is that of the metric with this name and these labels.
func value(t *testing.T, d *Detector, name string, labels ...string) float64 {
	t.Helper()
next:
	for _, m := range (&Engine{Detector: d.Read()}).Metrics("main") {
		if m.Name != name || len(m.Labels) != 1+len(labels) {
			continue
		}
		for i, l := range labels {
			if m.Labels[1+i][1] != l {
				continue next
			}
		}
		return m.Value
	}
	t.Fatalf("no metric %s %v", name, labels)
	return 0
}

// TestCountersOutliveTheDetector: after a fault another detector counts on from where the first one was, be it empty or
// what the journal gives. Gauges are those of the detector in use.
func TestCountersOutliveTheDetector(t *testing.T) {
	var d Detector
	for _, step := range []struct {
		replace           bool
		stats             detect.Stats
		rejections, pairs float64
	}{
		{true, detect.Stats{Rejections: 100, Pairs: 7}, 0, 7}, // of an earlier process
		{false, detect.Stats{Rejections: 130, Pairs: 9}, 30, 9},
		{true, detect.Stats{}, 30, 0}, // nothing is known
		{false, detect.Stats{Rejections: 5, Pairs: 1}, 35, 1},
		{true, detect.Stats{Rejections: 130, Pairs: 9}, 35, 9}, // from the journal
		{false, detect.Stats{Rejections: 131, Pairs: 9}, 36, 9},
	} {
		if step.replace {
			d.Replace(step.stats)
		} else {
			d.Publish(step.stats)
		}
		if r, p := value(t, &d, "rejections_total"), value(t, &d, "pairs"); r != step.rejections || p != step.pairs {
			t.Fatalf("after %+v: %v rejections and %v pairs", step, r, p)
		}
	}
}

func TestAlertsAreCountedByKindAndState(t *testing.T) {
	var d Detector
	d.Alert(detect.Outage, detect.Withdrawn, true) // the last of both
	d.Alert(detect.Scan, detect.Open, true)
	d.Alert(detect.Scan, detect.Open, false)
	if n := value(t, &d, "alerts_total", "extension-scan", "open"); n != 2 {
		t.Errorf("%v, want 2", n)
	}
	if n := value(t, &d, "alerts_total", "registrar-outage", "withdrawn"); n != 1 {
		t.Errorf("%v, want 1", n)
	}
	if n := value(t, &d, "alerts_folded_total"); n != 1 {
		t.Errorf("%v folded, want 1", n)
	}
}
