package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// phone registers again and again.
type phone struct {
	party
	cause    Cause
	interval int64 // from one registration to the next
	leaves   int64 // when it is switched off for good, 0 for never

	challenges int  // each time, unless it keeps its nonce
	keepsNonce bool // the server accepts it again, most of the time

	servers []*registrar // a pool whose servers answer in turn; empty where there is only one
	split   bool         // the challenge comes from one server of the pool, the acceptance from the next

	addresses []netip.Addr // that it moves between; empty where it stays
	stay      int64        // how long on each
	moves     int64        // when next

	troubles []trouble // in order of time
	storms   []int64   // when its whole site restarts, in order
	storming bool

	attack *attack // on its account
}

// trouble is a time in which a phone is rejected, and keeps trying.
type trouble struct {
	from, to          int64
	server            *registrar // who rejects
	unknown           bool       // because it does not know the account; otherwise the password is wrong
	shortest, longest int64      // from one try to the next
}

const (
	staleNoncePercent = 10 // of the times that a phone keeps its nonce
	repeatedPercent   = 1  // of challenges are sent twice, as the phone asks again
)

// act implements source.
func (p *phone) act(g *Generator, now int64) int64 {
	if p.leaves > 0 && now >= p.leaves {
		return 0
	}
	p.move(g, now)
	if t := p.trouble(now); t != nil {
		return p.fail(g, now, t)
	}
	next := now + p.interval - g.Int64N(1+p.interval/10)
	if len(p.troubles) > 0 {
		next = min(next, max(now+traffic.Second, p.troubles[0].from+g.Int64N(1+p.interval)))
	}
	answers := p.login(g)
	if p.storming {
		answers = storm(g)
	}
	if p.storming = len(p.storms) > 0 && p.storms[0] <= next; p.storming {
		next = p.storms[0] + g.Int64N(30*traffic.Second)
		p.storms = p.storms[1:]
	}
	next = max(next, now+length(answers)+traffic.Second)
	g.truth.registered(p.cause, g.end, now+length(answers))
	g.request(&p.party, now)
	if len(p.servers) > 0 && p.split {
		p.loginAtPool(g, now, answers, next)
		return next
	}
	if len(p.servers) > 0 {
		p.server = traffic.One(g.Dice, p.servers)
	}
	g.dialog(&p.party, now, answers, next, p)
	return next
}

// trouble is what is the matter now, nil if nothing is.
func (p *phone) trouble(now int64) *trouble {
	for len(p.troubles) > 0 && p.troubles[0].to <= now {
		p.troubles = p.troubles[1:]
	}
	if len(p.troubles) == 0 || now < p.troubles[0].from {
		return nil
	}
	return &p.troubles[0]
}

// fail tries in vain.
func (p *phone) fail(g *Generator, now int64, t *trouble) int64 {
	next := now + g.Between(t.shortest, t.longest)
	home := p.server
	p.server = t.server
	answers := refusals(g, t.server, t.unknown)
	next = max(next, now+length(answers)+traffic.Second)
	g.request(&p.party, now)
	g.dialog(&p.party, now, answers, next, p)
	p.server = home
	return next
}

// move changes the address.
func (p *phone) move(g *Generator, now int64) {
	if len(p.addresses) == 0 || now < p.moves {
		return
	}
	p.client, p.port = traffic.One(g.Dice, p.addresses), uint16(g.Between(1024, 65535))
	p.moves = now + g.Int64N(1+2*p.stay)
}

// login is what a phone is answered when all is well.
func (p *phone) login(g *Generator) []answer {
	challenges := p.challenges
	if p.keepsNonce && !g.Percent(staleNoncePercent) {
		challenges = 0
	}
	answers := make([]answer, 0, 3)
	for i := range challenges {
		status := uint16(401)
		if i == 0 && challenges > 1 && p.session%2 == 0 {
			status = 407 // a proxy before the registrar; the others say that the nonce was stale
		}
		answers = append(answers, answer{status, g.Between(10, 200)})
		if g.Percent(repeatedPercent) {
			answers = append(answers, answer{status, 500})
		}
	}
	return append(answers, answer{200, g.Between(10, 200)})
}

// loginAtPool gets each answer from another server.
func (p *phone) loginAtPool(g *Generator, now int64, answers []answer, next int64) {
	for i := range answers {
		p.server = p.servers[(p.cseq+i)%len(p.servers)]
		now += answers[i].after
		g.dialog(&p.party, now, []answer{{answers[i].status, 0}}, next, p)
	}
}

// storm is what a phone is answered when its whole site logs in at once: the server has no time.
func storm(g *Generator) (answers []answer) {
	for range 1 + g.IntN(5) {
		if g.Percent(40) {
			answers = append(answers, answer{503, g.Between(200, 4000)})
		}
		answers = append(answers, answer{401, g.Between(100, 4000)})
	}
	return append(answers, answer{200, g.Between(50, 2000)})
}

// refusals is what a try is answered that starts anew: with a wrong password, or of an unknown user.
func refusals(g *Generator, r *registrar, unknown bool) []answer {
	last := r.wrong
	if unknown {
		last = r.unknown
	}
	if last == 404 {
		return []answer{{404, g.Between(10, 200)}}
	}
	return []answer{{401, g.Between(10, 200)}, {last, g.Between(10, 200)}}
}

func length(answers []answer) (ms int64) {
	for _, a := range answers {
		ms += a.after
	}
	return ms
}

// recorded implements tally.
func (p *phone) recorded(status uint16, r records, at int64) {
	if p.attack != nil && isRejection(status) {
		p.attack.perhaps(r.n, at)
	}
}

func isRejection(status uint16) bool {
	return status == 401 || status == 403 || status == 404 || status == 407
}
