package detect

import (
	"cmp"
	"slices"
)

// OpenIncidents returns what alerts would say of the incidents that are open, most of them at most: the most severe first, of equals the
// one with the newest attempt. They are no reports: they have no State, and Sequence is that of the last report.
func (d *Detector) OpenIncidents(most int) []Alert {
	var open []*incident
	for _, inc := range d.incidents {
		if inc != nil {
			open = append(open, inc)
		}
	}
	severity := make(map[*incident]int, len(open))
	for _, inc := range open {
		severity[inc] = d.severity(inc)
	}
	slices.SortFunc(open, func(a, b *incident) int {
		return cmp.Or(cmp.Compare(severity[b], severity[a]), cmp.Compare(b.active, a.active), cmp.Compare(a.id, b.id))
	})
	alerts := make([]Alert, min(len(open), most))
	for i := range alerts {
		d.describe(open[i], &alerts[i])
		alerts[i].Severity = severity[open[i]]
	}
	return alerts
}
