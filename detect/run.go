package detect

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// isAlive tells whether the run of a pair is not idle for too long.
func (d *runs) isAlive(p *pair) bool { return d.full(p.last) >= d.now-d.idleTimeout }

// isGood tells whether a pair is known good.
func (d *runs) isGood(p *pair) bool {
	return p.has(good) && d.full(p.accepted) >= d.now-d.knownGoodTTL
}

// expire forgets an acceptance that vouches for nothing any more, before its time can't be told any more: within two
// horizons of 12 days (Config.Validate) either the pair is looked at, or the member that it is was not touched for one.
func (d *runs) expire(pi uint32, p *pair) {
	if !p.has(hasAccepted) {
		return
	}
	if p.has(good) && !d.isGood(p) {
		d.setGood(pi, p, false)
	}
	if p.member == 0 && !p.has(good|underSuspicion) && d.touched(p) < d.nextCheck-d.checkInterval-d.idleTimeout {
		d.forgetRun(pi, p) // it was good once, and is kept until known_good_ttl has passed: nothing of it is
		p.flags &^= hasAccepted | wasGood
		return
	}
	horizon := d.now - d.horizon()
	if d.full(p.accepted) < horizon || p.member != 0 && d.members.At(p.member).touched < horizon {
		d.setGood(pi, p, false)
		p.flags &^= hasAccepted
	}
}

// isUnexplained tells whether the run of a pair is more than a login under way (RULES.md, "Explain").
func (d *runs) isUnexplained(p *pair) bool {
	if p.has(runKnown) {
		return false
	}
	c := d.clients.At(p.client)
	n := p.count()
	return d.hard(p) > 0 && !p.has(runVouched) || n > d.loginChallenges(c.registrar) || c.flags&isTool != 0 && n > 1 ||
		d.isOverdue(p, d.graceOf(c))
}

// isOverdue tells whether the acceptance of a run should be here: the grace has passed since the newest challenge, as a login may begin anew,
// or twice since the first.
func (d *runs) isOverdue(p *pair, grace int64) bool {
	return d.full(p.last) < d.now-grace || d.full(p.first) < d.now-2*grace
}

// loginChallenges returns how many challenges one login may take at a registrar.
func (d *directory) loginChallenges(registrar uint32) int {
	r := &d.registrars[registrar]
	return r.thresholds.LoginChallenges * r.echo.factor()
}

// graceOf returns how long the challenge of a client may wait for its acceptance, milliseconds.
func (d *runs) graceOf(c *client) int64 {
	if c.flags&isTool != 0 {
		return d.challengeGrace
	}
	return min(d.graces.grace, d.idleTimeout)
}

// awaitGrace has a run looked at when its grace is over. Pairs that were forgotten leave hints behind; when a flood has
// left too many, all are made anew.
func (d *runs) awaitGrace(pi uint32, p *pair) {
	if d.waiting.Waiting+d.hurried.Waiting > 16_384+2*d.cfg.MaxPairs {
		d.startGraces()
	}
	if d.clients.At(p.client).flags&isTool != 0 {
		d.hurried.Add(pi, d.full(p.first))
	} else {
		d.waiting.Add(pi, d.full(p.first))
	}
}

// isWaiting tells whether the run of a pair may be a login under way.
func (p *pair) isWaiting() bool {
	return p.has(runOpen) && (p.member == 0 && !p.has(isSuspicious|isDormant|runKnown) || p.member != 0 && p.has(runExcluded))
}

// hurry notes that a client has called itself by the name of an attack tool: its runs have less time from now on.
func (d *runs) hurry(c *client) {
	if c.flags&isTool != 0 {
		return
	}
	c.flags |= isTool
	d.eachOfClient(c, func(pi uint32) {
		if p := d.pairs.At(pi); p.isWaiting() {
			d.awaitGrace(pi, p)
		}
	})
}

// startGraces makes the timer of the runs that are logins under way.
func (d *runs) startGraces() {
	longest := max(maxGrace, d.challengeGrace)
	d.waiting = store.NewTimer(d.now-longest, longest+d.checkInterval)
	d.hurried = store.NewTimer(d.now-d.idleTimeout, d.idleTimeout+d.checkInterval)
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client != 0 && p.isWaiting() {
			d.awaitGrace(pi, p)
		}
	}
}

// ripenAll looks at the runs whose grace is over, in the order in which they began.
func (d *intake) ripenAll() {
	due := d.due[:0]
	add := func(pi uint32) { due = append(due, pi) }
	d.waiting.Drain(d.now-min(d.graces.grace, d.idleTimeout), add)
	d.hurried.Drain(d.now-d.challengeGrace, add)
	d.sortByFirst(due)
	d.due = due
	for _, pi := range slices.Compact(due) {
		d.ripen(pi)
	}
}

