package detect_test

import (
	"maps"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// The second half of the reference: chapters Judging and Ending of RULES.md.

func (r *reference) suspicious(p *refPair) bool {
	run := p.run
	if run == nil || !run.open || !r.alive(run) {
		return false
	}
	if run.known {
		return run.count >= 2
	}
	return run.count >= 2 || !run.singleChallenge() || run.ripe
}

func (r *reference) pastGrace(run *refRun) bool { return run.last < r.clock-ms(r.cfg.ChallengeGrace) }

// check is a check at B = clock.
func (r *reference) check() {
	for in := range r.open { // step 1
		if r.clock-max(in.last, in.lastSuccessAt) > ms(r.cfg.IdleTimeout) {
			r.end(in)
		}
	}
	clients, extensions := map[refKey]bool{}, map[refKey]bool{}
	for p := range r.watched {
		if p.run == nil || !p.run.open || !r.alive(p.run) {
			delete(r.watched, p)
			continue
		}
		if p.run.singleChallenge() && r.pastGrace(p.run) { // step 2
			p.run.ripe = true
		}
		clients[p.key.ofClient()], extensions[p.key.ofExtension()] = true, true
	}
	for key := range clients { // step 3
		r.judgeScan(key)
	}
	for key := range extensions { // step 4
		r.judgeDistributed(key)
	}
	for p := range r.watched { // step 5
		r.judgeBruteForce(p)
	}
	for in := range r.open { // step 6
		if in.kind == detect.Scan && in.sprayed(r.thresholds(in.key)) {
			in.kind = detect.Spray
		}
	}
}

// judgeable are the pairs that a scan or a distributed brute force may open on: in no incident, or in a brute force.
func judgeable(pairs []*refPair) []*refPair {
	var out []*refPair
	for _, p := range pairs {
		if p.incident == nil || p.incident.kind == detect.BruteForce {
			out = append(out, p)
		}
	}
	return out
}

func (r *reference) judgeScan(key refKey) {
	if r.taking[key] != nil {
		return
	}
	pairs, s, g := judgeable(r.byClient[key]), 0, 0
	for _, p := range pairs {
		if r.suspicious(p) {
			s++
		}
	}
	for _, p := range r.byClient[key] {
		if r.knownGood(p) {
			g++
		}
	}
	bars := r.thresholds(key)
	if float64(s) >= float64(bars.ScanExtensions)+bars.ScanKnownRatio*float64(g) {
		r.openOn(detect.Scan, key, pairs)
	}
}

func (r *reference) judgeDistributed(key refKey) {
	if r.taking[key] != nil {
		return
	}
	pairs, clients, sum, greatest := judgeable(r.byExtension[key]), 0, 0, 0
	for _, p := range pairs {
		if r.suspicious(p) {
			clients++
			sum += p.run.count
			greatest = max(greatest, p.run.count)
		}
	}
	bars := r.thresholds(key)
	if clients >= bars.DistributedClients && sum-greatest >= bars.Attempts {
		r.openOn(detect.Distributed, key, pairs)
	}
}

func (r *reference) judgeBruteForce(p *refPair) {
	if p.incident == nil && r.suspicious(p) && p.run.count >= r.thresholds(p.key).Attempts {
		r.openOn(detect.BruteForce, p.key, []*refPair{p})
	}
}

// openOn opens an incident. It takes the runs of pairs that are in none, and the brute forces of the others.
func (r *reference) openOn(kind detect.Kind, key refKey, pairs []*refPair) {
	in := &refIncident{
		kind: kind, key: key, opened: r.clock, clients: map[netip.Addr]int{}, extensions: map[string]int{},
		codes: map[uint16]int{}, pairs: map[*refPair]bool{}, succeeded: map[*refPair]bool{}, lastSuccessAt: never,
	}
	for _, p := range pairs {
		run := p.run
		switch {
		case p.incident != nil:
			r.merge(p.incident, in, p)
		case run == nil:
		case kind == detect.BruteForce:
			in.knownClient = run.known
			in.count(p, run.first, run.last, run.count, run.codes)
			run.held = 0
		case run.open && r.alive(run) && (!run.known || run.count >= 2):
			in.count(p, run.first, run.last, run.count, run.codes)
			run.held = 0
		}
	}
	if kind == detect.Scan && in.sprayed(r.thresholds(key)) { // step 6: from its opening
		in.kind = detect.Spray
	}
	if kind == detect.Scan && in.sprayed(r.thresholds(key)) {
		in.kind = detect.Spray
	}
	r.open[in] = true
	if kind != detect.BruteForce {
		r.taking[key] = in
	}
}

// merge is what happens to a brute force that is taken in.
func (r *reference) merge(from, into *refIncident, p *refPair) {
	into.count(p, from.first, from.last, from.attempts, from.codes)
	into.successes = append(into.successes, from.successes...)
	into.lastSuccessAt = max(into.lastSuccessAt, from.lastSuccessAt)
	maps.Copy(into.succeeded, from.succeeded)
	into.absorbed++
	from.endedAt = r.clock
	delete(r.open, from)
	r.merged = append(r.merged, from)
}

// count adds n rejections of a pair, which is in the incident from now on.
func (in *refIncident) count(p *refPair, first, last int64, n int, codes map[uint16]int) {
	if in.attempts == 0 {
		in.first, in.last = first, last
	}
	in.first, in.last = min(in.first, first), max(in.last, last)
	in.attempts += n
	in.clients[p.key.client] += n
	in.extensions[p.key.extension] += n
	for status, n := range codes {
		in.codes[status] += n
	}
	in.pairs[p] = true
	p.incident = in
}

func (in *refIncident) sprayed(bars detect.Thresholds) bool {
	extensions := 0
	for _, n := range in.extensions {
		if n >= bars.SprayAttempts {
			extensions++
		}
	}
	return extensions >= bars.ScanExtensions
}

// ---- Ending

func (r *reference) end(in *refIncident) {
	in.endedAt = r.clock
	delete(r.open, in)
	if r.taking[in.key] == in {
		delete(r.taking, in.key)
	}
	r.ended = append(r.ended, in)
	for p := range in.pairs {
		p.incident = nil
		if p.run != nil && p.run.held == 0 {
			p.run = nil
		}
		r.watched[p] = true
	}
}
