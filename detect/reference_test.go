package detect_test

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// reference is the second opinion: RULES.md once more, as plainly as it can be said. It keeps everything, looks at
// everything, and shares no line with the detector. Chapters and numbers in its comments are those of RULES.md. It
// knows no bounds, no allowlist, no wall clock and no updates: what it gives is the incidents as they are in the end.
type reference struct {
	cfg    detect.Config
	clock  int64 // W
	heard  int   // records accepted so far
	row    int   // records from the future in a row
	future int64 // the newest of the row

	pairs       map[refKey]*refPair
	byClient    map[refKey][]*refPair // key without extension
	byExtension map[refKey][]*refPair // key without client
	watched     map[*refPair]bool     // pairs that a check may have something to say about: the others are quiet

	open          map[*refIncident]bool
	taking        map[refKey]*refIncident // the open scans and distributed brute forces, by key
	ended, merged []*refIncident
}

// refKey is a pair; with one of its fields empty, the key of a scan or of a distributed brute force.
type refKey struct {
	registrar, client netip.Addr
	extension         string
}

type refPair struct {
	key        refKey
	run        *refRun // nil: none, or one without a rejection so far that the newest acceptance closed
	accepted   int64   // time of the newest acceptance, or never
	good       bool    // that acceptance came outside any attack
	goodBefore bool    // the pair was known good already when that acceptance came
	success    bool    // that acceptance was judged a success
	incident   *refIncident
}

const never = -1 << 62

type refRun struct {
	open, known, ripe bool
	count             int
	codes             map[uint16]int
	first, last       int64
	held              uint16 // status of its only rejection, where that is a held challenge
}

type refIncident struct {
	kind          detect.Kind
	key           refKey
	opened        int64
	endedAt       int64
	clients       map[netip.Addr]int
	extensions    map[string]int
	codes         map[uint16]int
	attempts      int
	first, last   int64
	successes     []detect.Succeeded
	knownClient   bool
	pairs         map[*refPair]bool
	succeeded     map[*refPair]bool
	lastSuccessAt int64
	absorbed      int
}

func newReference(cfg detect.Config) *reference {
	return &reference{
		cfg: cfg, pairs: map[refKey]*refPair{}, byClient: map[refKey][]*refPair{},
		byExtension: map[refKey][]*refPair{}, watched: map[*refPair]bool{}, open: map[*refIncident]bool{},
		taking: map[refKey]*refIncident{},
	}
}

// ---- Words

func ms(d time.Duration) int64 { return d.Milliseconds() }

func (r *reference) isRejection(status uint16) bool {
	return slices.Contains(r.cfg.FailureCodes, int(status))
}
func isAcceptance(status uint16) bool { return status >= 200 && status <= 299 }

func (r *reference) pairOf(f *detect.Flow) *refPair {
	client := f.Client.Unmap()
	if client.Is6() {
		client = netip.PrefixFrom(client, r.cfg.IPv6ClientPrefix).Masked().Addr()
	}
	extension := f.Extension
	if len(extension) > 64 {
		sum := sha256.Sum256([]byte(extension))
		extension = fmt.Sprintf("%s~%x", extension[:47], sum[:8])
	}
	key := refKey{f.Registrar, client, extension}
	p := r.pairs[key]
	if p == nil {
		p = &refPair{key: key, accepted: never}
		r.pairs[key] = p
		r.byClient[key.ofClient()] = append(r.byClient[key.ofClient()], p)
		r.byExtension[key.ofExtension()] = append(r.byExtension[key.ofExtension()], p)
	}
	return p
}

func (k refKey) ofClient() refKey    { return refKey{registrar: k.registrar, client: k.client} }
func (k refKey) ofExtension() refKey { return refKey{registrar: k.registrar, extension: k.extension} }

func (r *reference) thresholds(k refKey) detect.Thresholds {
	best, bits := r.cfg.Thresholds, -1
	for _, o := range r.cfg.Overrides {
		for _, prefix := range o.Registrars {
			if prefix.Contains(k.registrar) && prefix.Bits() > bits {
				best, bits = o.Thresholds, prefix.Bits()
			}
		}
	}
	return best
}

// ---- The clock

// Advance hears n records that only move the clock.
func (r *reference) Advance(t int64, n int) {
	for range n {
		r.hear(t)
	}
}

// Observe hears one record and counts it if it is a rejection or an acceptance.
func (r *reference) Observe(f *detect.Flow) {
	switch {
	case !r.hear(f.Time):
	case r.isRejection(f.Status):
		r.rejection(r.pairOf(f), f.Time, f.Status)
	case isAcceptance(f.Status):
		r.acceptance(r.pairOf(f), f.Time)
	}
}

// hear moves the clock to a record, and says whether the record is accepted.
func (r *reference) hear(t int64) bool {
	hour := ms(time.Hour)
	if r.heard == 1 && t < r.clock-hour { // rule 4, the exception
		*r = *newReference(r.cfg)
	}
	if r.heard == 0 {
		r.clock, r.heard = t, 1
		return true
	}
	if t > r.clock+hour { // rule 3
		if r.row > 0 && max(t-r.future, r.future-t) > hour {
			r.row = 0
		}
		r.row++
		r.future = t
		if r.row < 10 {
			return false
		}
	}
	r.row = 0
	if t < r.clock-ms(r.cfg.IdleTimeout) { // rule 4
		return false
	}
	r.heard++
	for r.nextCheck() <= t && r.anythingToJudge() { // rule 2
		r.clock = r.nextCheck()
		r.check()
	}
	r.clock = max(r.clock, t)
	return true
}