// sortByFirst puts pairs into the order in which their runs began.
func (d *runs) sortByFirst(pairs []uint32) {
	slices.SortFunc(pairs, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(d.full(d.pairs.At(a).first), d.full(d.pairs.At(b).first)), d.compareNames(a, b))
	})
}

// compareNames puts pairs into an order that does not depend on where they are kept.
func (d *runs) compareNames(a, b uint32) int {
	if a == b {
		return 0
	}
	p, q := d.pairs.At(a), d.pairs.At(b)
	if c := d.clientAddr(p.client).Compare(d.clientAddr(q.client)); c != 0 {
		return c
	}
	var x, y [maxName]byte
	if c := strings.Compare(d.nameOf(d.extensions.At(p.extension), &x), d.nameOf(d.extensions.At(q.extension), &y)); c != 0 {
		return c
	}
	return d.registrarAddr(d.clients.At(p.client).registrar).Compare(d.registrarAddr(d.clients.At(q.client).registrar))
}

// ripen looks at a run whose grace is over.
func (d *intake) ripen(pi uint32) {
	p := d.pairs.At(pi)
	switch {
	case p.client == 0 || !p.has(runOpen) || p.has(isDormant) || !d.isAlive(p):
	case p.isWaiting() && d.full(p.first) >= d.now-d.graceOf(d.clients.At(p.client)):
		d.awaitGrace(pi, p) // not yet
	case p.member != 0:
		switch {
		case !p.has(runExcluded) || p.has(runKnown):
		case d.isMoreThanLogin(p):
			d.include(p)
		default:
			d.awaitGrace(pi, p)
		}
	case p.has(runKnown | isSuspicious):
	case !d.isUnexplained(p):
		d.awaitGrace(pi, p)
	case p.has(runVouched) && d.isKnownNow(p):
		d.excuse(pi, p)
	default:
		d.takeUnexplained(pi, p, d.full(p.last))
	}
}

// hard returns how many rejections of a run are no challenges.
func (d *settings) hard(p *pair) (n int) {
	for code, count := range p.codes {
		if d.hardCodes&(1<<code) != 0 {
			n += int(count)
		}
	}
	return n
}

// passwordRefused tells whether the run holds a rejection that says that the password was wrong, or the account barred.
func (d *settings) passwordRefused(p *pair) bool {
	for code, count := range p.codes {
		if count > 0 && d.refusedCodes&(1<<code) != 0 {
			return true
		}
	}
	return false
}

// beginRun begins a new run with a rejection at t that is not counted yet.
func (d *relations) beginRun(s *subject, p *pair, t int64) {
	d.openRun(s.pair, p, t)
	if p.member != 0 || p.has(runKnown) {
		return
	}
	switch known, vouched := d.isKnownElsewhere(s); {
	case known:
		p.flags |= runKnown
	case vouched:
		p.flags |= runVouched
	}
}

func (d *runs) openRun(pi uint32, p *pair, t int64) {
	if d.watch != nil {
		d.tellLapse(p)
	}
	excess := 0
	if p.has(runKnown) && d.isAlive(p) {
		excess = p.counted()
	}
	d.forgetRun(pi, p)
	p.flags |= runOpen
	p.first, p.last = uint32(t), uint32(t)
	if p.has(good) {
		p.flags |= runKnown
		p.setCounted(excess)
	}
	if p.member != 0 && (p.has(good) || d.members.At(p.member).entered) {
		p.flags |= runExcluded
	}
}

// widen takes the time of a rejection into the run. It tells whether the run begins earlier now.
func (d *runs) widen(p *pair, t int64) (earlier bool) {
	if earlier = t < d.full(p.first); earlier {
		p.first = uint32(t)
	}
	if t > d.full(p.last) {
		p.last = uint32(t)
	}
	return earlier
}

// addToRun counts a rejection in the run of a pair, as far as its counters reach.
func (d *memory) addToRun(p *pair, code uint8) {
	if p.codes[code] == math.MaxUint16 {
		return
	}
	p.codes[code]++
	if p.has(isSuspicious) {
		d.addSuspicion(p, 1)
	}
}

// forgetRun leaves the pair without a run.
func (d *memory) forgetRun(pi uint32, p *pair) {
	d.clear(pi, p)
	p.flags &^= runFlags
	p.codes = [maxCodes]uint16{}
}

// ensureAged puts a pair that is in no incident where it can be forgotten from.
func (d *memory) ensureAged(pi uint32, p *pair) {
	if p.member == 0 && !p.has(isAged) {
		d.place(pi, p)
	}
}

// serverOf returns the registrar of a pair.
func (d *directory) serverOf(p *pair) *registrar {
	return &d.registrars[d.clients.At(p.client).registrar]
}

func (d *directory) thresholdsOf(p *pair) *Thresholds {
	return d.serverOf(p).thresholds
}
