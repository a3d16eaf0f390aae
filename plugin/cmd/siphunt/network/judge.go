package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
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

// Judge holds what was told beside the truth.
func Judge(truth *Truth, found *Incidents) *Result {
	r := &Result{Truth: truth}
	for c := range r.Causes {
		r.Causes[c].Registrations = truth.Registrations[c]
	}
	m := &matcher{truth: truth, clients: map[netip.Addr][]*outcome{}, accounts: map[account][]*outcome{}}
	outcomes := m.index()
	found.unite()
	for _, inc := range found.list {
		of := m.attacksOf(inc)
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
		if first == 0 || inc.at < first {
			first = inc.at
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
