package detect

// pairOf returns the pair of a subject, made where it is not known, and notes the ports seen.
func (d *intake) pairOf(s *subject) *pair {
	var p *pair
	if s.pair != 0 {
		p = d.pairs.At(s.pair)
	} else {
		p = d.addPair(s)
	}
	d.registrars[s.registrar].port = s.flow.RegistrarPort
	c := d.clients.At(p.client)
	c.port, c.transport = s.flow.ClientPort, s.flow.Transport
	return p
}

// reject counts a rejection; code is its place in Config.FailureCodes.
func (d *intake) reject(s *subject, code uint8) {
	if s.pair == 0 {
		if inc := d.attackOf(s.client, s.extension, 0); inc != nil && d.isFull(inc) {
			inc.witness(s.flow)
			d.countStranger(inc, s, code)
			return
		}
	}
	t := s.flow.Time
	p := d.pairOf(s)
	d.expire(s.pair, p)
	if p.has(hasAccepted) && t <= d.full(p.accepted) {
		d.rejectBelated(s, p, code)
		return
	}
	switch {
	case p.has(isSuspicious) && p.has(runClosed): // a login of one whose earlier acceptance is in doubt
		return
	case !p.has(runOpen):
		d.beginRun(s, p, t)
	case p.member == 0 && !d.isAlive(p):
		if p.has(isSuspicious | isDormant) {
			p.flags |= runSlow
		} else {
			d.beginRun(s, p, t)
		}
	}
	isFirst := d.widen(p, t) || p.count() == 0
	d.addToRun(p, code)
	d.noteFast(p, t)
	switch {
	case p.member != 0:
		d.rejectMember(s, p, code, t, isFirst)
	case p.has(runKnown):
		d.rejectKnown(s, p, t)
	case p.has(isSuspicious|isDormant) || d.isUnexplained(p):
		passed := p.has(runPassed)
		d.takeUnexplained(s.pair, p, t)
		if attack := d.registrars[s.registrar].attack; passed && attack != 0 && p.member == 0 {
			d.incidents[attack].add(code, 1, t)
			d.noteGrowth(d.incidents[attack])
		}
	case p.count() == 1 || p.first == uint32(t):
		d.awaitGrace(s.pair, p)
	}
	d.ensureAged(s.pair, p)
	if p.member != 0 {
		d.incidentOf(p).witness(s.flow)
	}
}

// takeUnexplained has a pair with an unexplained run judged: an open incident takes it, or its groups are judged. t is the
// time of the rejection that brought it here.
func (d *intake) takeUnexplained(pi uint32, p *pair, t int64) {
	if inc := d.attackOf(p.client, p.extension, 0); inc != nil {
		d.join(inc, pi, p)
		return
	}
	if !p.has(isSuspicious) {
		d.suspect(pi, p)
	}
	d.weigh(pi, p, t)
	if attack := d.serverOf(p).attack; attack != 0 && p.member == 0 && !p.has(runPassed) {
		d.join(d.incidents[attack], pi, p)
	}
}

// rejectKnown counts a rejection of a run that is known: it is a brute force when it is as long as one, unless its
// registrar rejects many who are known good.
func (d *intake) rejectKnown(s *subject, p *pair, t int64) {
	r := &d.registrars[s.registrar]
	n := p.count()
	if n >= outageAttempts {
		d.noteFailing(s.pair, p, s.registrar)
		if r.outage != 0 {
			d.join(d.incidents[r.outage], s.pair, p)
			return
		}
	}
	if n >= r.thresholds.Attempts {
		d.openBruteForce(s.pair, p, Crossing{"attempts", r.thresholds.Attempts, n, t})
	}
}

// rejectMember counts a rejection of a pair that is in an incident.
func (d *intake) rejectMember(s *subject, p *pair, code uint8, t int64, isFirst bool) {
	m := d.members.At(p.member)
	m.touched = d.now
	if p.has(runKnown) && p.count() >= outageAttempts {
		d.noteFailing(s.pair, p, s.registrar)
	}
	switch {
	case !p.has(runExcluded):
		d.count(d.incidents[m.incident], m, code, t)
	case d.isMoreThanLogin(p):
		d.include(p)
	default:
		if isFirst || d.full(p.first) < d.now-d.graceOf(d.clients.At(p.client)) { // it was not alive when its grace was over
			d.awaitGrace(s.pair, p)
		}
		return
	}
	if d.incidents[m.incident].isWeak() && !p.has(runKnown) {
		if !p.has(isSuspicious) {
			d.suspect(s.pair, p)
			d.restless.Add(s.pair, d.full(p.last))
		}
		d.weigh(s.pair, p, t)
	}
}

// isMoreThanLogin tells whether a run of a pair that has been accepted in its incident, or was known good before it, is no login
// under way.
func (d *evidence) isMoreThanLogin(p *pair) bool { return !d.isShort(p) || d.isUnexplained(p) }

