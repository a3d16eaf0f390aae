package report

import (
	"fmt"
	"slices"

	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// Change is something to be changed, and why.
type Change struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// few is the share of records below which a loss is not worth a change.
const few = 0.001

// cleaned makes harmless what packets have brought into a calibration.
func cleaned(c *calibrate.Result) *calibrate.Result {
	if c == nil {
		return nil
	}
	copied := *c
	copied.Allow = slices.Clone(c.Allow)
	for i := range copied.Allow {
		a := &copied.Allow[i]
		a.Extension, a.Evidence = alert.Clean(a.Extension, maxName), alert.Clean(a.Evidence, maxSentence)
	}
	return &copied
}

// changes are those that follow from what was lost, and from how the thresholds fit.
func (r *Report) changes() []Change {
	return append(r.Quality.changes(), thresholdChanges(r.Calibration)...)
}

// thresholdChanges are those that calibration recommends.
func thresholdChanges(c *calibrate.Result) []Change {
	if c == nil {
		return nil
	}
	var list []Change
	add := func(all []calibrate.Recommendation, where string) {
		for _, r := range all {
			if r.Verdict == calibrate.Raise || r.Verdict == calibrate.Lower {
				list = append(list, Change{fmt.Sprintf("Set %s = %s%s; now it is %s.", r.Key, r.Recommended, where, r.Present), sentence(r.Reason)})
			}
		}
	}
	add(c.Recommendations, "")
	for _, o := range c.Overrides {
		add(o.Recommendations, " for "+o.Registrar.String())
	}
	for _, a := range c.Advice {
		list = append(list, Change{"Look at the " + a.Subject + ".", sentence(a.Text)})
	}
	return list
}

// changes are those that follow from what was lost.
func (q *Quality) changes() []Change {
	var list []Change
	a := &q.Alerts
	if a.Folded > 0 {
		list = append(list, Change{"Let siphunt tell of every alert: raise alerts.max_alerts_per_minute.",
			fmt.Sprintf("%s left out of the minutes in which there were more.", humanize.Count(a.Folded, "alert"))})
	}
	if a.OtherFormat > 0 {
		list = append(list, Change{"Give this report alerts in ECS, or the flow records themselves.",
			fmt.Sprintf("%s in OCSF or IDEA could not be used.", humanize.Count(a.OtherFormat, "alert"))})
	}
	f := q.Flows
	if f == nil {
		return list
	}
	if f.Evicted > 0 {
		list = append(list, Change{"Give the detector more memory: raise detector.max_pairs.",
			fmt.Sprintf("%s of client and extension were forgotten early. Slow attacks may have been missed.", humanize.Count(int(f.Evicted), "pair"))})
	}
	if f.EndedEarly > 0 {
		list = append(list, Change{"Let more incidents be open at once: raise detector.max_incidents.",
			fmt.Sprintf("%s ended before their time.", humanize.Count(int(f.EndedEarly), "incident"))})
	}
	for _, l := range f.Dropped {
		if l.Remedy != "" && float64(l.Count) > few*float64(f.Records) {
			list = append(list, Change{"Change " + l.Remedy, fmt.Sprintf("%s of %s dropped as %s.", humanize.Thousands(l.Count), humanize.Thousands(f.Records), l.Reason)})
		}
	}
	return list
}
