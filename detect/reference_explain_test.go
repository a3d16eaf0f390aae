package detect_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The reference, chapter Explain.

func (run *refRun) sum(of func(status uint16) bool) int {
	n := 0
	for status, times := range run.codes {
		if of(status) {
			n += times
		}
	}
	return n
}

func (run *refRun) n() int          { return run.sum(func(uint16) bool { return true }) }
func (run *refRun) challenges() int { return run.sum(isChallenge) }
func (run *refRun) refused() bool   { return run.sum(isRefusal) > 0 }
func (run *refRun) hard() bool      { return run.challenges() < run.n() }

func (r *reference) alive(run *refRun) bool { return r.clock-run.last <= ms(r.cfg.IdleTimeout) }

// horizon is how long a pair can be worth remembering.
func (r *reference) horizon() int64 { return max(ms(r.cfg.KnownGoodTTL), ms(r.cfg.IdleTimeout)) }

// lookAt looks, when an answer of a pair arrives, whether it is known good still.
func (r *reference) lookAt(p *refPair) {
	p.good = p.good && r.clock-p.accepted <= ms(r.cfg.KnownGoodTTL)
	if p.accepted != never && r.clock-p.accepted > r.horizon() {
		p.accepted = never
	}
}

// request takes the evidence in a request.
func (r *reference) request(client refKey, agent string) {
	if isTool(agent) {
		r.tools[client] = true
	}
}

func (r *reference) ofTool(p *refPair) bool { return r.tools[p.key.ofClient()] }

// newRun begins a run of a pair.
func (r *reference) newRun(p *refPair) *refRun {
	p.suspicious, p.dormant = false, false
	if p.run == nil || !p.run.known || !p.good || !r.alive(p.run) {
		p.excess = 0
	}
	p.run = &refRun{codes: map[uint16]int{}, open: true}
	p.run.excluded = p.incident != nil && (p.incident.hasEntered(p) || p.good)
	return p.run
}

func (r *reference) add(p *refPair, t int64, status uint16) {
	run := p.run
	if run.n() == 0 {
		run.first, run.last = t, t
	}
	run.codes[status] = min(run.codes[status]+1, 65535)
	run.first, run.last = min(run.first, t), max(run.last, t)

	if run.inBurst == 0 || t-run.burst > 2000 {
		run.burst, run.inBurst = t, 0
	}
	if t-run.burst >= -2000 {
		run.inBurst++
	}
	if run.inBurst >= r.thresholds(p.key.registrar).FastAttempts*r.twice(p) {
		run.fast = true
	}
}

// rejection is "A rejection".
func (r *reference) rejection(p *refPair, t int64, status uint16) {
	r.lookAt(p)
	if t <= p.accepted {
		r.belated(p, t, status)
		return
	}
	if p.suspicious && !p.run.open {
		return // its acceptance is doubtful: what comes after it changes nothing
	}
	switch run := p.run; {
	case run == nil || !run.open, p.incident == nil && !r.alive(run) && !p.suspicious && !p.dormant:
		r.newRun(p).known = p.good
		if p.incident == nil && !p.good {
			p.run.known, p.run.vouched = r.isKnownElsewhere(p)
		}
	case p.incident == nil && !r.alive(run):
		run.slow = true
	}
	r.add(p, t, status)
	switch {
	case p.incident != nil:
		r.rejectionInside(p, t, status)
	case p.run.known:
		r.rejectionOfKnown(p, t)
	case p.suspicious || p.dormant || r.isUnexplained(p):
		r.place(p, t)
	}
}

// rejectionInside is one of a pair that is in an incident.
func (r *reference) rejectionInside(p *refPair, t int64, status uint16) {
	in := p.incident
	switch {
	case !p.run.excluded:
		r.count(in, p, t, status)
	case !r.isMoreThanLogin(p):
		return
	default:
		r.include(in, p)
	}
	if in.lets() && !p.run.known {
		p.suspicious = true
		r.openFirst(p, t)
	}
}

// belated is a rejection that an acceptance has overtaken.
func (r *reference) belated(p *refPair, t int64, status uint16) {
	in := p.incident
	if p.run != nil && p.run.open { // it belongs to no run
		if in != nil && !p.before {
			r.count(in, p, t, status)
		}
		return
	}
	if p.run == nil {
		r.newRun(p).open = false
		p.run.known = p.before
	}
	r.add(p, t, status)
	if in != nil && !p.run.excluded {
		r.count(in, p, t, status)
	} else if in != nil && !r.isShort(p) {
		r.include(in, p)
	}
	if !p.run.known {
		r.conclude(p)
	}
}

// isShort says whether a run is no longer than a login can be.
func (r *reference) isShort(p *refPair) bool {
	if in := p.incident; in != nil && in.kind == detect.BruteForce && in.knownClient {
		return p.run.n() <= 3*r.twice(p)
	}
	return p.run.n() <= r.loginChallenges(p)
}

func (r *reference) loginChallenges(p *refPair) int {
	return r.thresholds(p.key.registrar).LoginChallenges * r.twice(p)
}

