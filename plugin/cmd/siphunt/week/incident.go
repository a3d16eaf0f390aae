package week

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
)

// Incident is what a detector made of an attack.
type Incident struct {
	Attack
	Opened []Opening // none where only ends are reported
}

// Opening is a report that something begins: an incident, or one as another kind.
type Opening struct {
	Kind  string
	Delay int64 // milliseconds from the flow time of the rejection that crossed the threshold to the report
}

// Incidents gathers reports to incidents, as they are when they end. Those that went into others are left out.
type Incidents struct {
	open  map[string]*Incident // by id
	ended []*Incident
}

// Add takes a report.
func (l *Incidents) Add(a *detect.Alert) {
	r := Attack{
		Kind: a.Kind.String(), Registrar: a.Registrar.Addr, Client: a.Client.Addr, Extension: a.Extension,
		Clients: a.Clients.Count, Extensions: a.Extensions.Count,
		Attempts: a.Attempts, Rejections: Statuses{}, First: a.First, Last: a.Last, KnownClient: a.KnownClient,
	}
	for _, s := range a.Rejections {
		r.Rejections[s.Status] = s.Attempts
	}
	for _, s := range a.Successes {
		r.Successes = append(r.Successes, Success{Extension: s.Extension, Client: s.Client, Time: s.Time})
	}
	l.add(a.ID, a.State.String(), r, a.Time-a.Crossed.Time)
}

// AddJSON takes a report as siphunt replay writes it, in ECS.
func (l *Incidents) AddJSON(line []byte) error {
	var a ecsAlert
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("no alert in ECS, as `siphunt replay` writes it: %w", err)
	}
	h := &a.Siphunt
	if h.Incident.ID == "" {
		return fmt.Errorf("no alert in ECS, as `siphunt replay` writes it: siphunt.incident.id is missing")
	}
	r := Attack{
		Kind: h.Incident.Kind, Registrar: a.Destination.IP, Client: a.Source.IP, Clients: h.Clients.Count, Extensions: h.Extensions.Count,
		Attempts: h.Attempts, Rejections: h.Rejections, First: a.Event.Start.UnixMilli(), Last: a.Event.End.UnixMilli(),
		KnownClient: h.Incident.KnownClient,
	}
	if len(h.Extensions.Top) > 0 {
		r.Extension = h.Extensions.Top[0].Name
	}
	for _, s := range h.Successes {
		r.Successes = append(r.Successes, Success{Extension: s.Extension, Client: s.Client, Time: s.Timestamp.UnixMilli()})
	}
	l.add(h.Incident.ID, h.Incident.State, r, a.Event.Created.Sub(h.Crossed.Timestamp).Milliseconds())
	return nil
}

// ecsAlert is what is read of an alert in ECS.
type ecsAlert struct {
	Event               struct{ Start, End, Created time.Time }
	Source, Destination struct{ IP netip.Addr }
	Siphunt             struct {
		Incident struct {
			ID, State, Kind string
			KnownClient     bool `json:"known_client"`
		}
		Attempts   int
		Rejections Statuses
		Clients    struct{ Count int }
		Extensions struct {
			Count int
			Top   []struct{ Name string }
		}
		Successes []struct {
			Extension string
			Client    netip.Addr
			Timestamp time.Time
		}
		Crossed struct{ Timestamp time.Time }
	}
}

// add takes a report: all that is known of an incident by then.
func (l *Incidents) add(id, state string, a Attack, delay int64) {
	inc := l.open[id]
	if inc == nil {
		inc = new(Incident)
		if l.open == nil {
			l.open = make(map[string]*Incident)
		}
		l.open[id] = inc
	}
	switch a.Kind {
	case detect.Scan.String(), detect.Spray.String():
		a.Extension = ""
	case detect.Distributed.String():
		a.Client = netip.Addr{}
	}
	inc.Attack = a
	switch state {
	case detect.Open.String():
		inc.Opened = append(inc.Opened, Opening{a.Kind, delay})
	case detect.End.String():
		l.ended = append(l.ended, inc)
		delete(l.open, id)
	case detect.Merged.String():
		delete(l.open, id)
	}
}

// Ended gives the incidents that are over, in the order of their first attempt.
func (l *Incidents) Ended() []*Incident {
	slices.SortStableFunc(l.ended, func(a, b *Incident) int { return cmp.Compare(a.First, b.First) })
	return l.ended
}
