package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// population plans all that is good. Of the phones that were asked for, each cause gets its share.
func (p *plan) population() {
	for _, c := range []struct {
		cause Cause
		share float64 // of the phones
		least int     // groups
		group func(p *plan, left int) int
	}{
		{Home, 0.18, 1, (*plan).home},
		{NAT, 0.26, 3, (*plan).nat},
		{KeepaliveNAT, 0.08, 2, (*plan).keepaliveNAT},
		{TwoChallenges, 0.06, 2, (*plan).twoChallenges},
		{RestartStorm, 0.07, 2, (*plan).restartStorm},
		{CGNAT, 0.10, 1, (*plan).cgnat},
		{Conference, 0.05, 1, (*plan).conference},
		{Roaming, 0.04, 1, (*plan).roaming},
		{IPv6, 0.05, 2, (*plan).ipv6},
		{Pool, 0.05, 2, (*plan).pool},
		{Migration, 0.025, 1, (*plan).migration},
		{Failover, 0.02, 1, (*plan).failover},
		{HalfHour, 0.003, 5, (*plan).halfHour},
		{StalePassword, 0.002, 5, (*plan).stalePassword},
		{Deprovisioned, 0.002, 5, (*plan).deprovisioned},
		{SixDevices, 0.006, 3, (*plan).sixDevices},
		{Mistyped, 0.003, 8, (*plan).mistyped},
		{ForgedTool, 0.002, 5, (*plan).forgedTool},
	} {
		left := int(c.share * float64(p.options.Phones))
		for n := 0; n < c.least || left > 0; n++ {
			left -= c.group(p, left)
		}
	}
}

// home is a phone with an address of its own.
func (p *plan) home(int) int {
	p.add(p.phone(Home, p.weighted(p.general), p.address()))
	return 1
}

// site is phones behind one address, most of them at one registrar.
func (p *plan) site(cause Cause, size int) []*phone {
	r, other, client, interval := p.weighted(p.general), p.weighted(p.general), p.address(), p.interval()
	challenges := traffic.One(p.Dice, []int{1, 1, 1, 1, 1, 1, 1, 2, 2, 3})
	phones := make([]*phone, size)
	for i := range phones {
		ph := p.phone(cause, r, client)
		if p.Percent(5) {
			ph = p.phone(cause, other, client)
		}
		if p.Percent(70) {
			ph.interval = interval
		}
		ph.challenges = challenges
		phones[i] = ph
	}
	return phones
}

// size is that of a NAT, at most what is left to give.
func (p *plan) size(least, left int) int {
	return max(least, min(int(p.LogUniform(float64(least), 400)), left))
}

func (p *plan) nat(left int) int { return p.add(p.site(NAT, p.size(2, left))...) }

func (p *plan) keepaliveNAT(left int) int {
	phones := p.site(KeepaliveNAT, p.size(15, left))
	for _, ph := range phones {
		ph.keepalives = true
	}
	return p.add(phones...)
}

func (p *plan) twoChallenges(left int) int {
	phones := p.site(TwoChallenges, p.size(2, left))
	for _, ph := range phones {
		ph.challenges, ph.keepsNonce = 2, false
	}
	return p.add(phones...)
}

// restartStorm is a site where the power fails two or three times.
func (p *plan) restartStorm(left int) int {
	phones := p.site(RestartStorm, p.size(15, left))
	var storms []int64
	for at := Start + p.Between(10*traffic.Minute, 6*traffic.Hour); at < p.end; at += p.Between(5*traffic.Hour, 12*traffic.Hour) {
		storms = append(storms, at)
	}
	for _, ph := range phones {
		ph.storms = storms
	}
	return p.add(phones...)
}

// cgnat is phones whose provider takes another address of its pool each time.
func (p *plan) cgnat(left int) int {
	pool := p.addresses(int(p.Between(16, 64)))
	size := max(60, min(400, left))
	for range size {
		ph := p.phone(CGNAT, p.weighted(p.general), pool[0])
		ph.addresses = pool
		p.add(ph)
	}
	return size
}

