package detect

// ageing keeps the pairs outside of incidents in buckets by the second in which they were last touched, so that the
// pair idle for longest is at hand. It is lazy: a pair that is touched stays where it is, and moves when its bucket
// is looked at.
type ageing struct {
	buckets []uint32 // first pair of each second, a ring
	next    int64    // the oldest second that may hold a pair
	idle    int64    // the oldest second whose pairs have not been looked at since idle_timeout ago
}

func newAgeing(now, horizon, idle, step int64) ageing {
	return ageing{
		buckets: make([]uint32, (horizon+step)/1000+2),
		next:    max(0, now-horizon) / 1000,
		idle:    max(0, now-idle) / 1000,
	}
}

func (a *ageing) bucket(second int64) *uint32 { return &a.buckets[second%int64(len(a.buckets))] }

// touched is when a pair that is in no incident last had a rejection or an acceptance. The rejections of a run that has lapsed, or
// is about to, count no more.
func (m *memory) touched(p *pair) int64 {
	at := int64(0)
	if last := m.full(p.last); p.has(isSuspicious|isDormant) || p.has(runOpen|runClosed) && last/1000 >= m.ageing.idle {
		at = last
	}
	if p.has(hasAccepted) {
		at = max(at, m.full(p.accepted))
	}
	return at
}

// place puts a pair into the bucket of its last touch.
func (m *memory) place(pi uint32, p *pair) {
	second := max(m.touched(p)/1000, m.ageing.next)
	b := m.ageing.bucket(second)
	p.nextAged, *b = *b, pi
	p.flags |= isAged
	p.flags &^= isResting
	if second < m.ageing.idle {
		p.flags |= isResting
	}
}

// take empties a bucket and gives those of its pairs that were not touched later and are in no incident.
func (m *memory) take(second int64, found func(pi uint32, p *pair)) {
	b := m.ageing.bucket(second)
	pi := *b
	*b = 0
	for pi != 0 {
		p := m.pairs.At(pi)
		next := p.nextAged
		p.flags &^= isAged
		switch {
		case p.member != 0: // comes back when the incident ends
		case m.touched(p)/1000 > second:
			m.place(pi, p)
		default:
			found(pi, p)
		}
		pi = next
	}
}

// age lets runs lapse that are idle for longer than idle_timeout, and forgets pairs that nobody needs any more.
func (d *intake) age() {
	a := &d.ageing
	for end := (d.now - d.idleTimeout) / 1000; a.idle < end; {
		second := a.idle
		a.idle++
		d.take(second, func(pi uint32, p *pair) {
			d.lapse(pi, p)
			if p.has(good | isDormant) {
				d.place(pi, p) // until known_good_ttl has passed
				return
			}
			d.removePair(pi)
		})
	}
	d.restless.Drain(d.now-d.idleTimeout, d.calm)
	for end := (d.now - d.horizon()) / 1000; a.next < end; {
		second := a.next
		a.next++
		d.take(second, func(pi uint32, _ *pair) { d.removePair(pi) })
	}
}

// lapse ends the alive part of a run that is idle. One that was never explained is remembered for the sums of a day.
func (d *runs) lapse(pi uint32, p *pair) {
	if d.watch != nil {
		d.tellLapse(p)
	}
	switch {
	case p.has(isDormant):
	case p.has(isSuspicious) && p.has(runOpen):
		d.retire(pi, p)
	case d.isOfSuspect(p):
		d.unsuspect(pi, p)
	default:
		d.forgetRun(pi, p)
	}
}

// isOfSuspect tells whether a closed run is the first login of a client on an extension, which took more than one challenge, while other runs
// of the client are unexplained: should these turn out to be a slow attack, it has entered the account.
func (d *runs) isOfSuspect(p *pair) (suspect bool) {
	if !p.has(runClosed) || p.has(wasGood|runKnown) || p.count() < 2 {
		return false
	}
	d.eachOfClient(d.clients.At(p.client), func(qi uint32) {
		q := d.pairs.At(qi)
		suspect = suspect || q.has(isDormant) || q.has(isSuspicious) && q.has(runOpen)
	})
	return suspect
}

// calm lets the run of a pair lapse that rests, and that of a member of a distributed scan.
func (d *intake) calm(pi uint32) {
	p := d.pairs.At(pi)
	switch {
	case p.client == 0 || !p.has(isSuspicious) || p.member != 0 && d.incidentOf(p).kind != DistributedScan:
	case d.full(p.last) >= d.now-d.idleTimeout:
		d.restless.Add(pi, d.full(p.last))
	case p.member != 0:
		d.unsuspect(pi, p)
	default:
		d.lapse(pi, p)
	}
}

// horizon is how long a pair can be worth keeping.
func (d *settings) horizon() int64 { return max(d.knownGoodTTL, d.idleTimeout) }

// makeRoom forgets the pair that is idle for longest while there are more than max_pairs. It tells whether it had to.
func (d *intake) makeRoom() bool {
	if d.outside < d.cfg.MaxPairs {
		return false
	}
	a := &d.ageing
	for d.outside >= d.cfg.MaxPairs && a.next <= d.now/1000 {
		b := a.bucket(a.next)
		pi := *b
		if pi == 0 {
			a.next++
			continue
		}
		p := d.pairs.At(pi)
		*b = p.nextAged
		p.flags &^= isAged
		switch {
		case p.member != 0:
		case d.touched(p)/1000 > a.next:
			d.place(pi, p)
		default:
			d.removePair(pi)
			d.stats.Evicted++
		}
	}
	return true
}
