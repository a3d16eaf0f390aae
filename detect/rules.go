package detect

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
)

// maxCodes is how many status codes can be rejections: as many counters as a pair has.
const maxCodes = 4

// statusClass is what an answer with a status code is.
type statusClass struct {
	kind statusKind
	code uint8 // of a rejection: its place in Config.FailureCodes
}

type statusKind uint8

const (
	irrelevant statusKind = iota
	acceptance
	rejection
)

func classify(failures []int) (classes [1000]statusClass) {
	for status := 200; status < 300; status++ {
		classes[status].kind = acceptance
	}
	for i, status := range failures {
		classes[status] = statusClass{rejection, uint8(i)}
	}
	return classes
}

const statusNotFound = 404

// isChallenge tells whether a status is the first half of a digest login (RFC 3261 section 22).
func isChallenge(status int) bool { return status == 401 || status == 407 }

// rules are the parts of the configuration that depend on who is concerned.
type rules struct {
	general   Thresholds
	overrides []prefixThresholds // longest prefix first
	allow     []AllowRule
}

type prefixThresholds struct {
	prefix     netip.Prefix
	thresholds Thresholds
}

func compileRules(cfg *Config) *rules {
	r := &rules{general: cfg.Thresholds, allow: cfg.Allow}
	for _, o := range cfg.Overrides {
		for _, p := range o.Registrars {
			r.overrides = append(r.overrides, prefixThresholds{p.Masked(), o.Thresholds})
		}
	}
	slices.SortStableFunc(r.overrides, func(a, b prefixThresholds) int { return cmp.Compare(b.prefix.Bits(), a.prefix.Bits()) })
	return r
}

// thresholds returns what is in force for a registrar.
func (r *rules) thresholds(registrar netip.Addr) *Thresholds {
	registrar = registrar.Unmap()
	for i := range r.overrides {
		if o := &r.overrides[i]; o.prefix.Contains(registrar) {
			return &o.thresholds
		}
	}
	return &r.general
}

// allowed tells whether the allowlist takes an answer out of counting. name is its extension as it is kept.
func (r *rules) allowed(f *Flow, name string, now int64) bool {
	for i := range r.allow {
		a := &r.allow[i]
		if a.inForce(now) && matchAddr(a.Clients, f.Client) && matchAddr(a.Registrars, f.Registrar) && matchName(a.Extensions, name) {
			return true
		}
	}
	return false
}

func (a *AllowRule) inForce(now int64) bool { return a.Until == 0 || now < a.Until }

func matchAddr(prefixes []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap()
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

func matchName(globs []string, name string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool {
		ok, _ := path.Match(glob, name) // Validate has tried the pattern
		return ok
	})
}

// endAllowed ends the open incidents that the allowlist covers wholly.
func (d *intake) endAllowed() {
	for _, inc := range slices.Clone(d.incidents) {
		if inc != nil && d.isAllowed(inc) {
			d.end(inc, EndAllowed)
		}
	}
}

func (d *intake) isAllowed(inc *incident) bool {
	registrar := d.registrarAddr(inc.registrar)
	client := inc.client
	if inc.by == byNetwork {
		client = 0
	}
	return slices.ContainsFunc(d.rules.allow, func(a AllowRule) bool {
		return a.inForce(d.now) && (len(a.Registrars) == 0 || inc.by != byHost && matchAddr(a.Registrars, registrar)) &&
			(len(a.Clients) == 0 || d.isAllowedClient(&a, inc, client)) &&
			(len(a.Extensions) == 0 || inc.extension != 0 && matchName(a.Extensions, d.nameCopy(inc.extension)))
	})
}

func (d *intake) isAllowedClient(a *AllowRule, inc *incident, client uint32) bool {
	if inc.by == byHost {
		return matchAddr(a.Clients, netip.AddrFrom16(d.hosts.At(inc.host).address))
	}
	return client != 0 && matchAddr(a.Clients, d.clientAddr(client))
}
