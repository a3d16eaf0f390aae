package week

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// What attackers' tools call themselves.
var attackAgents = []string{
	"friendly-scanner", "sipvicious", "sipcli/v1.8", "VaxSIPUserAgent/3.1", "eyeBeam release 3006o stamp 17551",
}

// Of 100 attacks, but at least one of each.
const (
	distributedPercent = 5  // of brute force: from many addresses
	deniedPercent      = 3  // of brute force: the server answers the credentials with 403
	againPercent       = 2  // of brute force: the same again, later in the week
	slowPercent        = 5  // of small brute force: minutes between two guesses
	sprayPercent       = 5  // of scans: with passwords
	leakyPercent       = 25 // of scans: the server answers 404 where there is no such account
	twicePercent       = 10 // of scans: two requests an extension
)

const (
	small   = 10_000 // guesses: what an impatient attacker makes
	minBots = 5      // distributed_clients
	minimum = 20     // attempts
)

// campaign plans all attacks and takes what they are answered from the budget. Of the successes one is a spray's, one a
// distributed attack's, all others those of plain brute force.
func (p *plan) campaign() {
	p.budget -= p.table.Malicious
	challenges := p.table.Malicious - p.table.Successful
	for _, scan := range p.scans() {
		challenges -= scan.challenges()
		p.launch(scan, settled)
	}
	p.bruteForces(challenges)
}

// quota is how many of n are percent of them.
func quota(n, percent int) int { return max(1, n*percent/100) }

// scans follow Zipf's law from the largest, which is a plain one, down to 10 extensions.
func (p *plan) scans() []*attack {
	n := p.table.Scans
	sprays, leaky, twice := quota(n, sprayPercent), quota(n, leakyPercent), n*twicePercent/100
	scans := []*attack{p.attack(detect.Scan, p.table.Largest, 1, p.table.Largest)}
	for i, k := range p.Perm(n - 1) {
		size := 10 + (p.table.Largest-10)/(k+2)
		var a *attack
		switch {
		case i < sprays:
			a = p.spray(size)
			a.succeeds = i == 0
		case i < sprays+leaky:
			a = p.attack(detect.Scan, size, 1, size)
			a.leaky = true
		case i < sprays+leaky+twice:
			a = p.attack(detect.Scan, size, 2, 2*size)
		default:
			a = p.attack(detect.Scan, size, 1, size)
		}
		scans = append(scans, a)
	}
	return scans
}

// spray tries some passwords on every extension: mostly one password after the other, sometimes one extension after the other.
func (p *plan) spray(size int) *attack {
	tries := 3 + p.IntN(minimum-2)
	turn := 1
	if p.Percent(33) {
		turn = tries
	}
	return p.attack(detect.Spray, size, turn, size*tries)
}

// bruteForces share the challenges that scans leave over: the strongest, and a heavy tail down to the least that counts.
func (p *plan) bruteForces(challenges int) {
	n := p.table.BruteForce
	p.launch(p.attack(detect.BruteForce, 1, 1, p.table.Strongest), settled)
	sizes := heavyTail(challenges-p.table.Strongest, n-1, minimum)
	distributed, denied, successes := quota(n, distributedPercent), quota(n, deniedPercent), p.table.Successful-1
	var before *attack
	free := settled // when before is surely over and forgotten
	for _, k := range p.Perm(n - 1) {
		size := sizes[k]
		if distributed > 0 && size >= 12*minBots {
			a := p.attack(detect.Distributed, p.bots(size), 3, size)
			if a.succeeds = successes == p.table.Successful-1; a.succeeds {
				successes--
			}
			distributed--
			p.launch(a, settled)
			continue
		}
		a := p.attack(detect.BruteForce, 1, 1, size)
		earliest := settled
		switch {
		case size >= small || 2*size > p.table.Strongest:
		case denied > 0:
			a.denies = true
			denied--
		case successes > 0:
			a.succeeds = true
			successes--
		case before != nil && p.Percent(againPercent) && free+a.longest() < latest:
			a.repeat(before)
			earliest = free
		}
		before, free = a, p.launch(a, earliest)
	}
}

// bots is how many share so many guesses: few enough that each has at least two turns of three.
func (p *plan) bots(guesses int) int {
	return minBots + p.IntN(min(400, guesses/6-minBots+1))
}

// attack plans one against a new victim, from new addresses.
func (p *plan) attack(kind detect.Kind, members, turn, guesses int) *attack {
	r := p.network.registrar(p.Rand)
	a := &attack{
		server: r, clients: []netip.Addr{p.network.attacker(r)}, agent: traffic.One(p.Dice, attackAgents),
		port: uint16(p.Between(1024, 65535)), callID: p.Uint64(),
		members: members, turn: turn, guesses: guesses,
		truth: &Attack{Kind: kind.String(), Registrar: r.addr, Clients: 1, Extensions: 1, Rejections: Statuses{}},
	}
	switch kind {
	case detect.BruteForce:
		a.truth.Client, a.truth.Extension = a.clients[0], r.victim()
	case detect.Distributed:
		a.truth.Extension, a.truth.Clients = r.trunk(), members
		for range members - 1 {
			a.clients = append(a.clients, p.network.attacker(r))
		}
	default:
		a.truth.Client, a.truth.Extensions = a.clients[0], members
	}
	a.gap = p.gap(a)
	p.truth.Attacks = append(p.truth.Attacks, a.truth)
	return a
}

// repeat makes an attack one on the same account by the same client.
func (a *attack) repeat(before *attack) {
	a.server, a.clients = before.server, before.clients
	a.truth.Registrar, a.truth.Client, a.truth.Extension = before.truth.Registrar, before.truth.Client, before.truth.Extension
}

// launch lets an attack begin at some time from earliest on. It returns when it is surely over and forgotten.
func (p *plan) launch(a *attack, earliest int64) int64 {
	p.truth.Further += a.further()
	start := p.Between(earliest, latest-a.longest())
	p.begin(start, a)
	over := start + a.longest() + traffic.Minute
	if a.succeeds && len(a.clients) == 1 {
		p.use(a, over)
	}
	return over + idle + 10*traffic.Minute
}

// gap draws the mean time between two guesses: the big ones are as fast as svcrack is, 20 to 200 a second, the small ones of
// any rate at which they are still one attack.
func (p *plan) gap(a *attack) float64 {
	slowest := float64(10 * traffic.Second)
	switch {
	case a.members > 1:
		// The first ten extensions, or the first eight bots, must be seen within idle_timeout.
		slowest = min(float64(20*traffic.Second), float64(100*traffic.Second)/float64(a.turn))
	case a.guesses > small:
		slowest = float64(traffic.Second) / 20
	case a.guesses < 200 && p.Percent(slowPercent):
		return float64(p.Between(traffic.Minute, idle/2))
	}
	slowest = min(slowest, float64(3*traffic.Day)/float64(a.guesses))
	return p.LogUniform(float64(traffic.Second)/200, slowest)
}

// use lets a cracked account be used by its new owner, every ten minutes for three hours.
func (p *plan) use(a *attack, from int64) {
	extension := a.truth.Extension
	if extension == "" {
		extension = a.server.account(firstNumber)
	}
	ph := p.phone(a.server, a.clients[0], extension)
	ph.steady = true
	ph.start, ph.interval, ph.left = from, 10*traffic.Minute, 2*3*6
	p.add(ph)
}
