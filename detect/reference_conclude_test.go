package detect_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The reference, chapter Conclude.

// acceptance is "An acceptance".
func (r *reference) acceptance(p *refPair, t int64) {
	r.lookAt(p)
	r.measureLateness(t)
	repeats := p.accepted != never && max(t-p.accepted, p.accepted-t) <= 2000
	r.watchDoubling(p, t)
	if t <= p.accepted || repeats && (p.run == nil || !p.run.open) {
		return
	}
	if p.suspicious && !p.run.open { // the doubt about an earlier acceptance stays
		return
	}
	if p.run == nil || !p.run.open || p.incident == nil && !r.alive(p.run) {
		r.newRun(p).known = p.good
		p.run.first, p.run.last = t, t
	}
	again := p.incident != nil && p.incident.hasEntered(p)
	p.run.open, p.before, p.accepted = false, p.good, t
	if again && r.isShort(p) {
		r.exclude(p.incident, p)
	} else if again && p.before && p.incident.kind == detect.BruteForce && p.incident.knownClient && !p.run.excluded {
		r.exemptLogin(p)
	}
	switch {
	case p.incident == nil && p.good:
		p.suspicious = false
		r.sumBetweenLogins(p)
	case !r.conclude(p):
		r.welcome(p)
	}
}

// sumBetweenLogins looks for guesses between the logins of one who is known good.
func (r *reference) sumBetweenLogins(p *refPair) {
	over := p.run.n() - 3*r.twice(p)
	if over <= 0 {
		p.excess = max(0, p.excess-1)
		return
	}
	p.excess = min(p.excess+over, 4095)
	if bar := r.thresholds(p.key.registrar).Attempts; p.excess >= bar {
		r.openOn(refRow{kind: detect.BruteForce, group: p.key, pairs: []*refPair{p},
			crossed: []detect.Crossing{{Key: "attempts", Threshold: bar, Value: p.excess}}}, p.run.last)
	}
}

// exemptLogin takes the owner's challenge out of the counts.
func (r *reference) exemptLogin(p *refPair) {
	for _, code := range r.cfg.FailureCodes {
		if n := p.run.codes[uint16(code)]; n > 0 && isChallenge(uint16(code)) {
			n = min(n, r.twice(p))
			p.run.codes[uint16(code)] -= n
			p.incident.codes[uint16(code)] -= n
			p.incident.attempts[p] -= n
			return
		}
	}
}

// conclude says what a closed run means: true if an attacker has entered, so that the acceptance vouches for nobody.
func (r *reference) conclude(p *refPair) (entered bool) {
	if in := p.incident; in != nil && in.kind == distributedScan && !p.before && !p.run.known && (p.run.fast || r.isLong(p)) {
		r.leave(p) // it is an attack by itself
	}
	if p.incident == nil {
		entered = r.concludeAlone(p)
	} else {
		entered = r.concludeInside(p)
	}
	if !r.isDoubtful(p) || p.incident != nil && p.incident.kind != distributedScan {
		p.suspicious, p.dormant = false, false
	}
	return entered
}

// isLong says whether a run is a brute force by itself.
func (r *reference) isLong(p *refPair) bool {
	return p.run.n() >= r.thresholds(p.key.registrar).Attempts && !p.run.slow
}

func (r *reference) isDoubtful(p *refPair) bool {
	run := p.run
	if run == nil || run.open || run.known || p.before || !r.alive(run) {
		return false
	}
	atOnce := 0
	for _, q := range r.groups[p.key.ofClient()] {
		if q != p && q.incident == nil && r.waiting(q) {
			atOnce++
		}
	}
	many := (atOnce < 5 || r.ofTool(p) || r.isOwnedElsewhere(p)) && run.n() == run.challenges() && run.n() >= 3*r.twice(p) && r.clock-r.started >= ms(time.Hour)
	return run.refused() && run.n() >= 2 || many
}

func (r *reference) concludeAlone(p *refPair) bool {
	if p.run.known || p.before {
		return false
	}
	bars, n := r.thresholds(p.key.registrar), p.run.n()
	taker := r.taker(p)
	if taker != nil && r.confidence(taker, p) == detect.NoConfidence {
		taker = nil
	}
	open := func(key string, bar int) {
		r.openOn(refRow{kind: detect.BruteForce, group: p.key, pairs: []*refPair{p}, slow: p.run.slow,
			crossed: []detect.Crossing{{Key: key, Threshold: bar, Value: n}}}, p.run.last)
	}
	switch {
	case taker != nil:
		r.join(taker, p)
	case r.isLong(p):
		open("attempts", bars.Attempts)
	case p.run.fast:
		open("fast_attempts", bars.FastAttempts)
	case r.isDoubtful(p):
		p.suspicious, p.dormant = true, false
		r.openFirst(p, p.run.last)
	}
	if spread := r.opened(distributedScan, p.key.ofRegistrar()); spread != nil && p.incident == nil && r.confidence(spread, p) != detect.NoConfidence {
		r.join(spread, p)
	}
	return p.incident != nil && p.incident.hasEntered(p)
}

