package detect

import (
	"iter"
	"slices"
	"strings"
	"unsafe"

	"github.com/axiomhq/hyperloglog"
)

// member is a pair in an incident.
type member struct {
	next     uint32 // in the incident
	incident uint32
	pair     uint32
	accepted bool   // was accepted in this incident
	entered  bool   // that was a success
	guessed  bool   // passwords were tried
	attempts uint64 // counted rejections
	touched  int64  // clock
}

// Chain links the freed members.
func (m *member) Chain() *uint32 { return &m.next }

// membersOf goes through the members of an incident, by number; each may be moved or released meanwhile.
func (m *memory) membersOf(inc *incident) iter.Seq2[uint32, *member] {
	return func(yield func(uint32, *member) bool) {
		for mi := inc.members; mi != 0; {
			one := m.members.At(mi)
			next := one.next
			if !yield(mi, one) {
				return
			}
			mi = next
		}
	}
}

// incidentOf returns the incident of a member.
func (d *evidence) incidentOf(p *pair) *incident { return d.incidents[d.members.At(p.member).incident] }

// isWeak tells whether other incidents may take the pairs of one, so that these count towards them still: a brute force goes into
// another incident as a whole; of a distributed scan, what is an attack by itself goes its own way.
func (inc *incident) isWeak() bool { return inc.kind == BruteForce || inc.kind == DistributedScan }

// leave takes a member out of a distributed scan, with its run. The scan is over if it was the last, and none was counted that is not
// told apart.
func (d *judge) leave(pi uint32, p *pair) {
	d.exclude(p)
	p.flags &^= runExcluded
	mi := p.member
	inc := d.incidentOf(p)
	if inc.size == 1 && inc.strangers == nil {
		d.report(inc, Alert{State: Withdrawn, EndReason: EndMerged}) // there is nothing left of it
		d.close(inc)
	}
	at := &inc.members
	for *at != mi {
		at = &d.members.At(*at).next
	}
	*at = d.members.At(mi).next
	inc.size--
	if d.members.At(mi).guessed {
		inc.guessed--
	}
	d.members.Release(mi)
	p.member = 0
	d.inside--
	d.outside++
}

// isFull tells whether an incident takes no more members. Each has one, or nobody could be named.
func (d *casebook) isFull(inc *incident) bool {
	return inc.size >= d.cfg.MaxMembers || inc.size > 0 && d.inside >= d.cfg.MaxPairs
}

// enlist makes a pair a member, none of whose rejections is counted yet. It fails where the incident is full; then the
// pair is counted among its strangers.
func (d *casebook) enlist(inc *incident, pi uint32, p *pair) bool {
	if d.isFull(inc) {
		d.addPairAsStranger(inc, p)
		return false
	}
	mi, m := d.members.Allocate()
	m.pair, m.touched = pi, d.now
	p.member = mi
	d.moveMember(mi, inc)
	d.outside--
	d.inside++
	if inc.strangers != nil {
		d.addPairAsStranger(inc, p)
	}
	if inc.kind != DistributedScan { // whom it gets later may have nothing to do with it
		d.noteInCampaign(inc, p)
	}
	agent := d.agents.of(&d.serverOf(p).address, &d.clients.At(p.client).address)
	inc.agents = addNew(inc.agents, agent, MaxUserAgents)
	return true
}

// join takes a pair with its run into an open incident, and judges its acceptance if it was accepted.
func (d *judge) join(inc *incident, pi uint32, p *pair) {
	d.enter(inc, pi, p)
	d.noteGrowth(inc)
	if p.member != 0 && p.has(runClosed) {
		d.concludeMember(p)
	}
}

// enter takes a pair with its run into an incident.
func (d *casebook) enter(inc *incident, pi uint32, p *pair) {
	first, last := d.full(p.first), d.full(p.last)
	for code, n := range p.codes {
		if n > 0 {
			inc.add(uint8(code), uint64(n), first)
			inc.add(uint8(code), 0, last)
		}
	}
	n := p.count()
	if !d.enlist(inc, pi, p) {
		if inc.kind == DistributedScan { // what it does next may be an attack by itself
			p.flags |= runPassed
			return
		}
		d.forgetRun(pi, p)
		return
	}
	m := d.members.At(p.member)
	m.attempts += uint64(n)
	d.noteGuessing(inc, m)
}

// include counts the run of a member that was not counted yet.
func (d *casebook) include(p *pair) {
	if !p.has(runExcluded) {
		return
	}
	p.flags &^= runExcluded
	m := d.members.At(p.member)
	inc := d.incidents[m.incident]
	for code, n := range p.codes {
		if n > 0 {
			inc.add(uint8(code), uint64(n), d.full(p.first))
			inc.add(uint8(code), 0, d.full(p.last))
			m.attempts += uint64(n)
		}
	}
	d.noteGuessing(inc, m)
	d.noteGrowth(inc)
}

// exclude takes the run of a member out of the counts: it was a login.
func (d *casebook) exclude(p *pair) {
	if p.has(runExcluded) {
		return
	}
	p.flags |= runExcluded
	m := d.members.At(p.member)
	inc := d.incidents[m.incident]
	for code, n := range p.codes {
		inc.codes[code] -= uint64(n)
		inc.attempts -= uint64(n)
		m.attempts -= uint64(n)
	}
}