// conference is 200 phones that come to one address within an hour, and are gone some hours later.
func (p *plan) conference(int) int {
	client, servers := p.address(), []*registrar{p.weighted(p.general), p.weighted(p.general), p.weighted(p.general), p.weighted(p.general)}
	opens := Start + p.Between(traffic.Hour, p.end-Start-8*traffic.Hour)
	closes := opens + p.Between(4*traffic.Hour, 8*traffic.Hour)
	const size = 200
	for i := range size {
		r := servers[0]
		if i%4 == 0 {
			r = traffic.One(p.Dice, servers)
		}
		ph := p.phone(Conference, r, client)
		ph.leaves = closes - p.Between(0, 2*traffic.Hour)
		p.addAt(opens+p.Between(0, traffic.Hour), ph)
	}
	return size
}

// roaming is a phone that is in three to five places in a day.
func (p *plan) roaming(int) int {
	ph := p.phone(Roaming, p.weighted(p.general), p.address())
	ph.addresses = append(p.addresses(2+p.IntN(3)), ph.client)
	ph.stay = 3 * traffic.Hour
	if !p.Percent(30) { // some keep their connection while they move
		ph.keepsNonce = false
	}
	p.add(ph)
	return 1
}

// ipv6 is a site of some phones with an address each of one /64, or with privacy addresses that change.
func (p *plan) ipv6(left int) int {
	r, prefix, private := p.weighted(p.six), p.prefix(), p.Percent(40)
	size := max(1, min(int(p.LogUniform(1, 40)), left))
	for range size {
		ph := p.phone(IPv6, r, traffic.Within(prefix, p.Rand))
		if private {
			for range 8 {
				ph.addresses = append(ph.addresses, traffic.Within(prefix, p.Rand))
			}
			ph.stay = 4 * traffic.Hour
		}
		p.known(ph.client, IPv6)
		p.add(ph)
	}
	return size
}

// pool is a site that registers at servers which answer in turn.
func (p *plan) pool(left int) int {
	servers, size := traffic.One(p.Dice, p.pools), p.size(2, min(60, left))
	split, client := p.Percent(50), p.address()
	for range size {
		ph := p.phone(Pool, servers[0], client)
		ph.servers, ph.split = servers, split
		p.add(ph)
	}
	return size
}

// phone plans who, but not when.
func (p *plan) phone(cause Cause, r *registrar, client netip.Addr) *phone {
	ph := &phone{
		party: party{
			server: r, client: client, port: uint16(p.Between(1024, 65535)), transport: p.transport(),
			extension: r.phone(), agent: traffic.One(p.Dice, traffic.PhoneAgents), session: p.Uint64(),
			keepalives: p.Percent(20),
		},
		cause: cause, interval: p.interval(), challenges: 1, keepsNonce: p.Percent(25),
	}
	return ph
}

// add lets phones begin: the recording finds them in the middle of their life. It tells how many they are.
func (p *plan) add(phones ...*phone) int {
	for _, ph := range phones {
		p.addAt(Start+p.Int64N(ph.interval), ph)
	}
	return len(phones)
}

// addAt lets a phone register for the first time.
func (p *plan) addAt(at int64, ph *phone) {
	for _, a := range ph.addresses {
		p.known(a, ph.cause)
	}
	p.known(ph.client, ph.cause)
	p.truth.account(ph.extension, ph.cause)
	p.begin(at, ph)
}

func (p *plan) known(client netip.Addr, c Cause) { p.truth.client(client, c) }

// interval is how often a phone registers: some every minute, to keep a NAT open.
func (p *plan) interval() int64 {
	switch n := p.IntN(100); {
	case n < 4:
		return traffic.Minute
	case n < 10:
		return 5 * traffic.Minute
	case n < 25:
		return 10 * traffic.Minute
	case n < 60:
		return 30 * traffic.Minute
	}
	return traffic.Hour
}
