package detect

import "net/netip"

// Observer is told what the detector sees, for whoever measures a network. It is called in the middle of a judgement: it must
// not call the detector, and what it is given is valid during the call only. It has no say in any result.
type Observer interface {
	RunEnded(*RunEnd)
	Grouped(*Group)
	// Paused is told the milliseconds between two counted rejections of an open incident; attack is false if that may be a phone.
	Paused(milliseconds int64, attack bool)
}

// RunEnd is a run of rejections that is over, or an acceptance without one.
type RunEnd struct {
	Registrar, Client netip.Addr
	Extension         string
	Time              int64 // of the acceptance, or of the last rejection, Unix milliseconds
	Accepted          bool  // else the run has lapsed
	Rejections        int   // all of them, and
	Challenges        int   // how many were challenges
	Burst             int   // rejections of its newest burst, within two seconds
	Lasted            int64 // milliseconds since the first rejection, 0 without one
	Late              int64 // milliseconds that the acceptance was late by
	Renewal           int64 // milliseconds since the acceptance before, 0 if there is none
	KnownGood         bool  // the client was known good on the extension when the run began
	Unexplained       bool  // the run was more than a login under way
	Doubtful          bool  // accepted, and it may have been guessing
	InIncident        bool  // counted in an open incident
	Entered           bool  // the account was entered by an attacker, probably or for sure, by this acceptance or before
	Slow              bool  // it has a pause longer than idle_timeout
	Doubled           bool  // the registrar's messages are seen twice
}

// Group is what the groups of a suspicious pair have come to, when they were judged, or what fails at a registrar; what
// does not apply is zero.
type Group struct {
	Registrar, Client netip.Addr
	Extension         string
	Extensions        int // of the client that are suspicious
	KnownExtensions   int // of the client that are known good
	Rejections        int // of the client in suspicious runs, if there is more than one
	Registrars        int // where the client is suspicious
	Clients           int // of the extension that are suspicious
	Spread            int // of the registrar, as distributed_scan_size counts it
	ExtensionsInADay  int // as slow_extensions counts them
	ClientsInADay     int // as slow_clients counts them
	SlowAttempts      int // rejections of the pair's run, if it is slow
	Failing           int // known-good clients of the registrar that are rejected together
	KnownClients      int // of the registrar that are known good; set with Failing
}

// watch is an observer with what it is told, nil without one.
type watch struct {
	observer Observer
	run      RunEnd
	group    Group
	name     [maxName]byte
}

// SetObserver has an observer told from now on what the detector sees; nil for none.
func (d *Detector) SetObserver(o Observer) {
	d.watch = nil
	if o != nil {
		d.watch = &watch{observer: o}
	}
}

// seeAcceptance notes the run of a pair that an acceptance at t is about to close.
func (d *runs) seeAcceptance(p *pair, t int64) {
	d.describeRun(p)
	r := &d.watch.run
	r.Accepted, r.Time, r.Late = true, t, max(0, d.now-t)
	if r.Rejections > 0 {
		r.Lasted = max(0, t-d.full(p.first))
	}
	if p.has(hasAccepted) {
		r.Renewal = t - d.full(p.accepted)
	}
}

// tellAcceptance tells of the run that was noted, with what was concluded from its acceptance.
func (d *runs) tellAcceptance(p *pair) {
	r := &d.watch.run
	r.Doubtful = p.has(isSuspicious)
	if p.member != 0 {
		r.InIncident, r.Entered = !p.has(runExcluded), d.members.At(p.member).entered && !p.has(good)
	}
	d.watch.observer.RunEnded(r)
}

// tellLapse tells of a run that no acceptance has closed.
func (d *runs) tellLapse(p *pair) {
	if !p.has(runOpen) || p.has(isDormant) || p.member != 0 {
		return
	}
	d.describeRun(p)
	r := &d.watch.run
	r.Time, r.Lasted = d.full(p.last), d.full(p.last)-d.full(p.first)
	d.watch.observer.RunEnded(r)
}

func (d *runs) describeRun(p *pair) {
	c := d.clients.At(p.client)
	r := &d.watch.run
	*r = RunEnd{
		Registrar: d.registrarAddr(c.registrar), Client: d.clientAddr(p.client),
		Extension:  d.nameOf(d.extensions.At(p.extension), &d.watch.name),
		Rejections: p.count(),
		KnownGood:  p.has(runKnown | good), Slow: p.has(runSlow), Doubled: d.registrars[c.registrar].echo.factor() > 1,
	}
	r.Challenges = r.Rejections - d.hard(p)
	if !p.has(runKnown) { // the bursts of others are not counted
		r.Burst = p.counted()
	}
	r.Unexplained = r.Rejections > 0 && (p.has(isSuspicious) || d.isUnexplained(p))
}

// tellGroups tells what the groups of a pair have come to.
func (d *judge) tellGroups(v *view) {
	g := &d.watch.group
	*g = Group{
		Registrar: d.registrarAddr(v.c.registrar), Client: d.clientAddr(v.ci), Extension: d.nameOf(v.e, &d.watch.name),
		Extensions: int(v.client.suspicious), KnownExtensions: int(v.c.good), Registrars: int(v.host.active),
		Clients: int(v.extension.suspicious), Spread: v.r.spread(),
		ExtensionsInADay: v.client.inADay(), ClientsInADay: v.extension.inADay(),
	}
	if v.client.suspicious > 1 {
		g.Rejections = int(v.client.rejections)
	}
	if v.p.has(runSlow) {
		g.SlowAttempts = v.p.count()
	}
	d.watch.observer.Grouped(g)
}

// tellFailing tells how many of a registrar's known-good clients are rejected.
func (d *relations) tellFailing(n uint32) {
	r := &d.registrars[n]
	g := &d.watch.group
	*g = Group{Registrar: d.registrarAddr(n), Failing: len(r.failing), KnownClients: r.good}
	d.watch.observer.Grouped(g)
}

// tellPause tells of a rejection at t that an incident counts.
func (d *casebook) tellPause(inc *incident, t int64) {
	attack := !inc.known && inc.kind != Outage && (inc.kind != BruteForce || inc.severity > SeverityLow)
	d.watch.observer.Paused(max(0, t-inc.last), attack)
}
