package network

import (
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// attack is an attack in the making, and then at work. Its kind writes down who tries what when; then it plays that.
type attack struct {
	Attack
	plan     *plan
	instance int   // of its kind
	now      int64 // where the kind is in its writing, milliseconds from the beginning
	agent    string
	settled  bool  // it begins when its victims are known
	late     int64 // the records of its own accounts come later by so much
	span     int64 // how long it takes
	start    int64 // when it has to begin, 0 where it is free to

	tries    []try
	parties  map[pair]*party
	rejected map[account]bool // while they were guessed, as recorded
	only     [2]int           // guesses that one of two named probes has recorded alone
	hosts    []netip.Addr
	clients  map[netip.Addr]bool
}

type pair struct {
	server *registrar
	host   int
}

// try is what a client does once.
type try struct {
	at        int64
	server    *registrar
	host      int // of the attack's hosts
	extension string
	spelling  string // of its URI, where it is another
	what      action
	exists    bool  // the account does
	gap       int64 // until the host's next try there
}

// action is what is tried.
type action uint8

const (
	ask   action = iota // without credentials, as svwar does
	crack               // a password for the last challenge, as svcrack does
	guess               // a password, starting anew
	enter               // the right password, starting anew
	hit                 // the right password for the last challenge
	forge               // in the name of somebody else, who gets the answer
	use                 // an account that was entered, or one of its own
)

// server draws a registrar; the instances of a kind take turns with what servers answer. Without any that is as wanted,
// one is made so: small networks have few.
func (a *attack) server(wanted ...func(*registrar) bool) *registrar {
	var fits []*registrar
	for i := range behaviours {
		b := behaviours[(i+a.instance)%len(behaviours)]
		for _, r := range a.plan.general {
			if r.wrong == b[0] && r.unknown == b[1] && !slices.ContainsFunc(wanted, func(w func(*registrar) bool) bool { return !w(r) }) {
				fits = append(fits, r)
			}
		}
		if len(fits) > 0 {
			return traffic.One(a.plan.Dice, fits)
		}
	}
	panic("there is a registrar of each behaviour: MinRegistrars")
}

func unknownIs(status uint16) func(*registrar) bool {
	return func(r *registrar) bool { return r.unknown == status }
}

func wrongIs(status uint16) func(*registrar) bool {
	return func(r *registrar) bool { return r.wrong == status }
}

// host is a new machine of the attacker.
func (a *attack) host(r *registrar) int { return a.at(a.plan.attacker(r.addr.Is6())) }

// at is a host with a given address.
func (a *attack) at(addr netip.Addr) int {
	a.hosts = append(a.hosts, addr)
	if c := named(addr); !a.clients[c] {
		a.clients[c] = true
		a.Clients = append(a.Clients, c)
	}
	return len(a.hosts) - 1
}

// behind is a host that shares the address of good phones.
func (a *attack) behind(addr netip.Addr) int {
	a.Shared = append(a.Shared, named(addr))
	return a.at(addr)
}

// bots are n new machines.
func (a *attack) bots(r *registrar, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = a.host(r)
	}
	return list
}

// wait lets time pass, give or take a fifth.
func (a *attack) wait(ms int64) { a.now += ms*4/5 + a.plan.Int64N(1+ms*2/5) }

// do writes a try down. The account exists.
func (a *attack) do(what action, host int, r *registrar, extension string) {
	a.tries = append(a.tries, try{at: a.now, server: r, host: host, extension: extension, what: what, exists: true})
}

// probe writes down a try for a number that may be an account or not.
func (a *attack) probe(what action, host int, r *registrar, number int) {
	a.do(what, host, r, r.number(number))
	a.tries[len(a.tries)-1].exists = r.has(number)
}

// miss writes down a try for an account that does not exist.
func (a *attack) miss(what action, host int, r *registrar, extension string) {
	a.do(what, host, r, extension)
	a.tries[len(a.tries)-1].exists = false
}

// afterwards lets whoever got in use the account now and then.
func (a *attack) afterwards(host int, r *registrar, extension string) {
	before := a.now
	for range 3 {
		a.wait(20 * traffic.Minute)
		a.do(use, host, r, extension)
	}
	a.now = before
}

// in enters an account and uses it.
func (a *attack) in(what action, host int, r *registrar, extension string) {
	a.do(what, host, r, extension)
	a.afterwards(host, r, extension)
}

// owner is an existing account whose phone registers from elsewhere.
func (a *attack) owner(r *registrar) string {
	ph := a.victim(r, a.plan.elsewhere(r), a.plan.interval())
	return ph.extension
}

