package detect

import (
	"math"
	"slices"
)

// An outage is a registrar that rejects a share of the pairs that were known good: a migration, a lost database. It is an incident
// of its own, and what is in it is no attack.

const (
	outageAttempts = 3       // rejections of a run that is known, before it says something about its registrar
	outageWindow   = 600_000 // milliseconds: what was rejected last before that says nothing any more
	outageHold     = 300_000 // milliseconds: how long an outage has to seem over
	outageLeast    = 3       // clients: fewer are no outage of their registrar, however many phones are behind them
)

// noteFailing notes that a pair that was known good is rejected.
func (d *relations) noteFailing(pi uint32, p *pair, registrar uint32) {
	if p.has(isFailing) {
		return
	}
	p.flags |= isFailing
	r := &d.registrars[registrar]
	if len(r.failing) == 0 && r.outage == 0 {
		d.ailing = append(d.ailing, registrar)
	}
	r.failing = append(r.failing, pi)
}

// checkOutages opens and ends outages.
func (d *intake) checkOutages() {
	slices.Sort(d.ailing)
	d.ailing = slices.DeleteFunc(d.ailing, func(n uint32) bool {
		r := &d.registrars[n]
		r.failing = slices.DeleteFunc(r.failing, func(pi uint32) bool { return !d.isStillFailing(pi, n) })
		if d.watch != nil {
			d.tellFailing(n)
		}
		bar := max(r.thresholds.OutageClients, int(math.Ceil(r.thresholds.OutageRatio*float64(r.good))))
		switch {
		case r.outage == 0 && len(r.failing) == 0:
			r.failing = nil
			return true
		case r.outage == 0 && len(r.failing) >= bar && d.clientsOf(r.failing) >= outageLeast:
			d.openOutage(n, Crossing{"outage_clients", bar, len(r.failing), d.now})
		case r.outage == 0 || 2*len(r.failing) >= bar:
			r.recovered = 0
		case r.recovered == 0:
			r.recovered = d.now
		case d.now-r.recovered >= outageHold:
			r.recovered = 0
			d.end(d.incidents[r.outage], EndRecovered)
		}
		return false
	})
}

// clientsOf returns how many clients some pairs are of, up to outageLeast.
func (d *relations) clientsOf(pairs []uint32) int {
	var seen [outageLeast]uint32
	n := 0
	for _, pi := range pairs {
		if c := d.pairs.At(pi).client; n < outageLeast && !slices.Contains(seen[:n], c) {
			seen[n] = c
			n++
		}
	}
	return n
}

func (d *relations) isStillFailing(pi, registrar uint32) bool {
	p := d.pairs.At(pi)
	if p.client == 0 || !p.has(isFailing) || d.clients.At(p.client).registrar != registrar {
		return false
	}
	if p.has(runOpen) && p.has(runKnown) && p.count() >= outageAttempts && d.full(p.last) >= d.now-min(outageWindow, d.idleTimeout) {
		return true
	}
	p.flags &^= isFailing
	return false
}

func (d *intake) openOutage(registrar uint32, crossed Crossing) {
	var pairs []uint32
	var absorbed []*incident
	for _, pi := range slices.Compact(slices.Sorted(slices.Values(d.registrars[registrar].failing))) {
		p := d.pairs.At(pi)
		if p.member == 0 {
			pairs = append(pairs, pi)
		} else if inc := d.incidentOf(p); inc.kind == BruteForce && inc.known {
			absorbed = append(absorbed, inc)
		}
	}
	if len(pairs)+len(absorbed) == 0 {
		return
	}
	d.begin(&incident{kind: Outage, by: byRegistrar, registrar: registrar, crossed: crossed}, pairs, absorbed)
}
