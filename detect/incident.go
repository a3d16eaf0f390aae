package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// incident is an attack that is going on.
type incident struct {
	number    uint32 // its place in Detector.incidents, 0 when it is over
	id        string
	kind      Kind
	registrar uint32
	client    uint32 // 0 for distributed
	extension uint32 // 0 for scan and spray
	opened    int64  // clock
	crossed   Crossing
	known     bool // the client was known good before

	attempts    uint64
	codes       [maxCodes]uint64 // in the order of Config.FailureCodes
	first, last int64            // counted rejections
	active      int64            // last counted rejection or success

	members   uint32              // first of its member records
	size      int                 // how many there are
	sprayed   int                 // members with at least spray_attempts
	strangers *hyperloglog.Sketch // all members, once there are more than are told apart

	successes  []Succeeded // the first of them
	successesN int
	agents     []string
	probes     []string

	sequence   int    // reports so far
	reported   uint64 // attempts at the last report
	reportedAt int64  // clock
	isGrowing  bool   // in Detector.growing
	unreported bool   // a further success of a pair waits for its report
}

// add takes n rejections into the totals.
func (inc *incident) add(code uint8, n uint64, t int64) {
	inc.attempts += n
	inc.codes[code] += n
	inc.first = min(inc.first, t)
	inc.last = max(inc.last, t)
	inc.active = max(inc.active, t)
}

// count counts a rejection of a member.
func (d *Detector) count(inc *incident, m *member, code uint8, t int64) {
	inc.add(code, 1, t)
	d.addAttempts(inc, m, 1)
	d.noteGrowth(inc)
}

// openScan opens a scan, or a spray, of a client of which known extensions are known good.
func (d *Detector) openScan(ci uint32, known int, crossed Crossing) {
	c := d.clients.at(ci)
	pairs, absorbed := d.gather(c.pairs, func(p *pair) uint32 { return p.inClient.next })
	inc := d.openIncident(&incident{kind: Scan, registrar: c.registrar, client: ci, known: known > 0, crossed: crossed}, pairs, absorbed)
	c.flags |= underAttack
	d.scans[ci] = inc
	d.fill(inc, pairs, absorbed)
}

func (d *Detector) openDistributed(ei uint32, crossed Crossing) {
	e := d.extensions.at(ei)
	pairs, absorbed := d.gather(e.pairs, func(p *pair) uint32 { return p.inExtension.next })
	inc := d.openIncident(&incident{kind: Distributed, registrar: e.registrar, extension: ei, crossed: crossed}, pairs, absorbed)
	e.flags |= underAttack
	d.distributed[ei] = inc
	d.fill(inc, pairs, absorbed)
}

func (d *Detector) openBruteForce(pi uint32, p *pair, crossed Crossing) *incident {
	inc := d.openIncident(&incident{
		kind: BruteForce, registrar: d.clients.at(p.client).registrar, client: p.client, extension: p.extension,
		known: p.has(runKnown) || p.has(runClosed) && p.has(wasGood), crossed: crossed,
	}, []uint32{pi}, nil)
	d.fill(inc, []uint32{pi}, nil)
	return inc
}

// gather walks the pairs of a client or an extension for what an incident takes when it opens: the pairs with an open,
// alive run, and the brute-force incidents.
func (d *Detector) gather(first uint32, next func(*pair) uint32) (pairs []uint32, absorbed []*incident) {
	for pi := first; pi != 0; {
		p := d.pairs.at(pi)
		switch {
		case d.isClaimed(p):
		case p.member != 0:
			absorbed = append(absorbed, d.incidents[d.members.at(p.member).incident])
		case p.has(runOpen) && d.isAlive(p) && (!p.has(runKnown) || p.count() >= 2):
			pairs = append(pairs, pi)
		}
		pi = next(p)
	}
	return pairs, absorbed
}

// openIncident gives an incident its number, first time and id. What it takes is not in it yet.
func (d *Detector) openIncident(inc *incident, pairs []uint32, absorbed []*incident) *incident {
	inc.first = d.now
	for _, pi := range pairs {
		inc.first = min(inc.first, d.full(d.pairs.at(pi).first))
	}
	for _, a := range absorbed {
		inc.first = min(inc.first, a.first)
	}
	inc.opened, inc.id = d.now, d.idOf(inc)
	if last := len(d.freeIncidents) - 1; last >= 0 {
		inc.number, d.freeIncidents = d.freeIncidents[last], d.freeIncidents[:last]
	} else {
		d.incidents = append(d.incidents, nil)
		inc.number = uint32(len(d.incidents) - 1)
	}
	d.incidents[inc.number] = inc
	d.open++
	return inc
}

// fill puts into a new incident what it takes, and reports it.
func (d *Detector) fill(inc *incident, pairs []uint32, absorbed []*incident) {
	for _, pi := range pairs {
		d.join(inc, pi, d.pairs.at(pi))
	}
	for _, a := range absorbed {
		d.report(a, Alert{State: Merged, MergedInto: inc.id, EndReason: EndMerged})
		d.absorb(inc, a)
		d.close(a)
	}
	if d.isSpray(inc) {
		d.turnIntoSpray(inc)
	}
	d.ends.add(inc.number, inc.active)
	d.report(inc, Alert{State: Open})
	d.limitIncidents(inc)
}