// victim plants a phone whose account is going to be attacked.
func (a *attack) victim(r *registrar, client netip.Addr, interval int64) *phone {
	ph := a.plan.phone(Victim, r, client)
	ph.extension, ph.interval, ph.attack = r.target(), interval, a
	a.plan.add(ph)
	a.settled = true
	return ph
}

// elsewhere is a new address for a phone of a registrar.
func (p *plan) elsewhere(r *registrar) netip.Addr {
	if r.addr.Is6() {
		return p.prefix()
	}
	return p.address()
}

// finish sorts the tries, and knows what each is about.
func (a *attack) finish() {
	slices.SortStableFunc(a.tries, func(x, y try) int { return int(x.at - y.at) })
	next := map[pair]int64{}
	for i := len(a.tries) - 1; i >= 0; i-- {
		t := &a.tries[i]
		key := pair{t.server, t.host}
		t.gap = a.plan.end - Start
		if at, ok := next[key]; ok {
			t.gap = at - t.at
		}
		next[key] = t.at
	}
	registrars, extensions := map[netip.Addr]bool{}, map[string]bool{}
	for i := range a.tries {
		t := &a.tries[i]
		if t.what == use && !extensions[t.extension] {
			continue // an account of its own
		}
		if !registrars[t.server.addr] {
			registrars[t.server.addr] = true
			a.Registrars = append(a.Registrars, t.server.addr)
		}
		if !extensions[t.extension] {
			extensions[t.extension] = true
			a.Extensions = append(a.Extensions, t.extension)
		}
	}
	a.span = a.tries[len(a.tries)-1].at
}

// act implements source: it plays the tries.
func (a *attack) act(g *Generator, now int64) int64 {
	t := &a.tries[0]
	key := pair{t.server, t.host}
	p := a.parties[key]
	if p == nil {
		p = &party{
			server: t.server, client: a.hosts[t.host], port: uint16(g.Between(1024, 65535)), agent: a.agent,
			session: g.Uint64(), transport: detect.UDP,
		}
		if t.what == use {
			p.late = a.late
		}
		a.parties[key] = p
	}
	p.extension, p.spelling = t.extension, t.spelling
	if t.what == crack || t.what == hit {
		p.cseq = 1 // svcrack does not count
	}
	var answers []answer
	switch t.what {
	case ask, forge:
		status := uint16(401)
		if !t.exists {
			status = t.server.unknown
		}
		answers = []answer{{status, 2}}
	case crack:
		answers = []answer{{t.server.wrong, 1}}
		if t.server.wrong != 401 {
			answers = []answer{{401, 1}, {t.server.wrong, 1}}
		}
	case guess:
		answers = refusals(g, t.server, !t.exists)
	case enter, use:
		answers = []answer{{401, g.Between(10, 100)}, {200, g.Between(10, 100)}}
	case hit:
		answers = []answer{{200, 1}}
	}
	if p.agent != "" {
		g.request(p, now)
	}
	if a.Begin == 0 {
		a.Begin = now
	}
	g.dialog(p, now, answers, now+t.gap, &played{a, t})
	a.tries = a.tries[1:]
	if len(a.tries) == 0 {
		return 0
	}
	return a.start + a.tries[0].at
}

// played is a try as it is recorded.
type played struct {
	*attack
	try *try
}

// recorded implements tally. Who enters an account that was never guessed, as recorded, is right at the first try: nobody could
// tell that from its owner.
func (p *played) recorded(status uint16, r records, at int64) {
	a, t := p.attack, p.try
	key := account{t.server.addr, t.extension}
	switch {
	case r.n == 0:
	case !isRejection(status):
		if (t.what == enter || t.what == hit) && a.rejected[key] {
			a.BreakIns = append(a.BreakIns, BreakIn{t.server.addr, t.extension, named(a.hosts[t.host]), at})
		}
	case t.what == enter || t.what == use || t.what == forge:
		a.perhaps(r.n, at)
	case t.what == crack && r.only > 0 && a.isPaired(r.only):
		a.perhaps(1, at)
	default:
		a.rejected[key] = true
		a.count(r.n, at)
	}
}

// isPaired says whether a message that one of two probes has recorded alone may be taken for another that the other has: those of
// svcrack are all alike.
func (a *attack) isPaired(probe int) bool {
	mine, others := &a.only[probe-1], a.only[2-probe]
	*mine++
	return *mine <= others
}

// perhaps writes down a rejection that counts or not: the first half of a login that succeeded, one of the account's owner (whose
// acceptance may be lost), one that is forged in the name of a good phone. Within an hour an incident is surely over.
func (a *attack) perhaps(n int, at int64) {
	if a.Rejections > 0 && at <= a.start+a.span+hour {
		a.Perhaps += n
	}
}