func (r *reference) isOverdue(p *refPair) bool {
	return r.clock-p.run.last > r.graceOf(p) || r.clock-p.run.first > 2*r.graceOf(p)
}

func (r *reference) isUnexplained(p *refPair) bool {
	return !p.run.known && (p.run.hard() && !p.run.vouched || p.run.n() > r.loginChallenges(p) || r.isOverdue(p) || r.ofTool(p) && p.run.n() >= 2)
}

func (r *reference) isMoreThanLogin(p *refPair) bool { return !r.isShort(p) || r.isUnexplained(p) }

// ---- Doubled messages

func (r *reference) watchDoubling(p *refPair, t int64) {
	reg := r.registrarOf(p)
	if p.accepted != never && max(t-p.accepted, p.accepted-t) <= 2000 {
		reg.repeated++
		return
	}
	reg.acceptances++
	if reg.acceptances >= 1000 {
		reg.acceptances /= 2
		reg.repeated /= 2
	}
}

// twice is 2 where messages are doubled, else 1.
func (r *reference) twice(p *refPair) int {
	if reg := r.registrarOf(p); reg.acceptances >= 5 && 2*reg.repeated > reg.acceptances {
		return 2
	}
	return 1
}

// ---- The grace

func (r *reference) measureLateness(t int64) {
	late := int((r.clock-t)/1000) + 1
	hour := r.clock / ms(time.Hour)
	if r.late[hour] == nil {
		r.late[hour] = map[int]int{}
	}
	r.late[hour][late]++
}

func (r *reference) measureGrace() {
	r.hour = r.clock / ms(time.Hour)
	var all []int
	for hour, seconds := range r.late {
		if hour < r.hour-1 {
			delete(r.late, hour)
			continue
		}
		for s, n := range seconds {
			all = append(all, slices.Repeat([]int{s}, n)...)
		}
	}
	slices.Sort(all)
	grace := int64(330_000)
	if r.clock-r.started >= 330_000 && len(all) >= 20 {
		late := int64(all[len(all)-len(all)/100-1])
		grace = min(600_000, (1200*late+999)/1000*1000+10_000)
	}
	r.grace = min(max(grace, ms(r.cfg.ChallengeGrace)), ms(r.cfg.IdleTimeout))
}

func (r *reference) graceOf(p *refPair) int64 {
	if r.ofTool(p) {
		return ms(r.cfg.ChallengeGrace)
	}
	return r.grace
}

// waiting says whether the run of a pair waits for the end of its grace.
func (r *reference) waiting(p *refPair) bool {
	return p.run != nil && p.run.open && !p.run.known && !p.suspicious && !p.dormant && r.alive(p.run) &&
		(p.incident == nil || p.run.excluded)
}

// judgeOverdue looks at the runs whose grace is over, in the order in which they began.
func (r *reference) judgeOverdue() {
	var overdue []*refPair
	for _, p := range r.pairs {
		if r.waiting(p) && r.clock-p.run.first > r.graceOf(p) && r.isMoreThanLogin(p) {
			overdue = append(overdue, p)
		}
	}
	slices.SortFunc(overdue, func(a, b *refPair) int {
		return cmp.Or(cmp.Compare(a.run.first, b.run.first), a.key.compare(b.key))
	})
	for _, p := range overdue {
		switch {
		case !r.waiting(p): // one before it has taken it along
		case p.incident != nil:
			r.include(p.incident, p)
		case p.run.vouched && r.isKnownNow(p):
			r.explain(p)
		default:
			r.place(p, p.run.last)
		}
	}
}

// isKnownNow asks once more.
func (r *reference) isKnownNow(p *refPair) bool {
	known, _ := r.isKnownElsewhere(p)
	return known
}

// lapse lets runs rest, or forgets them, and forgets pairs.
func (r *reference) lapse() {
	for _, p := range r.pairs {
		idle := p.run != nil && !r.alive(p.run)
		switch {
		case p.incident != nil:
			if idle && p.incident.kind == distributedScan {
				p.suspicious = false
			}
		case idle && p.suspicious && p.run.open:
			p.suspicious, p.dormant = false, true
		case idle && p.suspicious, idle && !p.dormant && !p.run.kept && r.clock-p.accepted > ms(r.cfg.IdleTimeout):
			p.suspicious = false
			if p.run.kept = r.isOfSuspect(p); !p.run.kept {
				p.run = nil
			}
		}
	}
	for _, p := range r.pairs {
		touched := p.accepted
		if p.run != nil {
			touched = max(touched, p.run.last)
		}
		if pause := r.clock - touched; p.incident == nil &&
			(pause > r.horizon() || pause > ms(r.cfg.IdleTimeout) && !p.good && !p.dormant) {
			r.forget(p)
		}
	}
}

// isOfSuspect says whether a closed run is remembered, in case that its client turns out to be a slow scan.
func (r *reference) isOfSuspect(p *refPair) bool {
	if p.run.open || p.before || p.run.known || p.run.n() < 2 {
		return false
	}
	for _, q := range r.groups[p.key.ofClient()] {
		if q.dormant || q.suspicious && q.run.open {
			return true
		}
	}
	return false
}