// concludeInside is an acceptance of a pair in an incident.
func (r *reference) concludeInside(p *refPair) bool {
	in := p.incident
	if in.kind == detect.Outage {
		return false
	}
	if !in.accepted[p] {
		in.accepted[p] = true
		if in.kind == detect.HorizontalScan && !r.isOwnedElsewhere(p) || p.run.n() <= r.twice(p) && !p.run.hard() {
			in.passed++
		}
	}
	c := r.confidence(in, p)
	isSurer := in.kind == detect.BruteForce && in.knownClient && c > in.confidence() && !r.isShort(p)
	if in.hasEntered(p) && !isSurer {
		if !r.isShort(p) {
			r.include(in, p)
		}
		return true
	}
	if c == detect.NoConfidence {
		if r.isShort(p) {
			r.exclude(in, p)
		}
		if in.isMostlyAccepted() {
			r.end(in, detect.Withdrawn, detect.EndAccepted)
		}
		return false
	}
	r.include(in, p)
	in.entered[p] = true
	if c >= detect.Probable {
		p.good = false
	}
	in.active = max(in.active, p.accepted)
	in.successes = append(in.successes, detect.Succeeded{Extension: p.key.extension, Client: p.key.client, Time: p.accepted,
		Attempts: p.run.n(), Registrar: p.key.registrar, Confidence: c})
	if !in.opening {
		r.report(in, detect.Success, detect.NotEnded)
	}
	return c >= detect.Probable
}

// concludeEarlier concludes, in the order of the acceptances, what was accepted before an incident opened: some of its pairs,
// and what the client of a scan has entered since.
func (r *reference) concludeEarlier(in *refIncident, pairs []*refPair) {
	if in.isOfClient() {
		for _, p := range r.groups[in.group] {
			if p.incident == nil && p.run != nil && !p.before && !p.run.known && p.run.n() >= 2 && (in.slow || r.alive(p.run)) {
				pairs = append(pairs, p)
			}
		}
	}
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p *refPair) bool { return p.run.open })
	slices.SortFunc(pairs, func(a, b *refPair) int {
		return cmp.Or(cmp.Compare(a.accepted, b.accepted), a.key.compare(b.key))
	})
	n := len(in.successes)
	in.opening = true
	for _, p := range pairs {
		switch {
		case in.over:
		case p.incident == in:
			r.concludeInside(p)
		case r.confidence(in, p) != detect.NoConfidence:
			r.join(in, p)
		}
	}
	in.opening = false
	if !in.over && len(in.successes) > n {
		r.report(in, detect.Success, detect.NotEnded)
	}
}

// isOwnedElsewhere says whether another client is known good on the extension.
func (r *reference) isOwnedElsewhere(p *refPair) bool {
	for _, q := range r.knownGoodOf(p.key.ofExtension()) {
		if q != p {
			return true
		}
	}
	return false
}

func (r *reference) hasAnotherSuspicious(p *refPair) bool {
	for _, q := range r.groups[p.key.ofClient()] {
		if q != p && q.suspicious {
			return true
		}
	}
	return false
}

// ofPhone is the confidence of what may be a phone whose password was put right.
func (r *reference) ofPhone(in *refIncident, p *refPair) detect.Confidence {
	pairs, accepted := len(in.attempts), 0
	for q := range in.attempts {
		if in.accepted[q] || q.run != nil && !q.run.open {
			accepted++
		}
	}
	if r.isOwnedElsewhere(p) || in.total() >= 250*pairs*r.twice(p) || pairs > 3 && 2*accepted <= pairs {
		return detect.Probable
	}
	return detect.Unlikely
}

// confidence is the table of rule 2.
func (r *reference) confidence(in *refIncident, p *refPair) detect.Confidence {
	run, bars := p.run, r.thresholds(p.key.registrar)
	n, wasKnown := run.n(), p.before || run.known
	switch in.kind {
	case detect.BruteForce:
		switch {
		case in.knownClient && r.isPhoneLike(in):
			return detect.Unlikely
		case in.knownClient && !(r.ofTool(p) && r.isOwnedElsewhere(p)):
			return detect.Probable
		case in.crossed.Key == "fast_attempts" && in.total() < bars.Attempts && !r.ofTool(p):
			return detect.Probable
		case r.isPhoneLike(in) && r.hasAnotherSuspicious(p):
			return detect.Probable
		case r.isPhoneLike(in):
			return r.ofPhone(in, p)
		}
		return detect.Confirmed
	case detect.Scan, detect.Spray, detect.HorizontalScan:
		switch {
		case wasKnown || n == 0 || in.isMostlyAccepted():
			return detect.NoConfidence
		case r.isPhoneLike(in) && !run.refused() && n < 3*r.twice(p):
			return detect.NoConfidence
		case r.isPhoneLike(in):
			return r.ofPhone(in, p)
		case run.refused() || n >= 3*r.twice(p) || n >= 2 && in.homes < 3:
			if in.kind != detect.Scan && (run.refused() || in.homes < 3) || n >= bars.Attempts || r.ofTool(p) {
				return detect.Confirmed
			}
			return detect.Probable
		case in.homes == 0:
			return detect.Probable
		}
	case detect.Distributed:
		switch {
		case wasKnown:
			return detect.NoConfidence
		case r.isPhoneLike(in):
			return detect.Unlikely
		case n >= bars.SuccessAfter:
			return detect.Confirmed
		case r.isOwnedElsewhere(p):
			return detect.Probable
		}
	case detect.DistributedScan:
		if !wasKnown && n > 0 && r.isPhoneLike(in) {
			return r.ofPhone(in, p)
		}
		if !wasKnown && n > 0 && (run.refused() || n == run.challenges() && (n >= bars.FastAttempts || n >= 3*r.twice(p) && (r.isOwnedElsewhere(p) || r.isDoubtful(p)))) {
			return detect.Probable
		}
	}
	return detect.NoConfidence
}