// moveMember puts a member record into an incident.
func (d *casebook) moveMember(mi uint32, inc *incident) {
	m := d.members.At(mi)
	m.incident, m.next = inc.number, inc.members
	inc.members = mi
	inc.size++
	p := d.pairs.At(m.pair)
	if p.has(isDormant) || !inc.isWeak() {
		d.clear(m.pair, p)
	}
	if inc.kind == DistributedScan {
		d.restless.Add(m.pair, d.full(p.last))
	}
	if m.guessed {
		inc.guessed++
	}
}

// noteGuessing notes that passwords are tried on a member, and sees to it that a scan becomes a spray when they are on many.
func (d *casebook) noteGuessing(inc *incident, m *member) {
	if m.guessed || !d.isGuessed(inc, m) {
		return
	}
	m.guessed = true
	inc.guessed++
	if d.isSpray(inc) && inc.severity > 0 { // it is open already
		d.turnIntoSpray(inc)
		d.report(inc, Alert{State: Open, Changed: true})
	}
}

// isGuessed tells whether a password was tried on a member: refused after a challenge, or asked for so often that it must have been
// refused.
func (d *evidence) isGuessed(inc *incident, m *member) bool {
	if m.attempts < 2 {
		return false
	}
	p := d.pairs.At(m.pair)
	return d.passwordRefused(p) && d.hard(p) < p.count() ||
		p.count()-d.hard(p) >= d.registrars[inc.registrar].thresholds.SprayAttempts
}

func (d *evidence) isSpray(inc *incident) bool {
	return inc.kind == Scan && inc.guessed >= d.registrars[inc.registrar].thresholds.ScanExtensions
}

func (d *evidence) turnIntoSpray(inc *incident) {
	th := d.registrars[inc.registrar].thresholds
	inc.kind = Spray
	inc.crossed = Crossing{"spray_attempts", th.SprayAttempts, inc.guessed, inc.last}
}

// releaseMember lets a pair go when its incident ends. Its run is over.
func (d *casebook) releaseMember(inc *incident, mi uint32) {
	m := *d.members.At(mi)
	p := d.pairs.At(m.pair)
	d.expire(m.pair, p)
	p.member = 0
	d.members.Release(mi)
	d.inside--
	d.outside++
	if inc.kind == DistributedScan && p.has(runOpen) && !p.has(hasAccepted) {
		d.keepSuspect(m.pair, p)
		return
	}
	d.forgetRun(m.pair, p)
	recent := p.has(hasAccepted) && d.full(p.accepted) >= d.now-d.idleTimeout
	if !recent && !d.isGood(p) { // nobody needs it
		if !p.has(isAged) {
			d.removePair(m.pair)
			return
		}
		d.setGood(m.pair, p, false)
		p.flags &^= hasAccepted | wasGood
	}
	d.ensureAged(m.pair, p)
}

// keepSuspect keeps the run of a pair that a distributed scan lets go of: what it does next may be an attack by itself.
func (d *casebook) keepSuspect(pi uint32, p *pair) {
	if !p.has(isSuspicious) {
		d.suspect(pi, p)
	}
	if !d.isAlive(p) {
		d.retire(pi, p)
	}
	d.ensureAged(pi, p)
}

// countStranger counts a rejection of a pair that a full incident does not tell apart.
func (d *intake) countStranger(inc *incident, s *subject, code uint8) {
	inc.add(code, 1, s.flow.Time)
	d.noteGrowth(inc)
	if inc.by == byExtension {
		d.addStranger(inc, unsafe.String(&s.clientAddress[0], 16))
	} else {
		d.addStranger(inc, s.name)
	}
}

// succeedStranger records the acceptance of an extension that a full scan does not tell apart.
func (d *intake) succeedStranger(inc *incident, s *subject) {
	inc.witness(s.flow)
	success := Succeeded{
		Extension: strings.Clone(s.name), Client: d.clientAddr(inc.client), Time: s.flow.Time,
		Registrar: d.registrarAddr(inc.registrar), Confidence: Probable,
	}
	if inc.successesN < MaxSuccesses && !slices.ContainsFunc(inc.successes, func(x Succeeded) bool { return x.Extension == success.Extension }) {
		d.recordSuccess(inc, success)
	}
}

// addPairAsStranger counts a pair in the estimate of an incident's members.
func (d *casebook) addPairAsStranger(inc *incident, p *pair) {
	if inc.by == byExtension {
		d.addStranger(inc, unsafe.String(&d.clients.At(p.client).address[0], 16))
		return
	}
	d.addStranger(inc, d.nameOf(d.extensions.At(p.extension), &d.scratch))
}

// addStranger counts a member in the estimate, which begins with the members that are told apart.
func (d *casebook) addStranger(inc *incident, key string) {
	isFirst := inc.strangers == nil
	if isFirst {
		inc.strangers = hyperloglog.New14()
	}
	inc.strangers.Insert(unsafe.Slice(unsafe.StringData(key), len(key))) // before key, which may live in d.scratch, is overwritten
	if !isFirst {
		return
	}
	for _, m := range d.membersOf(inc) {
		d.addPairAsStranger(inc, d.pairs.At(m.pair))
	}
}

// witness notes what a message of an incident tells beside its count.
func (inc *incident) witness(f *Flow) {
	inc.agents = addNew(inc.agents, f.UserAgent, MaxUserAgents)
	inc.probes = addNew(inc.probes, f.Probe, MaxProbes)
}

// maxText is the length at which text from a message is cut, in bytes.
const maxText = 95

// addNew appends a copy of s to a list of at most limit different texts.
func addNew(list []string, s string, limit int) []string {
	s = s[:min(len(s), maxText)]
	if s == "" || len(list) >= limit || slices.Contains(list, s) {
		return list
	}
	return append(list, strings.Clone(s))
}
