package figures

import (
	"sync"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// Detector is what is published of a detector and its alerts. It is safe for concurrent use.
type Detector struct {
	mu     sync.Mutex
	stats  detect.Stats
	before []float64 // of detectorMetrics: what counters do not start from, since an earlier detector has counted it
	alerts alert.Tally
	folded uint64
}

// Publish takes the figures of the detector.
func (d *Detector) Publish(s detect.Stats) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats = s
}

// Alert counts an alert, and whether it has passed the quota.
func (d *Detector) Alert(k detect.Kind, s detect.State, passed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.alerts[k][s]++
	if !passed {
		d.folded++
	}
}

// Replace goes on with the figures of another detector: counters go on from where they are.
func (d *Detector) Replace(s detect.Stats) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.before == nil {
		d.before = make([]float64, len(detectorMetrics))
	}
	for i, m := range detectorMetrics {
		d.before[i] += m.value(&s) - m.value(&d.stats)
	}
	d.stats = s
}

// Reading is a copy of the figures of a detector.
type Reading struct {
	Stats  detect.Stats
	counts []float64 // of detectorMetrics
	alerts alert.Tally
	folded uint64
}

// Read returns a copy.
func (d *Detector) Read() *Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &Reading{Stats: d.stats, alerts: d.alerts, folded: d.folded}
	for i, m := range detectorMetrics {
		v := m.value(&d.stats)
		if m.kind == Counter && d.before != nil {
			v -= d.before[i]
		}
		r.counts = append(r.counts, v)
	}
	return r
}
