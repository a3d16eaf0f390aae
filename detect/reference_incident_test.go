package detect_test

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The reference: what an incident holds, and its end.

type refIncident struct {
	kind        detect.Kind
	group       refKey
	slow, few   bool
	knownClient bool
	crossed     detect.Crossing
	homes       int
	opening     bool // successes are reported together
	over        bool

	attempts    map[*refPair]int // counted rejections
	codes       map[uint16]int
	first, last int64
	active      int64 // when something was counted or somebody entered, the last time
	minute      int64 // of the newest counted rejection
	inMinute    int   // rejections in a row that were of that minute
	peak        int   // the greatest number of them
	tried       map[*refPair]bool
	accepted    map[*refPair]bool
	passed      int // accepted after two challenges at most
	entered     map[*refPair]bool
	successes   []detect.Succeeded

	sequence   int
	growing    bool // looked at by the next check
	reported   int
	reportedAt int64
	severity   int
}

func newIncident(row refRow, t, clock int64) *refIncident {
	in := &refIncident{
		kind: row.kind, group: row.group, slow: row.slow, few: row.few, crossed: row.crossed[0], first: clock,
		attempts: map[*refPair]int{}, codes: map[uint16]int{}, tried: map[*refPair]bool{}, accepted: map[*refPair]bool{},
		entered: map[*refPair]bool{},
	}
	in.crossed.Time = t
	if in.kind == detect.BruteForce {
		p := row.pairs[0]
		in.knownClient = (p.run.known || p.before && !p.run.open) && p.accepted != never
	}
	return in
}

func (in *refIncident) hasEntered(p *refPair) bool { return in.entered[p] }
func (in *refIncident) isOfClient() bool {
	return (in.kind == detect.Scan || in.kind == detect.Spray) && in.group.client.IsValid()
}

// lets says whether other incidents may have the pairs of this one.
func (in *refIncident) lets() bool {
	return in.kind == detect.BruteForce || in.kind == detect.DistributedScan
}

func (in *refIncident) total() (n int) {
	for _, times := range in.codes {
		n += times
	}
	return n
}

// enter brings a pair with its run into an incident.
func (r *reference) enter(in *refIncident, p *refPair) {
	p.incident = in
	in.attempts[p] = 0
	r.countRun(in, p, 1)
	r.settle(in, p)
	r.noteTries(in, p)
}

// settle says what becomes of the suspicion against a pair in an incident.
func (r *reference) settle(in *refIncident, p *refPair) {
	p.dormant = false
	if !in.lets() {
		p.suspicious = false
	}
}

func (r *reference) join(in *refIncident, p *refPair) {
	r.enter(in, p)
	r.noteGrowth(in)
	if !p.run.open {
		r.concludeInside(p)
	}
}

// leave takes a pair out of a distributed scan, which ends with the last one.
func (r *reference) leave(p *refPair) {
	in := p.incident
	r.exclude(in, p)
	if len(in.attempts) == 1 { // the last one
		r.report(in, detect.Withdrawn, detect.EndMerged)
		r.close(in)
	}
	p.run.excluded, p.incident = false, nil
	delete(in.attempts, p)
	delete(in.tried, p)
}

// countRun counts a run as a whole, or (sign -1) takes it back.
func (r *reference) countRun(in *refIncident, p *refPair, sign int) {
	for status, n := range p.run.codes {
		in.codes[status] += sign * n
		in.attempts[p] += sign * n
		if sign > 0 {
			in.first, in.last = min(in.first, p.run.first), max(in.last, p.run.last)
			in.active = max(in.active, p.run.last)
		}
	}
}

func (r *reference) include(in *refIncident, p *refPair) {
	if p.run.excluded {
		p.run.excluded = false
		r.countRun(in, p, 1)
		r.noteTries(in, p)
		r.noteGrowth(in)
	}
}

func (r *reference) exclude(in *refIncident, p *refPair) {
	if !p.run.excluded {
		p.run.excluded = true
		r.countRun(in, p, -1)
	}
}

// count counts one rejection.
func (r *reference) count(in *refIncident, p *refPair, t int64, status uint16) {
	in.codes[status]++
	in.attempts[p]++
	in.first, in.last, in.active = min(in.first, t), max(in.last, t), max(in.active, t)
	if minute := t / ms(time.Minute); minute != in.minute {
		in.minute, in.inMinute = minute, 0
	}
	in.inMinute++
	in.peak = max(in.peak, in.inMinute)
	r.noteTries(in, p)
	r.noteGrowth(in)
}

// noteTries notes whether passwords were tried on a pair, and makes a spray of a scan that does so.
func (r *reference) noteTries(in *refIncident, p *refPair) {
	bars := r.thresholds(in.group.registrar)
	if in.attempts[p] < 2 || in.tried[p] || !(p.run.refused() && p.run.challenges() > 0 || p.run.challenges() >= bars.SprayAttempts) {
		return
	}
	in.tried[p] = true
	if in.severity > 0 && r.noteSpray(in) {
		r.report(in, detect.Open, detect.NotEnded)
	}
}

