package detect

import (
	"cmp"
	"slices"
)

// open opens the incident of a grouping that a pair has made cross a threshold.
func (d *judge) open(g *grouping, v *view, crossed Crossing) {
	pairs, absorbed := d.gather(g, v)
	inc := &incident{kind: g.kind, by: g.by, slow: g.slow, few: g.few, registrar: v.c.registrar, crossed: crossed}
	switch g.by {
	case byPair:
		inc.client, inc.extension = v.ci, v.ei
	case byClient, byNetwork:
		inc.client = v.ci
	case byExtension:
		inc.extension = v.ei
	case byHost:
		inc.host, _ = d.ownHost(&v.c.address)
	}
	d.begin(inc, pairs, absorbed)
}

// openBruteForce opens a brute force of a pair.
func (d *judge) openBruteForce(pi uint32, p *pair, crossed Crossing) {
	known := p.has(runKnown) || p.has(runClosed) && p.has(wasGood)
	d.begin(&incident{
		kind: BruteForce, registrar: d.clients.At(p.client).registrar, client: p.client, extension: p.extension,
		known: known && p.has(hasAccepted), slow: p.has(runSlow), fast: crossed.Key == "fast_attempts", crossed: crossed,
	}, []uint32{pi}, nil)
}

// begin opens an incident with pairs and other incidents, reports it, and judges those of its pairs that were accepted.
func (d *judge) begin(inc *incident, pairs []uint32, absorbed []*incident) {
	d.register(inc, pairs, absorbed)
	if inc.by == byClient {
		inc.homes = d.homesOf(d.clients.At(inc.client), inc.first)
	}
	d.own(inc, inc.number)
	for _, pi := range pairs {
		d.enter(inc, pi, d.pairs.At(pi))
	}
	for _, a := range absorbed {
		d.report(a, Alert{State: Merged, MergedInto: inc.id, EndReason: EndMerged})
		d.absorb(inc, a)
		d.close(a)
	}
	if inc.by == byNetwork { // one that is there as long as the incident is
		inc.client = d.pairs.At(d.members.At(inc.members).pair).client
	}
	if d.isSpray(inc) {
		d.turnIntoSpray(inc)
	}
	if inc.kind == DistributedScan {
		d.attacked = append(d.attacked, inc)
	}
	d.ends.Add(inc.number, inc.active)
	d.joinCampaign(inc)
	d.report(inc, Alert{State: Open})
	d.concludeEarlier(inc, pairs)
	d.limitIncidents(inc)
}

// concludeEarlier judges those of the pairs of a new incident that were accepted before it opened, and those that its client has
// entered since the attack began. All that come of it are one report.
func (d *judge) concludeEarlier(inc *incident, pairs []uint32) {
	if inc.by == byClient {
		pairs = append(pairs, d.enteredEarlier(inc)...)
	}
	before := inc.successesN
	inc.isOpening = true
	for _, pi := range d.inOrderOfAcceptance(pairs) {
		switch p := d.pairs.At(pi); {
		case inc.number == 0:
		case p.member != 0:
			d.concludeMember(p)
		case d.confidence(inc, p) != NoConfidence:
			d.join(inc, pi, p)
		}
	}
	inc.isOpening = false
	if inc.number != 0 && inc.successesN > before {
		d.report(inc, Alert{State: Success})
	}
}

// enteredEarlier returns the pairs of a scan's client that were accepted for the first time, after two challenges or more, and
// not longer than idle_timeout ago unless the scan is slow.
func (d *judge) enteredEarlier(inc *incident) (pairs []uint32) {
	d.eachOfClient(d.clients.At(inc.client), func(pi uint32) {
		p := d.pairs.At(pi)
		if p.member == 0 && p.has(runClosed) && !p.has(wasGood|runKnown) && p.count() >= 2 && (inc.slow || d.isAlive(p)) {
			pairs = append(pairs, pi)
		}
	})
	d.sortByFirst(pairs)
	return pairs
}

// inOrderOfAcceptance returns those of some pairs whose run an acceptance has closed.
func (d *judge) inOrderOfAcceptance(pairs []uint32) []uint32 {
	var accepted []uint32
	for _, pi := range pairs {
		if d.pairs.At(pi).has(runClosed) {
			accepted = append(accepted, pi)
		}
	}
	slices.SortFunc(accepted, func(a, b uint32) int {
		p, q := d.pairs.At(a), d.pairs.At(b)
		if c := cmp.Compare(d.full(p.accepted), d.full(q.accepted)); c != 0 {
			return c
		}
		return d.compareNames(a, b)
	})
	return accepted
}

// homesOf returns how many extensions of a client were known good before a time.
func (d *evidence) homesOf(c *client, before int64) (n int) {
	d.eachOfClient(c, func(pi uint32) {
		if p := d.pairs.At(pi); p.has(good) && (p.has(wasGood) || d.full(p.accepted) < before) {
			n++
		}
	})
	return n
}

// limitIncidents ends the smallest incidents where there are more than max_incidents, but never the newest: some at
// once, so that a flood of new ones does not search through all of them every time.
func (d *judge) limitIncidents(newest *incident) {
	if d.openIncidents <= d.cfg.MaxIncidents {
		return
	}
	open := slices.DeleteFunc(slices.Clone(d.incidents), func(inc *incident) bool { return inc == nil || inc == newest })
	slices.SortFunc(open, func(a, b *incident) int {
		return cmp.Or(cmp.Compare(a.attempts, b.attempts), cmp.Compare(a.active, b.active), cmp.Compare(a.id, b.id))
	})
	for _, inc := range open[:min(len(open), 1+len(open)/100)] {
		d.end(inc, EndLimit)
		d.stats.EndedEarly++
	}
}