func (r *reference) nextCheck() int64 {
	every := ms(r.cfg.CheckInterval)
	return r.clock/every*every + every
}

// anythingToJudge is false when checks could find nothing until the next record: it saves going through years of them.
func (r *reference) anythingToJudge() bool { return len(r.watched) > 0 || len(r.open) > 0 }

// Finish is rule 5.
func (r *reference) Finish() {
	if r.heard == 0 {
		return
	}
	for {
		r.clock = r.nextCheck()
		r.check()
		waiting := false
		for p := range r.watched {
			waiting = waiting || p.run != nil && p.run.open && p.run.singleChallenge() && !r.pastGrace(p.run)
		}
		if len(r.open) == 0 && !waiting {
			return
		}
	}
}

// ---- Counting

func (r *reference) alive(run *refRun) bool { return r.clock-run.last <= ms(r.cfg.IdleTimeout) }

func (r *reference) knownGood(p *refPair) bool {
	return p.good && r.clock-p.accepted <= ms(r.cfg.KnownGoodTTL)
}

func (run *refRun) add(t int64, status uint16) {
	if run.count == 0 {
		run.codes = map[uint16]int{}
		run.first, run.last = t, t
	}
	run.count++
	run.codes[status]++
	run.first, run.last = min(run.first, t), max(run.last, t)
}

func (run *refRun) singleChallenge() bool {
	return run.count == 1 && run.codes[401]+run.codes[407] == 1
}

// rejection is "A rejection at time t".
func (r *reference) rejection(p *refPair, t int64, status uint16) {
	r.forgetDeadRun(p)
	if t <= p.accepted {
		r.belated(p, t, status)
		return
	}
	if p.run == nil || !p.run.open { // step 2
		p.run = &refRun{open: true, known: r.knownGood(p)}
	}
	run := p.run
	run.add(t, status)
	r.watched[p] = true

	in := r.incidentFor(p) // step 3
	if run.singleChallenge() && (run.known || in != nil && in.succeeded[p]) {
		run.held = status
		return
	}
	switch {
	case in == nil:
	case p.incident == nil: // it enters, and brings its whole run
		in.count(p, run.first, run.last, run.count, run.codes)
	case run.held != 0:
		in.count(p, run.first, run.last, 2, map[uint16]int{status: 1})
		in.codes[run.held]++
	default:
		in.count(p, t, t, 1, map[uint16]int{status: 1})
	}
	run.held = 0
}

func (r *reference) forgetDeadRun(p *refPair) {
	if p.incident == nil && p.run != nil && !r.alive(p.run) {
		p.run = nil
	}
}

// belated is "A rejection at time t" for those that the newest acceptance overtook.
func (r *reference) belated(p *refPair, t int64, status uint16) {
	added := p.run == nil || !p.run.open // step 1
	if p.run == nil {
		p.run = &refRun{known: p.goodBefore}
	}
	if added {
		p.run.add(t, status)
		p.run.held = 0
	}
	if in := r.incidentFor(p); in != nil && !p.goodBefore { // step 3
		in.count(p, t, t, 1, map[uint16]int{status: 1})
	}
	if !added { // step 4
		return
	}
	in, n := p.incident, p.run.count
	switch {
	case in != nil && in.opened <= p.accepted && !p.goodBefore && !p.success && r.isSuccess(in, p, n, false):
		r.succeed(in, p, p.accepted, n)
	case r.incidentFor(p) == nil && n >= r.thresholds(p.key).Attempts:
		r.openOn(detect.BruteForce, p.key, []*refPair{p})
		r.succeed(p.incident, p, p.accepted, n)
	}
}

// incidentFor is step 3: the incident that takes a rejection of the pair, nil if there is none.
func (r *reference) incidentFor(p *refPair) *refIncident {
	if p.incident != nil {
		return p.incident
	}
	if scan := r.taking[p.key.ofClient()]; scan != nil {
		return scan
	}
	return r.taking[p.key.ofExtension()]
}

// acceptance is "An acceptance at time t".
func (r *reference) acceptance(p *refPair, t int64) {
	if t <= p.accepted { // step 1
		return
	}
	r.forgetDeadRun(p)
	open := p.run != nil && p.run.open
	if open || p.incident != nil { // step 2
		r.judgeScan(p.key.ofClient())
		r.judgeDistributed(p.key.ofExtension())
		r.judgeBruteForce(p)
	}
	n := 0
	if open {
		n = p.run.count
	}
	known, in := r.knownGood(p), p.incident
	before := in != nil && in.succeeded[p]
	success := in != nil && r.isSuccess(in, p, n, known)

	p.accepted, p.goodBefore, p.success = t, known, false
	p.good = in == nil || known || in.kind == detect.Distributed && !before // step 4
	if success {
		r.succeed(in, p, t, n)
	}
	if open { // step 5
		p.run.open, p.run.held = false, 0
	} else {
		p.run = nil
	}
}

// isSuccess is step 3.
func (r *reference) isSuccess(in *refIncident, p *refPair, n int, known bool) bool {
	succeeded := in.succeeded[p]
	switch in.kind {
	case detect.BruteForce:
		return !succeeded || n >= 2
	case detect.Scan, detect.Spray:
		return !known && (!succeeded || n >= 2)
	default:
		return !known && n >= r.thresholds(p.key).SuccessAfter || succeeded && n >= 2
	}
}

func (r *reference) succeed(in *refIncident, p *refPair, t int64, n int) {
	in.successes = append(in.successes, detect.Succeeded{Extension: p.key.extension, Client: p.key.client, Time: t, Attempts: n})
	in.succeeded[p] = true
	in.lastSuccessAt = max(in.lastSuccessAt, t)
	p.success, p.good = true, false
}
