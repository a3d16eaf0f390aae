package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// Result is a truth beside what was told of it.
type Result struct {
	Truth   *Truth
	Kinds   []*KindResult
	Causes  [causes]CauseResult
	Missed  []string // attacks and break-ins that were not told of, a line each
	Inexact []string // attacks told of with other counts, a line each
	False   []string // incidents and successes of severity 47 or more that belong to no attack, a line each
}

// KindResult is what was told of the attacks of a kind.
type KindResult struct {
	Kind            string
	Planted, Told   int
	FromFirst       []int64 // milliseconds from an attack's first rejection to the first report, of those told
	FromLast        []int64
	Exact           int
	Worst           float64 // greatest relative difference of counts
	Incidents       int
	Most            int // incidents of one attack
	Campaigns       int
	BreakIns        int
	BreakInsTold    int
	Confidences     [4]int // of the break-ins that were told of
	HighestSeverity [len(severities)]int
}

// CauseResult is what good phones raised.
type CauseResult struct {
	Registrations int
	Alerts        [len(severities)]int
	Incidents     [len(severities)]int // by their highest severity
	Accused       [2]int               // good phones that were told of as break-ins, probable and confirmed, in incidents of attacks
}

// matcher finds the attacks that an incident may belong to.
type matcher struct {
	truth    *Truth
	clients  map[netip.Addr][]*outcome
	accounts map[account][]*outcome
}

type account struct {
	registrar netip.Addr
	extension string
}

// outcome is an attack with the incidents that belong to it.
type outcome struct {
	*Attack
	clients, shared map[netip.Addr]bool
	registrars      map[netip.Addr]bool
	extensions      map[string]bool
	incidents       []*incident
}

