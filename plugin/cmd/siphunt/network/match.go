package network

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

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
	number     int // of the attack
	shared     map[netip.Addr]bool
	registrars map[netip.Addr]bool
	extensions map[string]bool
	incidents  []told
}

// told is an incident that belongs to an attack, and when it first named somebody of it.
type told struct {
	*incident
	at int64
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
			Attack: a, number: i, shared: setOf(a.Shared),
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

// attacksOf adds an incident to the attacks that it is about, and returns them: it names a client of theirs, and if good phones
// have that address too, an extension; or it is of many clients on an extension of theirs.
func (m *matcher) attacksOf(inc *incident) (list []*outcome) {
	if inc.last.Kind == detect.Outage {
		return nil
	}
	first := map[*outcome]int64{}
	for c, at := range inc.clients {
		for _, o := range m.clients[c] {
			if m.fits(o, inc, c, at) && (first[o] == 0 || at < first[o]) {
				first[o] = at
			}
		}
	}
	if len(first) == 0 && inc.last.Kind == detect.Distributed {
		for _, o := range m.accounts[account{inc.last.Registrar.Addr, inc.last.Extension}] {
			if o.during(inc.opened) {
				first[o] = inc.opened
			}
		}
	}
	for o, at := range first {
		o.incidents = append(o.incidents, told{inc, at})
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *outcome) int { return cmp.Compare(a.number, b.number) })
	return list
}

func (o *outcome) during(at int64) bool {
	return o.Begin != 0 && at >= o.Begin && at <= o.Last+traffic.Day
}

func (m *matcher) fits(o *outcome, inc *incident, client netip.Addr, at int64) bool {
	if !o.during(at) || !o.registrars[inc.last.Registrar.Addr] && inc.last.Kind != detect.HorizontalScan {
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
