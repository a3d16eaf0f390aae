package detect_test

import (
	"hash/fnv"
	"net/netip"
	"time"
)

// The reference, chapter Explain: known runs and sister registrars.

// refShare is a client, or one of the four that a NAT counts as.
type refShare struct {
	client netip.Addr
	share  uint32
}

// note adds a client to what two registrars have in common, and says how many clients that is, and whether it is a new one.
func note(common map[[2]netip.Addr]map[refShare]bool, a, b netip.Addr, p *refPair) (n int, isNew bool) {
	key := [2]netip.Addr{a, b}
	if common[key] == nil {
		common[key] = map[refShare]bool{}
	}
	h := fnv.New32a()
	h.Write([]byte(p.key.extension))
	share := refShare{p.key.client, h.Sum32() % 4}
	isNew = !common[key][share]
	common[key][share] = true
	return len(common[key]), isNew
}

// areSisters says whether two registrars are named together, or share ten clients.
func (r *reference) areSisters(a, b netip.Addr) bool {
	named := func(prefixes []netip.Prefix, x netip.Addr) bool {
		for _, p := range prefixes {
			if p.Contains(x) {
				return true
			}
		}
		return false
	}
	for _, prefixes := range r.cfg.Sisters {
		if named(prefixes, a) && named(prefixes, b) {
			return true
		}
	}
	return r.registrars[a].sisters[b]
}

func (r *reference) knownGoodOf(group refKey) (good []*refPair) {
	for _, p := range r.groups[group] {
		if p.good {
			good = append(good, p)
		}
	}
	return good
}

// vouching are the pairs of the same client and extension at other registrars that are known good.
func (r *reference) vouching(p *refPair) (pairs []*refPair) {
	for _, q := range r.knownGoodOf(p.key.elsewhere()) {
		if q != p && r.clock-q.accepted <= ms(r.cfg.KnownGoodTTL) {
			pairs = append(pairs, q)
		}
	}
	return pairs
}

// isKnownElsewhere says of a run whether another registrar's word for it is taken, and whether there is any that gives it.
func (r *reference) isKnownElsewhere(p *refPair) (known, vouched bool) {
	here, vouching := p.key.registrar, r.vouching(p)
	for _, q := range vouching {
		if r.areSisters(here, q.key.registrar) {
			return true, true
		}
	}
	if r.isOwnedElsewhere(p) {
		return false, false
	}
	isNATOfYoung := r.clock-r.started < ms(time.Hour) && len(r.knownGoodOf(p.key.ofClient())) >= 3
	if len(r.knownGoodOf(p.key.ofRegistrar())) == 0 || isNATOfYoung {
		return len(vouching) > 0, len(vouching) > 0
	}
	for _, q := range vouching {
		if n, isNew := note(r.failed, q.key.registrar, here, p); r.isEnough(n, here) {
			known = true
			if isNew {
				r.explainForsaken(q.key.registrar, here)
			}
		}
	}
	return known, len(vouching) > 0
}

// isEnough says whether a registrar has so many clients in common with another that it takes its word.
func (r *reference) isEnough(n int, registrar netip.Addr) bool {
	return n >= max(10, min(len(r.knownGoodOf(refKey{registrar: registrar}))/10, 100))
}

// explainForsaken makes the open, suspicious runs known of clients that the other registrar has accepted.
func (r *reference) explainForsaken(other, here netip.Addr) {
	for _, p := range r.groups[refKey{registrar: here}] {
		if !p.suspicious || !p.run.open || p.incident != nil {
			continue
		}
		for _, q := range r.vouching(p) {
			if q.key.registrar == other {
				r.explain(p)
			}
		}
	}
}

func (r *reference) explain(p *refPair) {
	p.run.known, p.suspicious, p.dormant = true, false, false
}

// welcome makes a pair known good, and tells the other registrars of the same client and extension.
func (r *reference) welcome(p *refPair) {
	if p.good {
		return
	}
	p.good = true
	here := r.registrarOf(p)
	here.newcomers = append(here.newcomers, r.clock)
	for _, q := range r.vouching(p) {
		there := r.registrarOf(q)
		n, _ := note(r.shared, p.key.registrar, q.key.registrar, p)
		note(r.shared, q.key.registrar, p.key.registrar, p)
		if r.isEnough(n, p.key.registrar) {
			here.sisters[q.key.registrar] = true
		}
		if r.isEnough(n, q.key.registrar) {
			there.sisters[p.key.registrar] = true
		}
	}
	for _, q := range r.groups[p.key.elsewhere()] {
		if q != p && q.incident == nil && q.run != nil && q.run.open && r.areSisters(p.key.registrar, q.key.registrar) {
			r.explain(q)
		}
	}
}
