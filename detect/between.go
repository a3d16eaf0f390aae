package detect

// Who guesses the password of an account behind the address where it is registered guesses between the logins of its owner: each acceptance ends a
// run before it is long. So what the runs of a pair that is known good have beyond the challenges of a login is summed up from acceptance to
// acceptance, and a common login takes one off. The sum is what a pair whose run is known has counted above burstShift.

// usualChallenges is how many challenges a login commonly takes at most: those of a proxy and its registrar, and one for a stale nonce.
const usualChallenges = 3

// sumBetweenLogins adds the closed run of a pair that is known good, and in no incident, to its sum, and opens a brute force if that is as large as one.
func (d *judge) sumBetweenLogins(pi uint32, p *pair) {
	r := d.serverOf(p)
	n, usual := p.count(), usualChallenges*r.echo.factor()
	if n <= usual {
		p.setCounted(p.counted() - 1)
		return
	}
	p.setCounted(p.counted() + n - usual)
	if p.counted() >= r.thresholds.Attempts {
		d.openBruteForce(pi, p, Crossing{"attempts", r.thresholds.Attempts, p.counted(), d.full(p.last)})
	}
}

// exemptLogin takes the challenge of the owner's login, which the acceptance of a run has ended, out of the counts of a brute force of a known client
// that was accepted in it before.
func (d *intake) exemptLogin(inc *incident, m *member, p *pair) {
	for code := range p.codes {
		if p.codes[code] > 0 && d.hardCodes&(1<<code) == 0 {
			n := min(p.codes[code], uint16(d.registrars[inc.registrar].echo.factor()))
			p.codes[code] -= n
			inc.codes[code] -= uint64(n)
			inc.attempts -= uint64(n)
			m.attempts -= uint64(n)
			return
		}
	}
}
