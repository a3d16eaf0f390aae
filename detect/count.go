package detect

// pairOf gives the pair of a subject, made where it is not known, and notes the ports seen.
func (d *Detector) pairOf(s *subject) *pair {
	var p *pair
	if s.pair != 0 {
		p = d.pairs.at(s.pair)
	} else {
		p = d.addPair(s)
	}
	d.registrars[s.registrar].port = s.flow.RegistrarPort
	c := d.clients.at(p.client)
	c.port, c.transport = s.flow.ClientPort, s.flow.Transport
	return p
}

// incidentOf gives the open incident that a rejection of a subject belongs to, nil if there is none.
func (d *Detector) incidentOf(s *subject) *incident {
	if s.pair != 0 {
		if m := d.pairs.at(s.pair).member; m != 0 {
			return d.incidents[d.members.at(m).incident]
		}
	}
	if s.client != 0 && d.clients.at(s.client).flags&underAttack != 0 {
		return d.scans[s.client]
	}
	if s.extension != 0 && d.extensions.at(s.extension).flags&underAttack != 0 {
		return d.distributed[s.extension]
	}
	return nil
}

// reject counts a rejection; code is its place in Config.FailureCodes.
func (d *Detector) reject(s *subject, code uint8) {
	inc := d.incidentOf(s)
	if inc != nil {
		inc.witness(s.flow)
		if s.pair == 0 && d.isFull(inc) {
			inc.countStranger(d, s, code)
			return
		}
	}
	t := s.flow.Time
	p := d.pairOf(s)
	d.dropStale(p)
	if p.has(hasAccepted) && t <= d.full(p.accepted) {
		d.rejectBelated(s, p, inc, code)
		return
	}
	if !p.has(runOpen) || p.member == 0 && !d.isAlive(p) {
		d.beginRun(p, t)
	}
	d.widen(p, t)
	if !isChallenge(d.cfg.FailureCodes[code]) {
		p.flags |= runHard
	}
	if p.member != 0 {
		d.rejectMember(s.pair, p, inc, code, t)
		return
	}
	d.addToRun(s.pair, p, code)
	if p.member != 0 { // the counter was full, so that it was judged at once
		return
	}
	n := p.count()
	switch {
	case inc == nil:
		if n == 1 && !p.has(runHard|runKnown) {
			d.awaitGrace(s.pair, t)
		}
		d.suspect(s.pair, p, n, t)
	case n == 1 && !p.has(runHard) && p.has(runKnown): // held back: the first half of a login
	default:
		d.join(inc, s.pair, p)
	}
	d.ensureAged(s.pair, p)
}

// rejectMember counts a rejection of a pair that is in an incident.
func (d *Detector) rejectMember(pi uint32, p *pair, inc *incident, code uint8, t int64) {
	m := d.members.at(p.member)
	m.run++
	m.touched = d.now
	if m.run == 1 && !p.has(runHard) && (p.has(runKnown) || m.succeeded) {
		m.held, m.heldCode = true, code
		if inc.kind == BruteForce && !p.has(runKnown) {
			d.awaitGrace(pi, t)
		}
		return
	}
	if m.held { // the run is these two, whichever came first
		m.held = false
		d.count(inc, m, m.heldCode, d.full(p.first))
		t = d.full(p.last)
	}
	d.count(inc, m, code, t)
	if inc.kind == BruteForce {
		d.suspect(pi, p, int(m.run), t)
	}
}

// rejectBelated counts a rejection that an acceptance has overtaken.
func (d *Detector) rejectBelated(s *subject, p *pair, inc *incident, code uint8) {
	t := s.flow.Time
	added := !p.has(runOpen)
	if added {
		if d.runCount(p) == 0 || p.member == 0 && !d.isAlive(p) {
			d.openRun(p, t)
			p.flags = p.flags&^runOpen | runClosed
			if p.has(wasGood) {
				p.flags |= runKnown
			}
		}
		d.widen(p, t)
		if p.member != 0 {
			d.members.at(p.member).run++
		} else {
			d.addToRun(s.pair, p, code)
		}
	}
	if inc == nil {
		if th := d.thresholdsOf(p); added && p.member == 0 && p.count() >= th.Attempts {
			inc = d.openBruteForce(s.pair, p, Crossing{"attempts", th.Attempts, p.count(), t})
			m := d.members.at(p.member)
			d.succeed(inc, p, m, d.full(p.accepted), m.run)
		}
		d.ensureAged(s.pair, p)
		return
	}
	if p.has(wasGood) {
		d.ensureAged(s.pair, p)
		return
	}
	if p.member == 0 && !d.enlistBelated(inc, s.pair, p) {
		inc.add(code, 1, t)
		d.ensureAged(s.pair, p)
		return
	}
	m := d.members.at(p.member)
	m.touched = d.now
	d.count(inc, m, code, t)
	if added && inc.opened <= d.full(p.accepted) && !p.has(successJudged) &&
		inc.isSuccess(m, m.run, false, d.thresholdsOf(p)) {
		d.succeed(inc, p, m, d.full(p.accepted), m.run)
	}
}

// accept closes the run of a pair, and tells whether an account was entered.
func (d *Detector) accept(s *subject) {
	t := s.flow.Time
	if s.pair == 0 {
		if inc := d.incidentOf(s); inc != nil && inc.client != 0 && d.isFull(inc) {
			d.succeedStranger(inc, s)
			return
		}
	}
	p := d.pairOf(s)
	d.dropStale(p)
	if p.has(hasAccepted) && t <= d.full(p.accepted) {
		return
	}
	if p.has(runOpen) && p.member == 0 && !d.isAlive(p) {
		d.forgetRun(p)
	}
	if p.has(runOpen) || p.member != 0 {
		d.judgePair(s.pair, p)
	}
	n := uint64(0)
	if p.has(runOpen) {
		n = d.runCount(p)
	}
	known := d.isGood(p)
	succeeded := false
	if p.member == 0 {
		p.flags |= good
	} else {
		m := d.members.at(p.member)
		inc := d.incidents[m.incident]
		m.touched = d.now
		if succeeded = inc.isSuccess(m, n, known, d.thresholdsOf(p)); succeeded {
			inc.witness(s.flow)
			d.succeed(inc, p, m, t, n)
		} else if inc.kind == Distributed && !m.succeeded {
			p.flags |= good
		}
		m.held = false
	}
	d.closeRun(p, t)
	p.flags &^= wasGood | successJudged
	if known {
		p.flags |= wasGood
	}
	if succeeded {
		p.flags |= successJudged
	}
	p.flags |= hasAccepted
	p.accepted = uint32(t)
	d.ensureAged(s.pair, p)
}

// observeRequest notes what a request tells about its client.
func (d *Detector) observeRequest(f *Flow) {
	if f.UserAgent == "" {
		return
	}
	registrar, client := f.Registrar.As16(), d.maskClient(f.Client)
	d.agents.note(&registrar, &client, f.UserAgent)
	if d.open == 0 {
		return
	}
	var buf [maxName]byte
	s := subject{name: shortName(f.Extension, &buf)}
	d.identify(&s, f)
	d.find(&s)
	if inc := d.incidentOf(&s); inc != nil {
		inc.witness(f)
	}
}
