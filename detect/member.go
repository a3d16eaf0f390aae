package detect

import (
	"slices"
	"strings"

	"github.com/axiomhq/hyperloglog"
)

// member is a pair in an incident.
type member struct {
	next      uint32 // in the incident
	incident  uint32
	pair      uint32
	heldCode  uint8
	held      bool   // the run is one challenge that is not counted yet, with heldCode
	succeeded bool   // in this incident
	attempts  uint64 // counted rejections
	run       uint64 // rejections in the pair's run
	touched   int64  // clock
}

func (m *member) chain() *uint32 { return &m.next }

// isFull tells whether an incident takes no more members. Each has one, or nobody could be named.
func (d *Detector) isFull(inc *incident) bool {
	return inc.size >= d.cfg.MaxMembers || inc.size > 0 && d.inside >= d.cfg.MaxPairs
}

// enlist makes a pair a member, none of whose rejections is counted yet. It fails where the incident is full; then the
// pair is counted among its strangers.
func (d *Detector) enlist(inc *incident, pi uint32, p *pair) bool {
	if d.isFull(inc) {
		d.addStranger(inc, d.keyOf(inc, p.client, p.extension))
		return false
	}
	mi, m := d.members.allocate()
	m.pair, m.run, m.touched = pi, uint64(p.count()), d.now
	d.moveMember(mi, inc)
	p.member = mi
	p.codes = [maxCodes]uint16{}
	d.outside--
	d.inside++
	if inc.strangers != nil {
		d.addStranger(inc, d.keyOf(inc, p.client, p.extension))
	}
	agent := d.agents.of(&d.registrars[inc.registrar].address, &d.clients.at(p.client).address)
	inc.agents = addNew(inc.agents, agent, MaxUserAgents)
	return true
}

// enlistBelated enlists a pair for a rejection that belongs to no run of it, or to one that is closed. Whatever is in an open
// run and in no incident is a challenge that is held back, by this incident or one that has ended since; it stays so.
func (d *Detector) enlistBelated(inc *incident, pi uint32, p *pair) bool {
	codes := p.codes
	if !d.enlist(inc, pi, p) {
		return false
	}
	if only := slices.Index(codes[:], 1); p.has(runOpen) && !p.has(runHard) && only >= 0 {
		m := d.members.at(p.member)
		m.held, m.heldCode = true, uint8(only)
	}
	return true
}

// join takes a pair with its whole run into an incident.
func (d *Detector) join(inc *incident, pi uint32, p *pair) {
	codes, n := p.codes, p.count()
	first, last := d.full(p.first), d.full(p.last)
	for code, c := range codes {
		if c > 0 {
			inc.add(uint8(code), uint64(c), first)
			inc.add(uint8(code), 0, last)
		}
	}
	if d.enlist(inc, pi, p) {
		d.addAttempts(inc, d.members.at(p.member), uint64(n))
	} else {
		d.forgetRun(p)
	}
	d.noteGrowth(inc)
}

// moveMember puts a member record into an incident.
func (d *Detector) moveMember(mi uint32, inc *incident) {
	m := d.members.at(mi)
	m.incident, m.next = inc.number, inc.members
	inc.members = mi
	inc.size++
	if inc.kind != BruteForce { // a member of a brute force still counts towards the others
		d.unsuspect(d.pairs.at(m.pair))
		d.addAttempts(inc, m, 0)
	}
}

// addAttempts counts rejections of a member, and sees to it that a scan is judged as a spray when it may be one.
func (d *Detector) addAttempts(inc *incident, m *member, n uint64) {
	bar := uint64(d.registrars[inc.registrar].thresholds.SprayAttempts)
	before := m.attempts
	m.attempts += n
	if inc.kind == BruteForce {
		return
	}
	if n == 0 { // just moved here
		before = 0
	}
	if before < bar && m.attempts >= bar {
		inc.sprayed++
		if d.isSpray(inc) {
			d.sprays = append(d.sprays, inc)
		}
	}
}

// releaseMember lets a pair go when its incident ends. Its run is over, but for a challenge that was held back.
func (d *Detector) releaseMember(mi uint32) {
	m := *d.members.at(mi)
	p := d.pairs.at(m.pair)
	d.dropStale(p)
	p.member = 0
	d.members.release(mi)
	d.inside--
	d.outside++
	if !m.held {
		d.forgetRun(p)
		recent := p.has(hasAccepted) && d.full(p.accepted) >= d.now-d.idleTimeout
		if !p.has(isAged) && !recent && !d.isGood(p) {
			d.removePair(m.pair)
			return
		}
	}
	d.ensureAged(m.pair, p)
	if m.held {
		d.unsuspect(p)
		p.codes[m.heldCode] = 1
		d.suspect(m.pair, p, 1, d.full(p.last))
		d.awaitGrace(m.pair, d.full(p.last))
	}
}

// countStranger counts a rejection of a pair that a full incident does not tell apart.
func (inc *incident) countStranger(d *Detector, s *subject, code uint8) {
	inc.add(code, 1, s.flow.Time)
	d.noteGrowth(inc)
	if inc.client != 0 {
		d.addStranger(inc, s.name)
	} else {
		d.addStranger(inc, string(s.clientAddress[:]))
	}
}

// succeedStranger records the acceptance of an extension that a full scan does not tell apart.
func (d *Detector) succeedStranger(inc *incident, s *subject) {
	inc.witness(s.flow)
	success := Succeeded{Extension: strings.Clone(s.name), Client: d.clientAddr(inc.client), Time: s.flow.Time}
	again := slices.ContainsFunc(inc.successes, func(x Succeeded) bool { return x.Extension == success.Extension })
	d.recordSuccess(inc, success, again || inc.successesN >= MaxSuccesses)
}

// keyOf gives what tells the members of an incident apart.
func (d *Detector) keyOf(inc *incident, ci, ei uint32) string {
	if inc.client != 0 {
		return d.nameCopy(ei)
	}
	return string(d.clients.at(ci).address[:])
}

// addStranger counts a member in the estimate, which begins with the members that are told apart.
func (d *Detector) addStranger(inc *incident, key string) {
	if inc.strangers == nil {
		inc.strangers = hyperloglog.New14()
		for mi := inc.members; mi != 0; {
			m := d.members.at(mi)
			p := d.pairs.at(m.pair)
			inc.strangers.Insert([]byte(d.keyOf(inc, p.client, p.extension)))
			mi = m.next
		}
	}
	inc.strangers.Insert([]byte(key))
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
