package alert

import (
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// An incident raises an alert when it opens, changes its kind and has its first success or a surer one; a campaign one for all its incidents, and another
// only where it gets worse.
func TestEventKind(t *testing.T) {
	succeeds := func(surer bool) detect.Alert {
		return detect.Alert{State: detect.Success, Sequence: 2, SuccessesN: 3, Surer: surer}
	}
	campaign := func(before int) detect.Campaign { return detect.Campaign{ID: id, Incidents: 2, Severity: before} }
	for _, tt := range []struct {
		name string
		a    detect.Alert
		want string
	}{
		{"opens", detect.Alert{State: detect.Open, Sequence: 1}, "alert"},
		{"changes its kind", detect.Alert{State: detect.Open, Sequence: 3, Changed: true}, "alert"},
		{"the first success, or a surer one", succeeds(true), "alert"},
		{"another like it", succeeds(false), "event"},
		{"the only report", detect.Alert{State: detect.End, Sequence: 1}, "alert"},
		{"update", detect.Alert{State: detect.Update, Sequence: 2}, "event"},
		{"end", detect.Alert{State: detect.End, Sequence: 2}, "event"},
		{"merged", detect.Alert{State: detect.Merged, Sequence: 2}, "event"},
		{"withdrawn", detect.Alert{State: detect.Withdrawn, Sequence: 2}, "event"},
		{"outage opens", detect.Alert{Kind: detect.Outage, State: detect.Open, Sequence: 1}, "event"},
		{"outage is the only report", detect.Alert{Kind: detect.Outage, State: detect.End, Sequence: 1}, "event"},
		{"first of a campaign", detect.Alert{State: detect.Open, Sequence: 1, Campaign: campaign(0)}, "alert"},
		{"another of it", detect.Alert{State: detect.Open, Sequence: 1, Campaign: campaign(detect.SeverityMedium)}, "event"},
		{"another, only report", detect.Alert{State: detect.End, Sequence: 1, Campaign: campaign(detect.SeverityHigh)}, "event"},
		{"a worse one", detect.Alert{State: detect.Open, Sequence: 1, Campaign: campaign(detect.SeverityLow)}, "alert"},
		{"success in a campaign", with(succeeds(true), func(a *detect.Alert) { a.Campaign = campaign(detect.SeverityCritical) }), "alert"},
		{"changes in a campaign", detect.Alert{State: detect.Open, Sequence: 3, Changed: true, Campaign: campaign(detect.SeverityCritical)}, "alert"},
	} {
		tt.a.Severity = detect.SeverityMedium
		if tt.a.Kind == 0 {
			tt.a.Kind = detect.BruteForce
		}
		if got := eventKind(&tt.a); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
