package main

import (
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// TestNoise: over a day of a network with all kinds of attack and of good traffic in it, an incident raises one alert when it opens,
// one for each kind that it becomes, and one for its first success and for a surer one. Of a campaign each opening that is an alert is worse
// than all that was reported before.
func TestNoise(t *testing.T) {
	d, err := detect.New(detect.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	o := network.DefaultOptions
	o.Phones, o.Hours = network.MinPhones, network.MinHours
	g, err := network.New(o)
	if err != nil {
		t.Fatal(err)
	}
	n := newNoise(t)
	var r network.Record
	for g.Next(&r) {
		d.Observe(&r.Flow)
		n.take(d.Alerts())
	}
	d.Finish()
	n.take(d.Alerts())
	if n.further < 10 || len(n.worst) < 50 || n.records < 500 {
		t.Errorf("too little to see: %d records, %d campaigns, %d openings in a known one", n.records, len(n.worst), n.further)
	}
	t.Logf("%d records, %d of them alerts, %d incidents in %d campaigns; %d openings in a known campaign, %d of them alerts",
		n.records, n.alerts, len(n.incidents), len(n.worst), n.further, n.furtherAlerts)
}

// noise is what was seen of the incidents and campaigns.
type noise struct {
	t                      *testing.T
	encoder                *alert.Encoder
	incidents              map[string]*noisyIncident
	worst                  map[string]int // of a campaign, the greatest severity that was reported
	further, furtherAlerts int            // openings in a campaign that was known, and how many of them were alerts
	records, alerts        int
}

type noisyIncident struct {
	opened  bool
	kinds   map[detect.Kind]bool
	entered detect.Confidence // of the surest success that raised an alert
}

func newNoise(t *testing.T) *noise {
	t.Helper()
	e, err := alert.NewEncoder(alert.Options{Format: "ecs"})
	if err != nil {
		t.Fatal(err)
	}
	return &noise{t: t, encoder: e, incidents: map[string]*noisyIncident{}, worst: map[string]int{}}
}

func (n *noise) take(alerts []detect.Alert) {
	for i := range alerts {
		n.look(&alerts[i])
	}
}

func (n *noise) look(a *detect.Alert) {
	isAlert := jsoniter.Get(n.encoder.AppendJSON(nil, a, time.UnixMilli(a.Time)), "event", "kind").ToString() == "alert"
	n.records++
	inc := n.incidents[a.ID]
	if inc == nil {
		inc = &noisyIncident{kinds: map[detect.Kind]bool{}}
		n.incidents[a.ID] = inc
	}
	before, known := n.worst[a.Campaign.ID]
	if a.Campaign.ID != "" {
		n.worst[a.Campaign.ID] = max(before, a.Severity)
	}
	if a.State == detect.Open && !a.Changed && known {
		n.further++
	}
	if a.State == detect.Success && !isAlert && a.Confidence > inc.entered {
		n.t.Errorf("incident %s: no alert of a success that is %v", a.ID, a.Confidence)
	}
	if !isAlert {
		return
	}
	n.alerts++
	switch {
	case a.Kind == detect.Outage:
		n.t.Errorf("an outage raised an alert: %+v", a)
	case a.State == detect.Success:
		if a.Confidence <= inc.entered {
			n.t.Errorf("incident %s: another alert of a success that is %v", a.ID, a.Confidence)
		}
		inc.entered = a.Confidence
	case a.State == detect.Open && a.Changed:
		if inc.kinds[a.Kind] {
			n.t.Errorf("incident %s became %v twice", a.ID, a.Kind)
		}
	case a.State == detect.Open:
		if inc.opened {
			n.t.Errorf("incident %s opened twice", a.ID)
		}
		inc.opened = true
		if known && a.Severity <= before {
			n.t.Errorf("incident %s of severity %d is an alert, in a campaign of severity %d", a.ID, a.Severity, before)
		}
		if known {
			n.furtherAlerts++
		}
	default:
		n.t.Errorf("%v raised an alert", a.State)
	}
	inc.kinds[a.Kind] = true
}