// Judge holds what was told beside the truth.
func Judge(truth *Truth, found *Incidents) *Result {
	r := &Result{Truth: truth}
	for c := range r.Causes {
		r.Causes[c].Registrations = truth.Registrations[c]
	}
	m := &matcher{truth: truth, clients: map[netip.Addr][]*outcome{}, accounts: map[account][]*outcome{}}
	outcomes := m.index()
	for _, inc := range found.list {
		of := m.attacksOf(inc)
		for _, o := range of {
			o.incidents = append(o.incidents, inc)
		}
		if len(of) == 0 {
			r.addFalse(m, inc)
		} else {
			r.accuse(m, inc, of)
		}
	}
	entered := map[entry]detect.Confidence{}
	for _, inc := range found.list {
		for e, sure := range inc.entered {
			entered[e] = max(entered[e], sure)
		}
	}
	byKind := map[string]*KindResult{}
	for _, o := range outcomes {
		k := byKind[o.Kind]
		if k == nil {
			k = &KindResult{Kind: o.Kind}
			byKind[o.Kind] = k
			r.Kinds = append(r.Kinds, k)
		}
		r.addAttack(k, o, entered)
	}
	return r
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

func (m *matcher) index() []*outcome {
	outcomes := make([]*outcome, len(m.truth.Attacks))
	for i, a := range m.truth.Attacks {
		o := &outcome{
			Attack: a, clients: setOf(a.Clients), shared: setOf(a.Shared),
			registrars: setOf(a.Registrars), extensions: setOf(a.Extensions),
		}
		outcomes[i] = o
		for _, c := range a.Clients {
			m.clients[c] = append(m.clients[c], o)
		}
		for _, r := range a.Registrars {
			for _, e := range a.Extensions {
				m.accounts[account{r, e}] = append(m.accounts[account{r, e}], o)
			}
		}
	}
	return outcomes
}

// attacksOf gives the attacks that an incident is about: it names a client of theirs, and if good phones have that address
// too, an extension; or it is of many clients on an extension of theirs.
func (m *matcher) attacksOf(inc *incident) (list []*outcome) {
	if inc.last.Kind == detect.Outage {
		return nil
	}
	for c := range inc.clients {
		for _, o := range m.clients[c] {
			if !slices.Contains(list, o) && m.fits(o, inc, c) {
				list = append(list, o)
			}
		}
	}
	slices.SortFunc(list, func(a, b *outcome) int {
		return slices.Index(m.truth.Attacks, a.Attack) - slices.Index(m.truth.Attacks, b.Attack)
	})
	if len(list) == 0 && inc.last.Kind == detect.Distributed {
		for _, o := range m.accounts[account{inc.last.Registrar.Addr, inc.last.Extension}] {
			if o.during(inc) {
				list = append(list, o)
			}
		}
	}
	return list
}

func (o *outcome) during(inc *incident) bool {
	return o.Begin != 0 && inc.opened >= o.Begin && inc.opened <= o.Last+traffic.Day
}

func (m *matcher) fits(o *outcome, inc *incident, client netip.Addr) bool {
	if !o.during(inc) || !o.registrars[inc.last.Registrar.Addr] && inc.last.Kind != detect.HorizontalScan {
		return false
	}
	if !o.shared[client] {
		return true
	}
	for e := range inc.extension {
		if o.extensions[e] {
			return true
		}
	}
	return false
}

// causeOf says whose good traffic an incident is about.
func (m *matcher) causeOf(inc *incident) Cause {
	a := &inc.last
	if out, ok := m.truth.Outages[a.Registrar.Addr]; ok && inc.opened >= out.From && inc.opened <= out.To+traffic.Hour {
		return out.Cause
	}
	if a.Kind == detect.BruteForce || a.Kind == detect.Distributed {
		if c, ok := m.truth.Accounts[a.Extension]; ok {
			return c
		}
	}
	if c, ok := m.truth.Clients[a.Client.Addr]; ok {
		return c
	}
	for _, member := range a.Clients.Top {
		if c, ok := m.truth.Clients[member.Client]; ok {
			return c
		}
	}
	return NoCause
}

// addFalse takes an incident that belongs to no attack.
func (r *Result) addFalse(m *matcher, inc *incident) {
	cause := m.causeOf(inc)
	c := &r.Causes[cause]
	for i, n := range inc.alerts {
		c.Alerts[i] += n
	}
	if inc.merged() {
		return
	}
	c.Incidents[step(inc.highest)]++
	if inc.highest >= detect.SeverityMedium {
		r.False = append(r.False, fmt.Sprintf("false: severity %d, %s (%s)", inc.highest, describe(inc), cause))
	}
}

// accuse looks for good phones among the successes of an attack.
func (r *Result) accuse(m *matcher, inc *incident, of []*outcome) {
	for e, sure := range inc.entered {
		if sure < detect.Probable || slices.ContainsFunc(m.clients[e.client], func(o *outcome) bool {
			return !o.shared[e.client] || o.extensions[e.extension]
		}) {
			continue
		}
		cause := NoCause
		if c, ok := m.truth.Accounts[e.extension]; ok {
			cause = c
		} else if c, ok := m.truth.Clients[e.client]; ok {
			cause = c
		}
		r.Causes[cause].Accused[sure-detect.Probable]++
		r.False = append(r.False, fmt.Sprintf("accused: %s of %s at %s, %s, in %s of %q (%s)", e.extension, e.client, e.registrar, sure,
			describe(inc), of[0].Kind, cause))
	}
	slices.Sort(r.False)
}

func describe(inc *incident) string {
	a := &inc.last
	return fmt.Sprintf("%s at %s, registrar %s, client %s, extension %s, %d clients, %d extensions, %d attempts, %d successes",
		a.Kind, utc(inc.opened), a.Registrar.Addr, a.Client.Addr, a.Extension, a.Clients.Count, a.Extensions.Count, a.Attempts, a.SuccessesN)
}

// addAttack takes what was told of an attack, and which accounts were told of as entered.
func (r *Result) addAttack(k *KindResult, o *outcome, entered map[entry]detect.Confidence) {
	k.Planted++
	var first int64
	attempts, highest, n := 0, 0, 0
	campaigns := map[string]bool{}
	for _, inc := range o.incidents {
		if inc.withdrawn {
			continue
		}
		if first == 0 || inc.opened < first {
			first = inc.opened
		}
		if inc.merged() {
			continue
		}
		n++
		attempts += inc.last.Attempts
		highest = max(highest, inc.highest)
		id := inc.last.Campaign.ID
		if id == "" {
			id = inc.last.ID
		}
		campaigns[id] = true
	}
	if n > 0 {
		k.Told++
		k.FromFirst = append(k.FromFirst, first-o.First)
		k.FromLast = append(k.FromLast, first-o.Last)
		k.HighestSeverity[step(highest)]++
		if off := o.off(attempts); off == 0 {
			k.Exact++
		} else {
			k.Worst = max(k.Worst, off)
			r.Inexact = append(r.Inexact, fmt.Sprintf("inexact: %s, told %d of %d to %d", o.describe(), attempts, o.Rejections, o.Rejections+o.Perhaps))
		}
	} else {
		r.Missed = append(r.Missed, "missed: "+o.describe())
	}
	k.Incidents += n
	k.Most = max(k.Most, n)
	k.Campaigns += len(campaigns)
	for _, b := range o.BreakIns {
		k.BreakIns++
		sure := entered[entry{b.Registrar, b.Extension, b.Client}]
		if sure >= detect.Probable {
			k.BreakInsTold++
			k.Confidences[sure]++
			continue
		}
		r.Missed = append(r.Missed, fmt.Sprintf("untold break-in: %q, %s by %s at %s, %s, told as %q",
			o.Kind, b.Extension, b.Client, b.Registrar, utc(b.Time), sure))
	}
}

func (a *Attack) describe() string {
	return fmt.Sprintf("%q at %v by %v, %d registrars, %d clients, %d extensions, %d rejections, %s to %s", a.Kind, a.Registrars[0],
		a.Clients[0], len(a.Registrars), len(a.Clients), len(a.Extensions), a.Rejections, utc(a.First), utc(a.Last))
}

// off is how far a count is from what was recorded, relatively. What may count or not is allowed for.
func (a *Attack) off(attempts int) float64 {
	switch {
	case attempts < a.Rejections:
		return float64(a.Rejections-attempts) / float64(a.Rejections)
	case attempts > a.Rejections+a.Perhaps:
		return float64(attempts-a.Rejections-a.Perhaps) / float64(max(1, a.Rejections))
	}
	return 0
}
