package detect

import "slices"

// gather returns the pairs that an incident takes when it opens, in the order in which their runs began, and the incidents that it takes in.
func (d *judge) gather(g *grouping, v *view) (pairs []uint32, absorbed []*incident) {
	var left []uint32
	take := func(pi uint32) {
		p := d.pairs.At(pi)
		switch {
		case p.member != 0:
			switch inc := d.incidentOf(p); {
			case inc.kind == DistributedScan && g.by != byRegistrar && p.has(isSuspicious):
				left = append(left, pi)
			case g.by == byRegistrar:
			case inc.kind == BruteForce && (p.has(isSuspicious) || g.by == byClient || g.by == byExtension), g.by == byHost && inc.by == byClient:
				absorbed = append(absorbed, inc)
			}
		case p.has(isSuspicious) || g.slow && p.has(isDormant):
			pairs = append(pairs, pi)
		}
	}
	switch g.by {
	case byPair:
		take(v.pi)
	case byClient:
		d.eachOfClient(v.c, take)
	case byExtension:
		for pi := v.e.pairs; pi != 0; pi = d.pairs.At(pi).inExtension.next {
			take(pi)
		}
	case byNetwork:
		own, _ := networkOf(v.c)
		for _, pi := range v.r.suspects {
			if n, ok := networkOf(d.clients.At(d.pairs.At(pi).client)); ok && n == own {
				take(pi)
			}
		}
	case byHost:
		for ci := v.host.clients; ci != 0; ci = d.clients.At(ci).neighbour {
			d.eachOfClient(d.clients.At(ci), take)
		}
	case byRegistrar:
		for _, pi := range slices.Clone(v.r.suspects) {
			take(pi)
		}
	}
	d.sortByFirst(left)
	for _, pi := range left {
		d.leave(pi, d.pairs.At(pi))
	}
	pairs = append(pairs, left...)
	d.sortByFirst(pairs)
	slices.SortFunc(absorbed, func(a, b *incident) int { return int(a.number) - int(b.number) })
	return pairs, slices.Compact(absorbed)
}

func (d *directory) eachOfClient(c *client, do func(pi uint32)) {
	for pi := c.pairs; pi != 0; pi = d.pairs.At(pi).inClient.next {
		do(pi)
	}
}

// attackOf returns the open incident that takes the unexplained runs of a client and an extension, nil if there is none.
// Where registrar is 0, those that take what is unexplained at a registrar are left out.
func (d *casebook) attackOf(ci, ei, registrar uint32) *incident {
	if d.openIncidents == 0 {
		return nil
	}
	number := uint32(0)
	if ci != 0 {
		c := d.clients.At(ci)
		if d.horizontal > 0 {
			number = d.hostOf(c).incident
		}
		if number == 0 {
			number = d.groupOf(c.group).incident
		}
		if g := d.networkGroup(c, false); number == 0 && g != nil {
			number = g.incident
		}
	}
	if number == 0 && ei != 0 {
		number = d.groupOf(d.extensions.At(ei).group).incident
	}
	if number == 0 && registrar != 0 {
		number = d.registrars[registrar].attack
	}
	return d.incidents[number]
}

// checkAttacks ends the distributed scans that are not distributed any more: what is suspicious at their registrar has become less than half
// of what opened them.
func (d *judge) checkAttacks() {
	d.attacked = slices.DeleteFunc(d.attacked, func(inc *incident) bool {
		if inc.number == 0 {
			return true
		}
		r := &d.registrars[inc.registrar]
		if 2*r.spread() >= inc.crossed.Threshold {
			return false
		}
		d.end(inc, EndIdle)
		return true
	})
}

// own sets the number of the open incident of what its pairs have in common: 0 when it ends.
func (d *casebook) own(inc *incident, number uint32) {
	switch inc.by {
	case byClient:
		c := d.clients.At(inc.client)
		was := d.standingOf(c.group)
		d.ownGroup(&c.group).incident = number
		d.releaseGroup(&c.group)
		d.countInHost(inc.client, c, was, was)
	case byExtension:
		e := d.extensions.At(inc.extension)
		d.ownGroup(&e.group).incident = number
		d.releaseGroup(&e.group)
	case byNetwork:
		c := d.clients.At(inc.client)
		d.networkGroup(c, true).incident = number
		d.releaseNetwork(c)
	case byHost:
		d.hosts.At(inc.host).incident = number
		if number != 0 {
			d.horizontal++
		} else {
			d.horizontal--
			d.releaseHost(inc.host)
		}
	case byRegistrar:
		if inc.kind == Outage {
			d.registrars[inc.registrar].outage = number
		} else {
			d.registrars[inc.registrar].attack = number
		}
	}
}
