package report

import (
	"slices"
	"time"
)

// Quality is what the figures are worth.
type Quality struct {
	Alerts AlertQuality `json:"alerts"`
	Flows  *FlowQuality `json:"flows,omitempty"`
	Delay  *Delay       `json:"delay,omitempty"`
}

// AlertQuality is what became of the alerts.
type AlertQuality struct {
	Records     int `json:"records"`
	OtherFormat int `json:"other_format"` // alerts in OCSF or IDEA, which were passed over
	Insane      int `json:"insane"`       // alerts with figures that cannot be
	Folded      int `json:"folded"`       // alerts that siphunt has left out for max_alerts_per_minute
	LeftOut     int `json:"left_out"`     // incidents, the least severe, that the report had no room for
}

// FlowQuality is what became of flow records.
type FlowQuality struct {
	Records      uint64  `json:"records"`
	Relevant     uint64  `json:"relevant"`
	Other        uint64  `json:"other"`
	Dropped      []Loss  `json:"dropped"`
	Rejections   uint64  `json:"rejections"`
	Acceptances  uint64  `json:"acceptances"`
	Allowed      uint64  `json:"allowed"`
	Duplicates   uint64  `json:"duplicates"`
	Evicted      uint64  `json:"evicted"`
	EndedEarly   uint64  `json:"ended_early"`
	GraceSeconds float64 `json:"grace_seconds"` // at the end
	Broken       int     `json:"broken"`        // files that could not be read to their end
}

// Loss is how many records were dropped for one reason, and what helps.
type Loss struct {
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
	Remedy string `json:"remedy,omitempty"`
}

// Drop notes records that were dropped, if there are any.
func (q *FlowQuality) Drop(reason string, n uint64, remedy string) {
	if n > 0 {
		q.Dropped = append(q.Dropped, Loss{reason, n, remedy})
	}
}

// Delay is how long it took from the attempt that crossed a threshold to the first alert. A replay's are by the flows' clock.
type Delay struct {
	Incidents     int     `json:"incidents"`
	MedianSeconds float64 `json:"median_seconds"`
	P95Seconds    float64 `json:"p95_seconds"`
	MaxSeconds    float64 `json:"max_seconds"`
}

// delayOf returns nil where nothing is known.
func delayOf(all []*incident) *Delay {
	var list []time.Duration
	for _, i := range all {
		if i.delayed {
			list = append(list, i.delay)
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	at := func(q float64) float64 { return list[int(q*float64(len(list)-1)+0.5)].Seconds() }
	return &Delay{len(list), at(0.5), at(0.95), at(1)}
}
