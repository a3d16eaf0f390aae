package network

import "github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"

// later is a time that leaves a phone some hours to be known before, and some afterwards.
func (p *plan) later(before, after int64) int64 {
	return Start + p.Between(before, max(before, p.end-Start-after))
}

// halfHour is a phone with half an hour of outage, that is well for the rest of the day.
func (p *plan) halfHour(int) int {
	ph := p.phone(HalfHour, p.weighted(p.general), p.address())
	ph.interval = p.Between(traffic.Minute, 30*traffic.Minute)
	from := Start + p.Between(traffic.Hour, 3*traffic.Hour)
	ph.troubles = []trouble{{
		from: from, to: from + ph.interval + 30*traffic.Minute, server: ph.server, unknown: p.Percent(30),
		shortest: 20 * traffic.Second, longest: 60 * traffic.Second,
	}}
	return p.add(ph)
}

// stalePassword is a known phone whose password was changed on the server, and nobody looks for long.
func (p *plan) stalePassword(int) int {
	ph := p.phone(StalePassword, p.weighted(p.general), p.address())
	from := p.later(2*traffic.Hour, 6*traffic.Hour)
	to := from + p.Between(2*traffic.Hour, 20*traffic.Hour)
	ph.troubles = []trouble{{from: from, to: to, server: ph.server, shortest: 20 * traffic.Second, longest: 120 * traffic.Second}}
	return p.add(ph)
}

// deprovisioned is a phone whose account is no more, for days: before the recording began, or from some time on.
func (p *plan) deprovisioned(int) int {
	ph := p.phone(Deprovisioned, p.weighted(p.general), p.address())
	from := Start
	if p.Percent(60) {
		from = p.later(2*traffic.Hour, 6*traffic.Hour)
	}
	ph.troubles = []trouble{{
		from: from, to: p.end, server: ph.server, unknown: true,
		shortest: traffic.Minute, longest: 10 * traffic.Minute,
	}}
	return p.add(ph)
}

// sixDevices is an account on six devices whose password was changed in one of them only.
func (p *plan) sixDevices(int) int {
	first := p.phone(SixDevices, p.weighted(p.general), p.address())
	from := p.later(2*traffic.Hour, 6*traffic.Hour)
	for i := range 6 {
		ph := p.phone(SixDevices, first.server, first.client)
		if i >= 3 {
			ph.client = p.address() // at home, on the way
		}
		ph.extension = first.extension
		if i > 0 {
			ph.troubles = []trouble{{
				from: from, to: from + p.Between(traffic.Hour, 12*traffic.Hour), server: ph.server,
				shortest: 20 * traffic.Second, longest: 10 * traffic.Minute,
			}}
		}
		p.add(ph)
	}
	return 6
}

// mistyped is a new phone whose password was mistyped, and then put right. Every third is in an office with others.
func (p *plan) mistyped(int) int {
	ph := p.phone(Mistyped, p.weighted(p.general), p.address())
	if p.Percent(33) {
		for range 3 + p.IntN(10) {
			p.add(p.phone(NAT, ph.server, ph.client))
		}
	}
	at := p.later(5*traffic.Minute, 2*traffic.Hour)
	shortest := p.Between(20*traffic.Second, 120*traffic.Second)
	ph.troubles = []trouble{{
		from: at, to: at + p.Between(3*traffic.Minute, 40*traffic.Minute), server: ph.server,
		shortest: shortest, longest: min(120*traffic.Second, shortest+10*traffic.Second),
	}}
	p.addAt(at, ph)
	return 1
}

// forgedTool is a good phone in whose name somebody sends requests with the name of a tool.
func (p *plan) forgedTool(int) int {
	ph := p.phone(ForgedTool, p.weighted(p.general), p.address())
	f := &forger{party: ph.party}
	f.agent = traffic.Scanner
	p.begin(Start+p.Int64N(traffic.Hour), f)
	return p.add(ph)
}

// forger sends requests of a tool with somebody else's address. The answers go to the phone, which has not asked: a challenge
// each.
type forger struct{ party }

// act implements source.
func (f *forger) act(g *Generator, now int64) int64 {
	next := now + g.Between(20*traffic.Minute, 2*traffic.Hour)
	g.request(&f.party, now)
	g.dialog(&f.party, now, []answer{{401, 20}}, next, nobody{})
	return next
}

// nobody tallies nothing.
type nobody struct{}

func (nobody) recorded(uint16, records, int64) {}

// migration is the phones of a registrar that rejects all of them for an hour.
func (p *plan) migration(left int) int {
	n := max(30, left/len(p.migrations))
	given := 0
	for _, r := range p.migrations {
		from := p.later(3*traffic.Hour, 4*traffic.Hour)
		p.truth.Outages[r.addr] = Outage{Migration, from, from + traffic.Hour}
		unknown := p.Percent(50)
		for given0 := given; given < given0+n; {
			client := p.address()
			for range 1 + p.IntN(6) {
				ph := p.phone(Migration, r, client)
				ph.troubles = []trouble{{
					from: from, to: from + traffic.Hour, server: r, unknown: unknown,
					shortest: 30 * traffic.Second, longest: 120 * traffic.Second,
				}}
				given += p.add(ph)
			}
		}
	}
	return max(given, left)
}

// failover is the phones of a registrar that is down, so that they try its backup, which knows nobody.
func (p *plan) failover(left int) int {
	n := max(30, left/len(p.failovers))
	given := 0
	for _, pair := range p.failovers {
		from := p.later(3*traffic.Hour, 4*traffic.Hour)
		to := from + p.Between(20*traffic.Minute, 60*traffic.Minute)
		for _, r := range pair {
			p.truth.Outages[r.addr] = Outage{Failover, from, to}
		}
		for given0 := given; given < given0+n; {
			client := p.address()
			for range 1 + p.IntN(6) {
				ph := p.phone(Failover, pair[0], client)
				ph.troubles = []trouble{{
					from: from, to: to, server: pair[1], unknown: true,
					shortest: 30 * traffic.Second, longest: 120 * traffic.Second,
				}}
				given += p.add(ph)
			}
		}
	}
	return max(given, left)
}
