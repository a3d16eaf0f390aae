package detect

// conclude judges the acceptance that closed the run of a pair (RULES.md, "Conclude"). It tells whether an account was
// entered, so that the acceptance vouches for nobody. It is called again when belated rejections have made the run longer.
func (d *judge) conclude(pi uint32, p *pair) (entered bool) {
	if p.member != 0 && d.incidentOf(p).kind == DistributedScan && !p.has(runKnown|wasGood) && d.isAttackAlone(p) {
		d.leave(pi, p)
	}
	if p.member == 0 {
		entered = d.concludeOutside(pi, p)
	} else {
		entered = d.concludeMember(p)
	}
	if !d.isDoubtful(p) || p.member != 0 && d.incidentOf(p).kind != DistributedScan {
		d.unsuspect(pi, p)
	} else if p.has(isSuspicious) {
		d.restless.Add(pi, d.full(p.last)) // what it does from now on keeps the pair, not the doubt
	}
	return entered
}

// concludeOutside judges the run of a pair that is in no incident: an open one may take it, it may have been a fast brute
// force, or make its groups suspicious.
func (d *judge) concludeOutside(pi uint32, p *pair) bool {
	th := d.thresholdsOf(p)
	n := p.count()
	if p.has(runKnown | wasGood) {
		return false
	}
	attack := d.attackOf(p.client, p.extension, 0)
	if attack != nil && d.confidence(attack, p) == NoConfidence {
		attack = nil
	}
	switch {
	case attack != nil:
		d.join(attack, pi, p)
	case n >= th.Attempts && !p.has(runSlow):
		d.openBruteForce(pi, p, Crossing{"attempts", th.Attempts, n, d.full(p.last)})
	case p.has(runFast):
		d.openBruteForce(pi, p, Crossing{"fast_attempts", th.FastAttempts, n, d.full(p.last)})
	case d.isDoubtful(p):
		if !p.has(isSuspicious) {
			d.suspect(pi, p)
		}
		d.weigh(pi, p, d.full(p.last))
	}
	if spread := d.attackOf(0, 0, d.clients.At(p.client).registrar); p.member == 0 && spread != nil && d.confidence(spread, p) != NoConfidence {
		d.join(spread, pi, p)
	}
	return p.member != 0 && d.members.At(p.member).entered
}

// isAttackAlone tells whether the accepted run of a pair is a brute force, whatever else goes on.
func (d *runs) isAttackAlone(p *pair) bool {
	return p.has(runFast) || p.count() >= d.thresholdsOf(p).Attempts && !p.has(runSlow)
}

// isDoubtful tells whether a run that was accepted may have been guessing: the client was never accepted on this extension before,
// and a password was refused, or there were more challenges than one login takes, in a network that is known for a while.
func (d *evidence) isDoubtful(p *pair) bool {
	if !p.has(runClosed) || p.has(wasGood|runKnown) || !d.isAlive(p) {
		return false
	}
	return d.passwordRefused(p) && p.count() >= 2 ||
		d.hard(p) == 0 && p.count() >= d.doubtfulChallenges(d.clients.At(p.client)) && d.now-d.graces.since >= settledAfter && !d.isStorm(p)
}

// isStorm tells whether the client of a pair logs in on many extensions at once: phones that have all been restarted begin anew while their
// registrar is busy. Who tries passwords has tried one account before the next, or a few at a time, or has accounts that others hold.
func (d *evidence) isStorm(p *pair) bool {
	others := 0
	d.eachOfClient(d.clients.At(p.client), func(qi uint32) {
		if q := d.pairs.At(qi); q != p && q.member == 0 && q.isWaiting() && d.isAlive(q) {
			others++
		}
	})
	return others >= stormLogins && d.clients.At(p.client).flags&isTool == 0 && !d.isOwnedElsewhere(p)
}

// stormLogins is how many logins of one client are under way at once, beside another, in a storm.
const stormLogins = 5

// settledAfter is the age, in milliseconds, before which a detector has not seen who is good.
const settledAfter = 3_600_000

// doubtfulChallenges returns how many challenges are more than a login commonly takes.
func (d *runs) doubtfulChallenges(c *client) int {
	return 3 * d.registrars[c.registrar].echo.factor()
}

// concludeMember judges the run of a pair that is in an incident.
func (d *judge) concludeMember(p *pair) bool {
	m := d.members.At(p.member)
	inc := d.incidents[m.incident]
	if inc.kind == Outage {
		return false
	}
	if !m.accepted {
		m.accepted = true
		if inc.kind == HorizontalScan && !d.isOwnedElsewhere(p) || p.count() <= d.registrars[inc.registrar].echo.factor() && d.hard(p) == 0 {
			inc.acceptedLogins++
		}
	}
	short := d.isShort(p)
	confidence := d.confidence(inc, p)
	if m.entered && (short || !inc.isOfKnown() || confidence <= inc.confidence) {
		if !short {
			d.include(p)
		}
		return true
	}
	if confidence == NoConfidence {
		if short {
			d.exclude(p)
		}
		d.considerWithdrawal(inc)
		return false
	}
	d.include(p)
	d.succeed(inc, p, confidence)
	return confidence > Unlikely
}

