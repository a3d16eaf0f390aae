package feed

import (
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// Values of Config.Confidence: how sure it has to be that a client broke in.
const (
	Any       = "any" // it need not have
	Probable  = "probable"
	Confirmed = "confirmed"
)

// Kinds returns the values of Config.Kinds: an outage is no attack.
func Kinds() []string {
	var names []string
	for k := detect.Scan; k < detect.Outage; k++ {
		names = append(names, k.String())
	}
	return names
}

// choose returns the clients that an alert puts into the feed.
func (f *Feed) choose(a *detect.Alert, now int64) []netip.Prefix {
	if a.Kind == detect.Outage || a.State == detect.Merged || alert.Risk(a) < f.config.MinRisk ||
		len(f.config.Kinds) > 0 && !slices.Contains(f.config.Kinds, a.Kind.String()) {
		return nil
	}
	var list []netip.Prefix
	for _, addr := range f.attackers(a) {
		p := f.prefixOf(addr)
		if p.IsValid() && !f.isAllowed(p, now) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// isCleared tells whether an incident was no attack, or may well be none.
func isCleared(a *detect.Alert) bool {
	return a.State == detect.Withdrawn || a.KnownClient || a.Confidence == detect.Unlikely
}

// attackers are the clients of an incident whose addresses are theirs. Over UDP that is sure of one that has completed a login:
// of many clients the others may be made up by one of them.
func (f *Feed) attackers(a *detect.Alert) []netip.Addr {
	entered := f.intruders(a)
	switch {
	case f.config.Confidence != Any:
		return entered
	case f.config.Forgeable || a.Transport == detect.TCP || a.Transport == detect.SCTP:
	case a.Forgeable || a.Clients.Count > 1:
		return entered
	}
	for _, m := range a.Clients.Top {
		entered = append(entered, m.Client)
	}
	return entered
}

// intruders are the clients that broke in, as surely as the configuration asks for, probably at least.
func (f *Feed) intruders(a *detect.Alert) []netip.Addr {
	least := detect.Probable
	if f.config.Confidence == Confirmed {
		least = detect.Confirmed
	}
	var list []netip.Addr
	for _, s := range a.Successes {
		if s.Confidence >= least {
			list = append(list, s.Client)
		}
	}
	return list
}

// prefixOf is what an address stands for; invalid if nobody can be blocked by it.
func (f *Feed) prefixOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsLoopback() || addr.IsMulticast() {
		return netip.Prefix{}
	}
	bits := addr.BitLen()
	if addr.Is6() {
		bits = min(bits, f.prefix)
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

// isAllowed tells whether an entry of the allowlist names the client.
func (f *Feed) isAllowed(p netip.Prefix, now int64) bool {
	return slices.ContainsFunc(f.allow, func(rule detect.AllowRule) bool {
		inForce := rule.Until == 0 || now < rule.Until
		return inForce && slices.ContainsFunc(rule.Clients, p.Overlaps)
	})
}

func (f *Feed) entry(a *detect.Alert) client {
	return client{until: a.Last + f.config.Keep.Milliseconds(), kind: a.Kind.String(), risk: alert.Risk(a), incident: a.ID}
}