// absorb takes the counts, the successes and the pair of a brute force into another incident.
func (d *Detector) absorb(inc, a *incident) {
	inc.attempts += a.attempts
	for code, n := range a.codes {
		inc.codes[code] += n
	}
	inc.first, inc.last, inc.active = min(inc.first, a.first), max(inc.last, a.last), max(inc.active, a.active)
	inc.known = inc.known || a.known
	inc.successes = slices.Concat(inc.successes, a.successes)
	slices.SortFunc(inc.successes, func(x, y Succeeded) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Extension, y.Extension), x.Client.Compare(y.Client),
			cmp.Compare(x.Attempts, y.Attempts))
	})
	inc.successes = inc.successes[:min(len(inc.successes), MaxSuccesses)]
	inc.successesN += a.successesN
	for _, agent := range a.agents {
		inc.agents = addNew(inc.agents, agent, MaxUserAgents)
	}
	for _, probe := range a.probes {
		inc.probes = addNew(inc.probes, probe, MaxProbes)
	}
	for mi := a.members; mi != 0; {
		next := d.members.at(mi).next
		d.moveMember(mi, inc)
		mi = next
	}
}

// idOf hashes what an incident is, so that the same flows give the same id everywhere.
func (d *Detector) idOf(inc *incident) string {
	h := sha256.New()
	h.Write([]byte{byte(inc.kind)})
	h.Write(d.registrars[inc.registrar].address[:])
	if inc.client != 0 {
		h.Write(d.clients.at(inc.client).address[:])
	}
	if inc.extension != 0 {
		h.Write([]byte(d.nameCopy(inc.extension)))
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(inc.first)))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// isSuccess is the rule: what an acceptance of a member means that ends a run of n rejections.
func (inc *incident) isSuccess(m *member, n uint64, known bool, th *Thresholds) bool {
	again := m.succeeded && n >= 2
	switch inc.kind {
	case BruteForce:
		return again || !m.succeeded
	case Distributed:
		return !known && (again || n >= uint64(th.SuccessAfter))
	default:
		return !known && (again || !m.succeeded)
	}
}

// succeed records that a member has entered the account at t after n rejections.
func (d *Detector) succeed(inc *incident, p *pair, m *member, t int64, n uint64) {
	again := m.succeeded
	m.succeeded = true
	p.flags = p.flags&^good | successJudged
	d.recordSuccess(inc, Succeeded{Extension: d.nameCopy(p.extension), Client: d.clientAddr(p.client), Time: t, Attempts: int(n)}, again)
}

// recordSuccess adds a success and reports it at once; but one of a pair that has succeeded before waits like an update
// does, or an attacker with an account of his own could flood the reader.
func (d *Detector) recordSuccess(inc *incident, s Succeeded, again bool) {
	if len(inc.successes) < MaxSuccesses {
		inc.successes = append(inc.successes, s)
	}
	inc.successesN++
	inc.active = max(inc.active, s.Time)
	if again && d.now-inc.reportedAt < d.updateInterval {
		inc.unreported = true
		d.watchGrowth(inc)
		return
	}
	d.report(inc, Alert{State: Success})
}

// endIdle ends an incident in which nothing has happened for idle_timeout.
func (d *Detector) endIdle(number uint32) {
	inc := d.incidents[number]
	switch {
	case inc == nil:
	case inc.active < d.now-d.idleTimeout:
		d.end(inc, EndIdle)
	default:
		d.ends.add(number, inc.active)
	}
}

// limitIncidents ends the smallest incidents where there are more than max_incidents, but never the newest: some at
// once, so that a flood of new ones does not search through all of them every time.
func (d *Detector) limitIncidents(newest *incident) {
	if d.open <= d.cfg.MaxIncidents {
		return
	}
	open := slices.DeleteFunc(slices.Clone(d.incidents), func(inc *incident) bool { return inc == nil || inc == newest })
	slices.SortFunc(open, func(a, b *incident) int {
		return cmp.Or(cmp.Compare(a.attempts, b.attempts), cmp.Compare(a.active, b.active), cmp.Compare(a.id, b.id))
	})
	for _, inc := range open[:min(len(open), 1+len(open)/100)] {
		d.end(inc, EndLimit)
		d.stats.EndedEarly++
	}
}

// end reports the end of an incident and lets go of its pairs.
func (d *Detector) end(inc *incident, reason EndReason) {
	d.report(inc, Alert{State: End, EndReason: reason})
	d.close(inc)
	for mi := inc.members; mi != 0; {
		next := d.members.at(mi).next
		d.releaseMember(mi)
		mi = next
	}
	d.judgeTheRest(inc)
}

// judgeTheRest has those pairs judged together that an ended incident has not taken, as they were in another one then: for as
// long as it was open, nobody asked what they are together.
func (d *Detector) judgeTheRest(inc *incident) {
	if inc.client != 0 && inc.extension == 0 && d.clients.at(inc.client).registrar != 0 {
		d.suspectClient(inc.client, d.now)
	}
	if inc.client == 0 && d.extensions.at(inc.extension).registrar != 0 {
		d.suspectExtension(inc.extension, d.now)
	}
}

// close takes an incident off the list of those that are open.
func (d *Detector) close(inc *incident) {
	switch inc.kind {
	case Scan, Spray:
		delete(d.scans, inc.client)
		d.clients.at(inc.client).flags &^= underAttack
	case Distributed:
		delete(d.distributed, inc.extension)
		d.extensions.at(inc.extension).flags &^= underAttack
	}
	d.incidents[inc.number] = nil
	d.freeIncidents = append(d.freeIncidents, inc.number)
	inc.number = 0
	d.open--
}
