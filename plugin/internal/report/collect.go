package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Collector takes alerts, of any number, and keeps what the report needs: the last alert of each incident. If they
// are more than it may hold, it lets go of the least severe.
type Collector struct {
	incidents map[string]*incident
	weight    int // of all incidents
	limit     int // of weight
	alerts    AlertQuality
}

// incident is one, as its newest alert tells of it.
type incident struct {
	record
	delay     time.Duration // from the attempt that crossed the threshold to the first alert
	delayed   bool          // delay is known
	firstSeen int           // its number in the order of the input, to tell equals apart
}

// maxWeight bounds the memory: incidents, and the members of each, at some hundred bytes.
const maxWeight = 300_000

// NewCollector returns one that has seen nothing.
func NewCollector() *Collector {
	return &Collector{incidents: make(map[string]*incident), limit: maxWeight}
}

// Alert takes a line, and tells whether it was an alert. Alerts in other formats than ECS are counted, and are no use.
func (c *Collector) Alert(line []byte) bool {
	r := parseRecord(line)
	switch {
	case r == nil:
		return false
	case r.isFolded():
		c.alerts.Records++
		for _, f := range r.Siphunt.Folded {
			c.alerts.Folded += max(f.Count, 0)
		}
	case r.isOtherFormat():
		c.alerts.OtherFormat++
	case !r.isAlert():
		return false
	case !r.isSane():
		c.alerts.Insane++
	default:
		c.alerts.Records++
		c.add(r)
	}
	return true
}

// add takes an alert. It may come again, or after later ones of its incident.
func (c *Collector) add(r *record) {
	r.clean()
	id := r.Siphunt.Incident.ID
	inc := c.incidents[id]
	if inc == nil {
		inc = &incident{firstSeen: c.alerts.Records}
		c.incidents[id] = inc
	}
	if r.Event.Sequence == 1 && !r.Siphunt.Crossed.Timestamp.IsZero() {
		inc.delay, inc.delayed = max(r.Event.Created.Sub(r.Siphunt.Crossed.Timestamp), 0), true
	}
	if r.Event.Sequence <= inc.Event.Sequence && inc.Siphunt.Incident.ID != "" {
		return
	}
	c.weight += r.weight() - inc.weight()
	inc.record = *r
	if c.weight > c.limit {
		c.shed()
	}
}

// weight is a measure of the memory that a record takes; 0 for one that is not there yet.
func (r *record) weight() int {
	if r.Siphunt.Incident.ID == "" {
		return 0
	}
	h := &r.Siphunt
	return 4 + len(h.Clients.Top) + len(h.Extensions.Top) + len(h.Registrars.Top) + len(h.Successes) + len(h.Tools)
}

// shed lets go of the least severe incidents, until half of what is allowed is left.
func (c *Collector) shed() {
	for _, inc := range slices.Backward(c.ranked()) {
		if c.weight <= c.limit/2 {
			return
		}
		c.weight -= inc.weight()
		delete(c.incidents, inc.Siphunt.Incident.ID)
		c.alerts.LeftOut++
	}
}

// ranked returns the incidents, the worst first: break-ins, then by severity, risk and attempts.
func (c *Collector) ranked() []*incident {
	list := make([]*incident, 0, len(c.incidents))
	for _, inc := range c.incidents {
		list = append(list, inc)
	}
	slices.SortFunc(list, func(a, b *incident) int {
		return cmp.Or(
			cmp.Compare(b.Event.Severity, a.Event.Severity),
			cmp.Compare(b.Event.Risk, a.Event.Risk),
			cmp.Compare(b.Siphunt.Attempts, a.Siphunt.Attempts),
			cmp.Compare(a.firstSeen, b.firstSeen),
			strings.Compare(a.Siphunt.Incident.ID, b.Siphunt.Incident.ID),
		)
	})
	return list
}

// The words of alerts that the report asks for.
var (
	withdrawn = detect.Withdrawn.String()
	merged    = detect.Merged.String()
	ended     = detect.End.String()
	outage    = detect.Outage.String()
	confirmed = detect.Confirmed.String()
	probable  = detect.Probable.String()
	unlikely  = detect.Unlikely.String()
)

// isAttack tells whether it was one: no outage, not taken back, and not told as a part of another one.
func (i *incident) isAttack() bool {
	s := &i.Siphunt.Incident
	return s.Kind != outage && s.State != withdrawn && s.State != merged
}

// isOver tells whether nothing more is to come of it.
func (i *incident) isOver() bool {
	s := i.Siphunt.Incident.State
	return s == ended || s == withdrawn || s == merged
}

// isBreakIn tells whether an attacker has entered an account, surely or probably.
func (i *incident) isBreakIn() bool {
	c := i.Siphunt.Incident.Confidence
	return i.isAttack() && (c == confirmed || c == probable)
}

// client is who did it: of many, the strongest.
func (i *incident) client() string { return cmp.Or(i.Source.Address, i.Source.IP) }
