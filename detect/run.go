package detect

import "math"

// isAlive tells whether the run of a pair is not idle for too long.
func (d *Detector) isAlive(p *pair) bool { return d.full(p.last) >= d.now-d.idleTimeout }

// isGood tells whether a pair is known good.
func (d *Detector) isGood(p *pair) bool {
	return p.has(good) && d.full(p.accepted) >= d.now-d.knownGoodTTL
}

// dropStale forgets an acceptance that vouches for nothing any more, before its time can't be told any more: within two
// horizons of 12 days (Config.Validate) either the pair is looked at, or the member that it is was not touched for one.
func (d *Detector) dropStale(p *pair) {
	horizon := d.now - d.horizon()
	if p.has(hasAccepted) && (d.full(p.accepted) < horizon || p.member != 0 && d.members.at(p.member).touched < horizon) {
		p.flags &^= good | hasAccepted
	}
}

// runCount gives the rejections in the run of a pair.
func (d *Detector) runCount(p *pair) uint64 {
	if p.member != 0 {
		return d.members.at(p.member).run
	}
	return uint64(p.count())
}

// beginRun begins a new run with a rejection at t that is not counted yet.
func (d *Detector) beginRun(p *pair, t int64) {
	d.openRun(p, t)
	if d.isGood(p) {
		p.flags |= runKnown
	}
}

func (d *Detector) openRun(p *pair, t int64) {
	d.forgetRun(p)
	p.flags |= runOpen
	p.first, p.last = uint32(t), uint32(t)
}

// widen takes the time of a rejection into the run.
func (d *Detector) widen(p *pair, t int64) {
	if t < d.full(p.first) {
		p.first = uint32(t)
	}
	if t > d.full(p.last) {
		p.last = uint32(t)
	}
}

// addToRun counts a rejection of a pair that is in no incident. A pair whose counter is full is judged at once: its
// count is above any threshold (Config.Validate), so it goes into an incident, which has wider counters.
func (d *Detector) addToRun(pi uint32, p *pair, code uint8) {
	if p.codes[code] == math.MaxUint16 {
		d.judgePair(pi, p)
		if p.member != 0 {
			m := d.members.at(p.member)
			m.run++
			d.count(d.incidents[m.incident], m, code, d.full(p.last))
		}
		return
	}
	p.codes[code]++
}

// closeRun ends the run by an acceptance at t; its figures stay for rejections that come late.
func (d *Detector) closeRun(p *pair, t int64) {
	d.unsuspect(p)
	if !p.has(runOpen) {
		d.openRun(p, t)
	}
	p.flags = p.flags&^(runOpen|runHard|runRipe) | runClosed
}

// forgetRun leaves the pair without a run.
func (d *Detector) forgetRun(p *pair) {
	d.unsuspect(p)
	p.flags &^= runFlags
	p.codes = [maxCodes]uint16{}
	if p.member != 0 {
		m := d.members.at(p.member)
		m.run, m.held = 0, false
	}
}

// suspect looks whether a pair has become suspicious with the n-th rejection of its run, or what its groups have
// reached, and marks what is to be judged. t is the time of the rejection.
func (d *Detector) suspect(pi uint32, p *pair, n int, t int64) {
	if n < 2 && (p.has(runKnown) || !p.has(runHard|runRipe)) {
		return
	}
	c, e := d.clients.at(p.client), d.extensions.at(p.extension)
	if !p.has(isSuspicious) {
		p.flags |= isSuspicious
		if p.has(isResting) {
			d.restless.add(pi, d.full(p.last))
		}
		c.suspicious++
		e.suspicious++
	}
	d.suspectClient(p.client, t)
	d.suspectExtension(p.extension, t)
	if n >= d.registrars[c.registrar].thresholds.Attempts && p.member == 0 {
		p.flags |= isCandidate
		d.bruteForceCandidates.add(pi, t)
	}
}

// suspectClient has a client judged, since t, that has enough suspicious pairs and no open scan.
func (d *Detector) suspectClient(ci uint32, t int64) {
	c := d.clients.at(ci)
	if int(c.suspicious) >= d.registrars[c.registrar].thresholds.ScanExtensions && c.flags&underAttack == 0 {
		c.flags |= waiting
		d.scanCandidates.add(ci, t)
	}
}

// suspectExtension is the same for distributed guessing on an extension.
func (d *Detector) suspectExtension(ei uint32, t int64) {
	e := d.extensions.at(ei)
	if int(e.suspicious) >= d.registrars[e.registrar].thresholds.DistributedClients && e.flags&underAttack == 0 {
		e.flags |= waiting
		d.distributedCandidates.add(ei, t)
	}
}

// unsuspect takes a pair out of the suspicious ones of its client and extension.
func (d *Detector) unsuspect(p *pair) {
	if p.has(isSuspicious) {
		p.flags &^= isSuspicious
		d.clients.at(p.client).suspicious--
		d.extensions.at(p.extension).suspicious--
	}
}

// ripen makes a challenge that nothing followed in time suspicious.
func (d *Detector) ripen(pi uint32) {
	p := d.pairs.at(pi)
	if p.client == 0 || d.isClaimed(p) || !p.has(runOpen) || p.has(runKnown|runRipe) || d.runCount(p) != 1 ||
		d.full(p.last) >= d.now-d.challengeGrace {
		return
	}
	p.flags |= runRipe
	if d.isAlive(p) {
		d.suspect(pi, p, 1, d.full(p.last))
	}
}

// ensureAged puts a pair that is in no incident where it can be forgotten from.
func (d *Detector) ensureAged(pi uint32, p *pair) {
	if p.member == 0 && !p.has(isAged) {
		d.place(pi, p)
	}
}

func (d *Detector) thresholdsOf(p *pair) *Thresholds {
	return &d.registrars[d.clients.at(p.client).registrar].thresholds
}
