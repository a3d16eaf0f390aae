package week

import (
	"math"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// How many there are in a whole week.
const (
	weekExchanges     = 8   // session border controllers and telephone exchanges, thousands of extensions behind one address
	weekMisconfigured = 200 // phones with a stale password
)

// Of 100.
const (
	sharedPercent  = 30 // of addresses: several phones behind it
	reusesPercent  = 25 // of phones: the nonce is used again, no challenge
	tcpPercent     = 10 // of phones: TCP
	victimsPercent = 50 // of accounts under distributed attack: there is a phone
)

// population plans all that is no attack, until the budget is used up to the last answer.
func (p *plan) population() {
	p.victims()
	for range max(1, int(weekMisconfigured*p.scale)) {
		p.misconfigure()
	}
	for range max(1, int(weekExchanges*p.scale)) {
		most := int64(4000 * math.Sqrt(p.scale))
		p.site(int(p.Between(most/4, most)), traffic.Hour)
	}
	for p.budget > 0 {
		size := 1
		if p.Percent(sharedPercent) {
			size = min(200, int(2/(1-p.Float64()))) // heavy-tailed too
		}
		p.site(size, p.expiry())
	}
}

// victims are the phones of accounts under distributed attack, which register all the while.
func (p *plan) victims() {
	for _, due := range p.sources {
		a, ok := due.Item.(*attack)
		if !ok || len(a.clients) == 1 || !p.Percent(victimsPercent) {
			continue
		}
		ph := p.phone(a.server, p.network.phone(a.server), a.truth.Extension)
		ph.steady = true
		p.registering(ph, 10*traffic.Minute)
		p.add(ph)
	}
}

// misconfigure plans a phone that works until its password is changed, and then retries for hours.
func (p *plan) misconfigure() {
	r := p.network.registrar(p.Rand)
	ph := p.phone(r, p.network.phone(r), r.phone())
	ph.reuses = true
	m := &misconfigured{
		broken:  p.Between(settled, latest-traffic.Day),
		retries: int(p.Between(minimum, 500)),
		gap:     p.Between(10*traffic.Second, 100*traffic.Second),
		truth: &Attack{
			Kind: detect.BruteForce.String(), Registrar: r.addr, Client: ph.client, Extension: ph.extension,
			Clients: 1, Extensions: 1, Rejections: Statuses{}, KnownClient: true,
		},
	}
	if ph.client.Is6() {
		m.truth.Client = ph.client.Prev()
	}
	p.registering(ph, p.Between(10*traffic.Minute, traffic.Hour))
	ph.left = 1 + int((m.broken-ph.start)/ph.interval)
	m.phone = *ph
	p.budget -= ph.left + m.retries
	p.truth.Misconfigured = append(p.truth.Misconfigured, m.truth)
	p.begin(ph.start, m)
}

// site plans phones behind one address that register at one registrar.
func (p *plan) site(size int, interval int64) {
	r := p.network.registrar(p.Rand)
	client := p.network.phone(r)
	for range size {
		ph := p.phone(r, client, r.phone())
		ph.reuses = interval < 5*traffic.Minute || p.Percent(reusesPercent)
		p.registering(ph, interval)
		p.add(ph)
	}
}

// phone plans who, but not when.
func (p *plan) phone(r *registrar, client netip.Addr, extension string) *phone {
	ph := &phone{
		server: r, client: client, port: uint16(p.Between(1024, 65535)), transport: detect.UDP,
		extension: extension, agent: traffic.One(p.Dice, traffic.PhoneAgents), callID: p.Uint64(),
	}
	if p.Percent(tcpPercent) {
		ph.transport = detect.TCP
	}
	return ph
}

// registering lets a phone register all week. It stops a little before the end, so that what goes wrong finds time.
func (p *plan) registering(ph *phone, interval int64) {
	ph.interval = interval
	ph.start = Start + p.Between(0, interval)
	ph.left = int((latest - ph.start) / interval)
	if !ph.reuses {
		ph.left *= 2
	}
}

// add lets a phone take its answers from the budget, or what is left there.
func (p *plan) add(ph *phone) {
	ph.left = min(ph.left, p.budget)
	if ph.left == 0 {
		return
	}
	p.budget -= ph.left
	p.begin(ph.start, ph)
}

// expiry draws how often phones register: some every minute, to keep a NAT open.
func (p *plan) expiry() int64 {
	switch n := p.IntN(100); {
	case n < 2:
		return traffic.Minute
	case n < 5:
		return 5 * traffic.Minute
	case n < 11:
		return 10 * traffic.Minute
	case n < 26:
		return 30 * traffic.Minute
	}
	return traffic.Hour
}
