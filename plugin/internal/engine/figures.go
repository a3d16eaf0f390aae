package engine

import (
	"sync"

	"github.com/siphunt/siphunt/detect"
)

// Kinds and states of alerts, and one more for the zero that none has.
const (
	kinds  = int(detect.Outage) + 1
	states = int(detect.Withdrawn) + 1
)

// figures are what the judge publishes.
type figures struct {
	mu     sync.Mutex
	stats  detect.Stats
	before []float64 // of detectorMetrics: what counters do not start from, since an earlier detector has counted it
	alerts [kinds][states]uint64
	folded uint64
}

func (f *figures) publish(s detect.Stats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats = s
}

func (f *figures) alert(k detect.Kind, s detect.State, passed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alerts[k][s]++
	if !passed {
		f.folded++
	}
}

// replace goes on with the figures of another detector: counters go on from where they are.
func (f *figures) replace(s detect.Stats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before == nil {
		f.before = make([]float64, len(detectorMetrics))
	}
	for i, m := range detectorMetrics {
		f.before[i] += m.value(&s) - m.value(&f.stats)
	}
	f.stats = s
}

// reading is a copy of the figures.
type reading struct {
	stats  detect.Stats
	counts []float64 // of detectorMetrics
	alerts [kinds][states]uint64
	folded uint64
}

func (f *figures) read() *reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &reading{stats: f.stats, alerts: f.alerts, folded: f.folded}
	for i, m := range detectorMetrics {
		v := m.value(&f.stats)
		if m.kind == Counter && f.before != nil {
			v -= f.before[i]
		}
		r.counts = append(r.counts, v)
	}
	return r
}
