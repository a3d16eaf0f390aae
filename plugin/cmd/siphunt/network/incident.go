package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// incident is what a detector said of one, all reports together.
type incident struct {
	last      detect.Alert // the newest report
	opened    int64        // when it was first told of
	alerts    [len(severities)]int
	highest   int // severity
	withdrawn bool
	entered   map[entry]detect.Confidence // accounts that were told of as entered, with the greatest confidence
	clients   map[netip.Addr]int64        // all that were named, and when first
	extension map[string]bool
}

// entry is an account that was entered, and from where.
type entry struct {
	registrar netip.Addr
	extension string
	client    netip.Addr
}

// Incidents gathers what a detector said, by incident, in the order in which they opened.
type Incidents struct {
	byID map[string]*incident
	list []*incident
}

// Add takes a report.
func (l *Incidents) Add(a *detect.Alert) {
	inc := l.byID[a.ID]
	if inc == nil {
		inc = &incident{
			opened: a.Time, entered: map[entry]detect.Confidence{},
			clients: map[netip.Addr]int64{}, extension: map[string]bool{},
		}
		if l.byID == nil {
			l.byID = map[string]*incident{}
		}
		l.byID[a.ID] = inc
		l.list = append(l.list, inc)
	}
	inc.last = *a
	inc.alerts[step(a.Severity)]++
	inc.highest = max(inc.highest, a.Severity)
	inc.withdrawn = inc.withdrawn || a.State == detect.Withdrawn
	for i := range a.Successes {
		s := &a.Successes[i]
		e := entry{a.Registrar.Addr, s.Extension, s.Client}
		if s.Registrar.IsValid() {
			e.registrar = s.Registrar
		}
		inc.entered[e] = max(inc.entered[e], s.Confidence)
		inc.name(s.Client, a.Time)
	}
	if a.Client.Addr.IsValid() {
		inc.name(a.Client.Addr, a.Time)
	}
	for _, m := range a.Clients.Top {
		inc.name(m.Client, a.Time)
	}
	if a.Extension != "" {
		inc.extension[a.Extension] = true
	}
	for _, m := range a.Extensions.Top {
		inc.extension[m.Extension] = true
	}
}

// name writes down who was named, and when.
func (i *incident) name(client netip.Addr, at int64) {
	if _, ok := i.clients[client]; !ok {
		i.clients[client] = at
	}
}

// merged says whether it went into another.
func (i *incident) merged() bool { return i.last.State == detect.Merged }

// unite lets incidents name whom those have named that went into them.
func (l *Incidents) unite() {
	for _, inc := range l.list {
		into := inc
		for hops := 0; into != nil && into.merged() && hops < len(l.list); hops++ {
			into = l.byID[into.last.MergedInto]
		}
		if into == nil || into == inc {
			continue
		}
		for c := range inc.clients {
			into.name(c, inc.last.Time)
		}
		for e := range inc.extension {
			into.extension[e] = true
		}
	}
}

// severities are the steps, in the order of the tables.
var severities = [...]int{detect.SeverityLow, detect.SeverityMedium, detect.SeverityHigh, detect.SeverityCritical}

// step is the place of a severity among them.
func step(severity int) int {
	for i, s := range severities {
		if severity <= s {
			return i
		}
	}
	return len(severities) - 1
}