// isShort tells whether a run is no longer than a login can be.
func (d *evidence) isShort(p *pair) bool {
	registrar := d.clients.At(p.client).registrar
	if p.member != 0 && d.incidentOf(p).isOfKnown() {
		return p.count() <= usualChallenges*d.registrars[registrar].echo.factor()
	}
	return p.count() <= d.loginChallenges(registrar)
}

// isOfKnown tells whether an incident is a brute force of a known client.
func (inc *incident) isOfKnown() bool { return inc.kind == BruteForce && inc.known }

// rejectBelated counts a rejection that an acceptance has overtaken: it belongs to the run which that closed, while that is
// the newest.
func (d *intake) rejectBelated(s *subject, p *pair, code uint8) {
	if p.has(runOpen) {
		if p.member != 0 && !p.has(wasGood) {
			m := d.members.At(p.member)
			d.count(d.incidents[m.incident], m, code, s.flow.Time)
		}
		return
	}
	t := s.flow.Time
	if p.count() == 0 {
		p.flags |= runClosed
		p.first, p.last = uint32(t), uint32(t)
	}
	d.widen(p, t)
	d.addToRun(p, code)
	d.noteFast(p, t)
	if p.member != 0 && !p.has(runExcluded) {
		m := d.members.At(p.member)
		d.count(d.incidents[m.incident], m, code, t)
	} else if p.member != 0 && !d.isShort(p) {
		d.include(p)
	}
	if !p.has(runKnown) {
		d.conclude(s.pair, p)
	}
	d.ensureAged(s.pair, p)
}

// accept closes the run of a pair, and tells what that means.
func (d *intake) accept(s *subject) {
	t := s.flow.Time
	if s.pair == 0 {
		if inc := d.attackOf(s.client, s.extension, 0); inc != nil && inc.by == byClient && d.isFull(inc) {
			d.succeedStranger(inc, s)
			return
		}
	}
	p := d.pairOf(s)
	d.expire(s.pair, p)
	d.graces.note(d.now, d.now-t)
	repeats := p.has(hasAccepted) && max(t-d.full(p.accepted), d.full(p.accepted)-t) <= echoWindow
	d.serverOf(p).echo.note(repeats)
	if p.has(hasAccepted) && t <= d.full(p.accepted) || repeats && !p.has(runOpen) { // another probe has seen the same
		return
	}
	if p.has(isSuspicious) && p.has(runClosed) { // the doubt about an earlier acceptance stays
		return
	}
	known := p.has(good)
	if !p.has(runOpen) || p.member == 0 && !d.isAlive(p) {
		d.openRun(s.pair, p, t)
	}
	if d.watch != nil {
		d.seeAcceptance(p, t)
	}
	p.flags = p.flags&^(runOpen|wasGood) | runClosed | hasAccepted
	if known {
		p.flags |= wasGood
	}
	p.accepted = uint32(t)
	if p.member != 0 {
		m := d.members.At(p.member)
		m.touched = d.now
		d.incidentOf(p).witness(s.flow)
		switch inc := d.incidentOf(p); {
		case m.entered && d.isShort(p): // the account is used
			d.exclude(p)
		case m.entered && known && inc.isOfKnown() && !p.has(runExcluded):
			d.exemptLogin(inc, m, p)
		}
	}
	if p.member == 0 && known {
		d.unsuspect(s.pair, p)
		d.sumBetweenLogins(s.pair, p)
	} else if !d.conclude(s.pair, p) {
		d.welcome(s, p)
	}
	if d.watch != nil {
		d.tellAcceptance(p)
	}
	d.ensureAged(s.pair, p)
}

// welcome makes a pair known good.
func (d *relations) welcome(s *subject, p *pair) {
	if p.has(good) {
		return
	}
	d.setGood(s.pair, p, true)
	d.serverOf(p).recent.add(d.now)
	d.learnSister(s)
	d.excuseSisters(s)
}

// observeRequest notes what a request tells about its client.
func (d *intake) observeRequest(f *Flow) {
	if f.UserAgent == "" {
		return
	}
	registrar, client := f.Registrar.As16(), d.maskClient(f.Client)
	tool := d.tools.isTool(f.UserAgent)
	d.agents.note(&registrar, &client, f.UserAgent, tool)
	if d.openIncidents == 0 && !tool {
		return
	}
	var buf [maxName]byte
	s := subject{name: shortName(f.Extension, &buf)}
	d.identify(&s, f)
	d.find(&s)
	if tool && s.client != 0 {
		d.hurry(d.clients.At(s.client))
	}
	if s.pair != 0 && d.pairs.At(s.pair).member != 0 {
		d.incidentOf(d.pairs.At(s.pair)).witness(f)
	} else if inc := d.attackOf(s.client, s.extension, 0); inc != nil {
		inc.witness(f)
	}
}
