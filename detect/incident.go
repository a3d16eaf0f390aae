package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// incident is an attack, or an outage, that is going on.
type incident struct {
	number    uint32 // its place in Detector.incidents, 0 when it is over
	id        string
	kind      Kind
	by        groupedBy
	slow      bool // crossed a threshold of a day
	few       bool // a scan of few extensions with many rejections
	fast      bool // a brute force that was accepted before it was long, but too fast for a login
	known     bool // a brute force of a client that was known good on the extension
	registrar uint32
	client    uint32 // of a scan of one client or network, and of a brute force: the client that it opened with; else 0
	extension uint32 // of a distributed and of a brute force; else 0
	host      uint32 // of a horizontal scan; else 0
	opened    int64  // clock
	crossed   Crossing
	campaign  *campaign

	attempts    uint64
	codes       [maxCodes]uint64 // in the order of Config.FailureCodes
	first, last int64            // counted rejections
	active      int64            // last counted rejection or success
	pace        pace

	members        uint32              // first of its member records
	size           int                 // how many there are
	homes          int                 // extensions of the client of a scan that were known good when it opened
	shared         int                 // members whose clients are in another campaign
	guessed        int                 // members on whom passwords were tried
	acceptedLogins int                 // members that were accepted after one or two challenges
	strangers      *hyperloglog.Sketch // all members, once there are more than are told apart

	successes  []Succeeded // the first of them
	successesN int
	confidence Confidence // the greatest of them
	agents     []string
	probes     []string

	sequence   int        // reports so far
	reported   uint64     // attempts at the last report
	reportedAt int64      // clock
	severity   int        // the greatest that was reported
	told       Confidence // likewise
	isGrowing  bool       // in Detector.growing
	isOpening  bool       // successes are reported together
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
func (d *casebook) count(inc *incident, m *member, code uint8, t int64) {
	if d.watch != nil {
		d.tellPause(inc, t)
	}
	inc.add(code, 1, t)
	inc.pace.add(t)
	m.attempts++
	d.noteGuessing(inc, m)
	d.noteGrowth(inc)
}

// register gives an incident its number, first time and id. What it takes is not in it yet.
func (d *casebook) register(inc *incident, pairs []uint32, absorbed []*incident) {
	inc.first = d.now
	for _, pi := range pairs {
		inc.first = min(inc.first, d.full(d.pairs.At(pi).first))
	}
	for _, a := range absorbed {
		inc.first = min(inc.first, a.first)
	}
	inc.opened = d.now
	inc.id = d.idOf(inc)
	if last := len(d.freeIncidents) - 1; last >= 0 {
		inc.number, d.freeIncidents = d.freeIncidents[last], d.freeIncidents[:last]
	} else {
		d.incidents = append(d.incidents, nil)
		inc.number = uint32(len(d.incidents) - 1)
	}
	d.incidents[inc.number] = inc
	d.openIncidents++
}

// absorb takes the counts, the successes and the pairs of another incident in.
func (d *casebook) absorb(inc, a *incident) {
	inc.attempts += a.attempts
	for code, n := range a.codes {
		inc.codes[code] += n
	}
	inc.first, inc.last, inc.active = min(inc.first, a.first), max(inc.last, a.last), max(inc.active, a.active)
	inc.acceptedLogins += a.acceptedLogins
	inc.confidence = max(inc.confidence, a.confidence)
	inc.successes = slices.Concat(inc.successes, a.successes)
	slices.SortFunc(inc.successes, func(x, y Succeeded) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.Extension, y.Extension), x.Client.Compare(y.Client),
			x.Registrar.Compare(y.Registrar), cmp.Compare(x.Attempts, y.Attempts))
	})
	inc.successes = inc.successes[:min(len(inc.successes), MaxSuccesses)]
	inc.successesN += a.successesN
	for _, agent := range a.agents {
		inc.agents = addNew(inc.agents, agent, MaxUserAgents)
	}
	for _, probe := range a.probes {
		inc.probes = addNew(inc.probes, probe, MaxProbes)
	}
	for mi := range d.membersOf(a) {
		d.moveMember(mi, inc)
	}
}

// idOf hashes what an incident is, so that the same flows give the same id everywhere.
func (d *casebook) idOf(inc *incident) string {
	h := sha256.New()
	h.Write([]byte{byte(inc.kind)})
	switch {
	case inc.host != 0:
		h.Write(d.hosts.At(inc.host).address[:])
	default:
		h.Write(d.registrars[inc.registrar].address[:])
	}
	switch {
	case inc.by == byNetwork:
		n, _ := networkOf(d.clients.At(inc.client))
		h.Write(n.prefix[:])
	case inc.client != 0:
		h.Write(d.clients.At(inc.client).address[:])
	}
	if inc.extension != 0 {
		h.Write([]byte(d.nameCopy(inc.extension)))
	}
	since := inc.first
	if inc.kind == DistributedScan { // another may have let go of the same runs
		since = inc.opened
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(since)))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// succeed records that a member has entered its account.
func (d *casebook) succeed(inc *incident, p *pair, confidence Confidence) {
	m := d.members.At(p.member)
	m.entered = true
	if confidence > Unlikely {
		d.setGood(m.pair, p, false)
	}
	d.recordSuccess(inc, Succeeded{
		Extension: d.nameCopy(p.extension), Client: d.clientAddr(p.client), Time: d.full(p.accepted), Attempts: p.count(),
		Registrar: d.registrarAddr(d.clients.At(p.client).registrar), Confidence: confidence,
	})
}

// recordSuccess adds a success and reports it at once.
func (d *casebook) recordSuccess(inc *incident, s Succeeded) {
	if len(inc.successes) < MaxSuccesses {
		inc.successes = append(inc.successes, s)
	}
	inc.successesN++
	inc.confidence = max(inc.confidence, s.Confidence)
	inc.active = max(inc.active, s.Time)
	if !inc.isOpening {
		d.report(inc, Alert{State: Success})
	}
}

// idleAfter is the pause after which an incident is over. What was found by the sums of a day pauses longer.
func (d *settings) idleAfter(inc *incident) int64 {
	if inc.slow {
		return slowPauses * d.idleTimeout
	}
	return d.idleTimeout
}

// slowPauses is how many times idle_timeout a slow attack may pause.
const slowPauses = 6

// endIdle ends an incident in which nothing has happened for long enough.
func (d *casebook) endIdle(number uint32) {
	inc := d.incidents[number]
	switch {
	case inc == nil:
	case inc.active < d.now-d.idleAfter(inc):
		d.end(inc, EndIdle)
	default:
		d.ends.Add(number, max(inc.active+d.idleAfter(inc)-d.idleTimeout, 0))
	}
}

// end ends an incident.
func (d *casebook) end(inc *incident, reason EndReason) {
	if inc.kind == DistributedScan && inc.attempts == 0 { // all of it were logins
		d.finish(inc, Withdrawn, EndAccepted)
		return
	}
	d.finish(inc, End, reason)
}

// finish reports the end of an incident, or that it was none, and lets go of its pairs.
func (d *casebook) finish(inc *incident, state State, reason EndReason) {
	d.report(inc, Alert{State: state, EndReason: reason})
	d.close(inc)
	for mi := range d.membersOf(inc) {
		d.releaseMember(inc, mi)
	}
}

// close takes an incident off the list of those that are open.
func (d *casebook) close(inc *incident) {
	d.own(inc, 0)
	d.incidents[inc.number] = nil
	d.freeIncidents = append(d.freeIncidents, inc.number)
	inc.number = 0
	d.openIncidents--
	if inc.campaign != nil {
		inc.campaign.whole().open--
	}
}