// confidence returns how sure it is that the acceptance of a pair's closed run lets an attacker in, if the run is part of
// an incident.
func (d *evidence) confidence(inc *incident, p *pair) Confidence {
	n := p.count()
	if inc.kind != BruteForce && (p.has(wasGood|runKnown) || n == 0 && inc.kind != Distributed) {
		return NoConfidence
	}
	c := d.clients.At(p.client)
	switch inc.kind {
	case BruteForce:
		return d.bruteForceConfidence(inc, p, c)
	case Distributed:
		if d.isPhoneLike(inc) {
			return Unlikely
		}
		return d.distributedConfidence(p, n)
	case DistributedScan:
		if d.isPhoneLike(inc) {
			return d.phoneConfidence(inc, p)
		}
		if d.passwordRefused(p) || d.hard(p) == 0 && (n >= d.thresholdsOf(p).FastAttempts || n >= d.doubtfulChallenges(c) && (d.isOwnedElsewhere(p) || d.isDoubtful(p))) {
			return Probable
		}
		return NoConfidence
	case Outage:
		return NoConfidence
	}
	return d.scanConfidence(inc, c, p, n)
}

func (d *evidence) bruteForceConfidence(inc *incident, p *pair, c *client) Confidence {
	switch {
	case inc.known && d.isPhoneLike(inc):
		return Unlikely
	case inc.known && (c.flags&isTool == 0 || !d.isOwnedElsewhere(p)), inc.fast && inc.attempts < uint64(d.thresholdsOf(p).Attempts) && c.flags&isTool == 0:
		return Probable
	case !d.isPhoneLike(inc):
		return Confirmed
	case d.hasOtherSuspects(p, c):
		return Probable
	}
	return d.phoneConfidence(inc, p)
}

// hasOtherSuspects tells whether the client of a pair has another one that is suspicious.
func (d *evidence) hasOtherSuspects(p *pair, c *client) bool {
	n := d.groupOf(c.group).suspicious
	if p.has(isSuspicious) {
		n--
	}
	return n > 0
}

func (d *evidence) distributedConfidence(p *pair, n int) Confidence {
	switch {
	case n >= d.thresholdsOf(p).SuccessAfter:
		return Confirmed
	case d.isOwnedElsewhere(p):
		return Probable
	}
	return NoConfidence
}

// scanConfidence is that of a client that tries many accounts.
func (d *evidence) scanConfidence(inc *incident, c *client, p *pair, n int) Confidence {
	surely := Probable
	isNAT := inc.homes >= severalHomes && !d.passwordRefused(p) // challenges alone may be one of its phones that is busy
	if n >= d.thresholdsOf(p).Attempts || c.flags&isTool != 0 || inc.kind != Scan && !isNAT {
		surely = Confirmed
	}
	switch {
	case inc.isMostlyAccepted():
		return NoConfidence
	case d.isPhoneLike(inc):
		if !d.passwordRefused(p) && n < d.doubtfulChallenges(c) { // one that is set up right
			return NoConfidence
		}
		return d.phoneConfidence(inc, p)
	case d.passwordRefused(p) || n >= d.doubtfulChallenges(c) || n >= 2 && inc.homes < severalHomes:
		return surely
	case inc.homes > 0: // others are at home behind this address, and a login takes a challenge or two
		return NoConfidence
	}
	return Probable
}

// severalHomes is how many extensions that are known good behind an address make it one of several phones.
const severalHomes = 3

// isOwnedElsewhere tells whether another client is known good on the extension of a pair.
func (d *evidence) isOwnedElsewhere(p *pair) bool {
	others := d.extensions.At(p.extension).good
	if p.has(good) {
		others--
	}
	return others > 0
}

// considerWithdrawal ends a scan most of whose extensions were accepted after a challenge or two: a NAT of phones. At many registrars a
// guesser is accepted by few, whatever it takes.
func (d *casebook) considerWithdrawal(inc *incident) {
	if inc.isMostlyAccepted() {
		d.finish(inc, Withdrawn, EndAccepted)
	}
}

func (inc *incident) isMostlyAccepted() bool {
	return (inc.kind == Scan || inc.kind == Spray || inc.kind == HorizontalScan) && 2*inc.acceptedLogins > inc.size
}

// pace is the greatest number of rejections in a minute of the clock.
type pace struct {
	minute      int64
	count, peak uint32
}

func (p *pace) add(t int64) {
	if minute := t / 60_000; minute != p.minute {
		p.minute, p.count = minute, 0
	}
	p.count++
	p.peak = max(p.peak, p.count)
}

// isSlow tells whether an attack that the sums of a day have found has stayed slow.
func (inc *incident) isSlow() bool { return inc.slow && inc.pace.peak <= phonePeak }

// severity is what an analyst should make of an incident.
func (d *evidence) severity(inc *incident) int {
	base := SeverityLow
	switch inc.kind {
	case BruteForce:
		if !inc.isSlow() && !d.isPhoneLike(inc) {
			base = SeverityMedium
		}
	case Scan:
		if inc.few && !inc.isSlow() && !d.isPhoneLike(inc) {
			base = SeverityMedium
		}
	case Spray, Distributed, HorizontalScan, DistributedScan:
		if !inc.isSlow() && !d.isPhoneLike(inc) {
			base = SeverityHigh
		}
	}
	switch inc.confidence {
	case Confirmed:
		return SeverityCritical
	case Probable:
		return max(base, SeverityHigh)
	}
	return base
}