func (r *reference) noteSpray(in *refIncident) bool {
	bars := r.thresholds(in.group.registrar)
	if in.kind != detect.Scan || len(in.tried) < bars.ScanExtensions {
		return false
	}
	in.kind = detect.Spray
	in.crossed = detect.Crossing{Key: "spray_attempts", Threshold: bars.SprayAttempts, Value: len(in.tried), Time: in.last}
	return true
}

// merge lets an incident take in another one.
func (r *reference) merge(from, into *refIncident) {
	r.report(from, detect.Merged, detect.EndMerged)
	r.close(from)
	for status, n := range from.codes {
		into.codes[status] += n
	}
	into.first, into.last, into.active = min(into.first, from.first), max(into.last, from.last), max(into.active, from.active)
	into.passed += from.passed
	maps.Copy(into.attempts, from.attempts)
	maps.Copy(into.tried, from.tried)
	maps.Copy(into.accepted, from.accepted)
	maps.Copy(into.entered, from.entered)
	into.successes = append(into.successes, from.successes...)
	slices.SortFunc(into.successes, compareSuccesses)
	for p := range from.attempts {
		p.incident = into
		r.settle(into, p)
	}
}

func compareSuccesses(a, b detect.Succeeded) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Extension, b.Extension), a.Client.Compare(b.Client),
		a.Registrar.Compare(b.Registrar), cmp.Compare(a.Attempts, b.Attempts))
}

func (in *refIncident) isMostlyAccepted() bool {
	return (in.kind == detect.Scan || in.kind == detect.Spray || in.kind == detect.HorizontalScan) && 2*in.passed > len(in.attempts)
}

// isPhoneLike is "Phone-like".
func (r *reference) isPhoneLike(in *refIncident) bool {
	pairs, limit := len(in.attempts), 2000
	anyPair := func(is func(p *refPair) bool) bool {
		for p := range in.attempts {
			if is(p) {
				return true
			}
		}
		return false
	}
	switch {
	case in.kind == detect.Distributed:
		roams := len(r.knownGoodOf(in.group)) >= r.thresholds(in.group.registrar).DistributedClients
		return roams && in.peak <= 24 && int64(in.total())*60_000 <= 18*(in.last-in.first) && (in.total() < 2000 || in.total() == in.codes[404])
	case in.kind != detect.BruteForce && in.kind != distributedScan && in.kind != detect.HorizontalScan && !in.isOfClient() || anyPair(r.ofTool):
		return false
	case in.knownClient:
		return in.peak <= 60
	case int64(in.total())*60_000 > 18*int64(pairs)*(in.last-in.first):
		return false
	case in.kind == detect.BruteForce, in.few && pairs <= 3:
	case pairs > 256 || anyPair(func(p *refPair) bool { return in.total() < 6*r.twice(p)*pairs }) ||
		anyPair(func(p *refPair) bool { return p.run != nil && int64(p.run.n()-6)*60_000 > 18*(p.run.last-p.run.first) }):
		return false
	}
	if in.kind == detect.BruteForce && r.isOwnedElsewhere(r.pairs[in.group]) {
		limit = 250
	}
	if in.peak > 24*pairs {
		return false
	}
	return in.total() < limit*pairs || in.total() == in.codes[404]
}

// ---- The end

func (r *reference) endIdle() {
	for _, in := range slices.Clone(r.open) {
		idle := ms(r.cfg.IdleTimeout)
		if in.slow {
			idle *= 6
		}
		if r.clock-in.active > idle {
			r.end(in, detect.End, detect.EndIdle)
		}
	}
}

// endUnspread ends the distributed scans that are none any more.
func (r *reference) endUnspread() {
	for _, in := range slices.Clone(r.open) {
		if in.kind != detect.DistributedScan {
			continue
		}
		var left []*refPair
		for _, p := range r.groups[in.group] {
			if p.suspicious {
				left = append(left, p)
			}
		}
		if 2*spreadOf(left) < in.crossed.Threshold {
			r.end(in, detect.End, detect.EndIdle)
		}
	}
}

func (r *reference) close(in *refIncident) {
	in.over = true
	r.open = slices.DeleteFunc(r.open, func(other *refIncident) bool { return other == in })
}

func (r *reference) end(in *refIncident, state detect.State, reason detect.EndReason) {
	if state == detect.End && in.kind == distributedScan && in.total() == 0 {
		state, reason = detect.Withdrawn, detect.EndAccepted
	}
	r.report(in, state, reason)
	r.close(in)
	for p := range in.attempts {
		r.lookAt(p)
		p.incident = nil
		if in.kind == detect.DistributedScan && p.run.open && p.accepted == never {
			p.suspicious, p.dormant = r.alive(p.run), !r.alive(p.run)
			continue
		}
		p.run, p.suspicious, p.dormant = nil, false, false
	}
}
