package week

import (
	"cmp"
	"net/netip"
	"slices"

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
