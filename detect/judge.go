package detect

import "math"

// check is one round of judging; RULES.md, "Judging", has its order.
func (d *Detector) check() {
	d.ends.drain(d.now, d.endIdle)
	d.graces.drain(d.now, d.ripen)
	d.age()
	d.scanCandidates.each(d.judgeScan)
	d.distributedCandidates.each(d.judgeDistributed)
	d.bruteForceCandidates.each(d.judgeBruteForce)
	d.judgeSprays()
	d.reportUpdates()
}

// judgePair judges what an acceptance of a pair is about to change.
func (d *Detector) judgePair(pi uint32, p *pair) {
	if _, ok := d.scanCandidates[p.client]; ok {
		d.judgeScan(p.client)
	}
	if _, ok := d.distributedCandidates[p.extension]; ok {
		d.judgeDistributed(p.extension)
	}
	if p.has(isCandidate) {
		d.judgeBruteForce(pi)
	}
}

// isClaimed tells whether a pair is in an incident that does not let go of it: a scan or a distributed brute force.
func (d *Detector) isClaimed(p *pair) bool {
	return p.member != 0 && d.incidents[d.members.at(p.member).incident].kind != BruteForce
}

// isSuspiciousNow tells whether a pair is suspicious: between checks its run may have died.
func (d *Detector) isSuspiciousNow(p *pair) bool { return p.has(isSuspicious) && d.isAlive(p) }

// judgeScan opens a scan if enough extensions of a client are suspicious. A client stays a candidate while that may
// come about without another rejection: the bar sinks when a pair is no longer known good.
func (d *Detector) judgeScan(ci uint32) {
	c := d.clients.at(ci)
	th := &d.registrars[c.registrar].thresholds
	suspicious, known, bar := 0, 0, float64(th.ScanExtensions)
	for pi := c.pairs; pi != 0 && float64(c.suspicious) >= bar; {
		p := d.pairs.at(pi)
		if d.isGood(p) {
			known++
			bar = float64(th.ScanExtensions) + th.ScanKnownRatio*float64(known)
		}
		if !d.isClaimed(p) && d.isSuspiciousNow(p) {
			suspicious++
		}
		pi = p.inClient.next
	}
	switch {
	case float64(c.suspicious) >= bar && float64(suspicious) >= bar:
		since := d.scanCandidates[ci]
		if since == 0 { // the bar has sunk
			since = d.now
		}
		d.openScan(ci, known, Crossing{"scan_extensions", int(math.Ceil(bar)), suspicious, since})
		fallthrough
	case int(c.suspicious) < th.ScanExtensions:
		c.flags &^= waiting
		delete(d.scanCandidates, ci)
	default:
		d.scanCandidates[ci] = 0
	}
}

// judgeDistributed opens a distributed brute force if enough clients of an extension are suspicious, and not one of
// them alone made the attempts.
func (d *Detector) judgeDistributed(ei uint32) {
	e := d.extensions.at(ei)
	th := &d.registrars[e.registrar].thresholds
	clients, sum, strongest := 0, uint64(0), uint64(0)
	for pi := e.pairs; pi != 0; {
		p := d.pairs.at(pi)
		if !d.isClaimed(p) && d.isSuspiciousNow(p) {
			n := d.runCount(p)
			clients, sum, strongest = clients+1, sum+n, max(strongest, n)
		}
		pi = p.inExtension.next
	}
	since := d.distributedCandidates[ei]
	e.flags &^= waiting
	delete(d.distributedCandidates, ei)
	if clients >= th.DistributedClients && sum-strongest >= uint64(th.Attempts) {
		d.openDistributed(ei, Crossing{"distributed_clients", th.DistributedClients, clients, since})
	}
}

// judgeBruteForce opens a brute force if the run of a pair has enough rejections.
func (d *Detector) judgeBruteForce(pi uint32) {
	p := d.pairs.at(pi)
	since := d.bruteForceCandidates[pi]
	p.flags &^= isCandidate
	delete(d.bruteForceCandidates, pi)
	th := d.thresholdsOf(p)
	n := p.count()
	if p.member == 0 && n >= th.Attempts && d.isSuspiciousNow(p) {
		d.openBruteForce(pi, p, Crossing{"attempts", th.Attempts, n, since})
	}
}

// judgeSprays looks which scans have turned into password sprays.
func (d *Detector) judgeSprays() {
	sprays := d.sprays
	d.sprays = d.sprays[:0]
	for _, inc := range sprays {
		if inc.number != 0 && d.isSpray(inc) {
			d.turnIntoSpray(inc)
			d.report(inc, Alert{State: Open, Changed: true})
		}
	}
}

func (d *Detector) isSpray(inc *incident) bool {
	return inc.kind == Scan && inc.sprayed >= d.registrars[inc.registrar].thresholds.ScanExtensions
}

func (d *Detector) turnIntoSpray(inc *incident) {
	th := &d.registrars[inc.registrar].thresholds
	inc.kind = Spray
	inc.crossed = Crossing{"spray_attempts", th.SprayAttempts, inc.sprayed, inc.last}
}
