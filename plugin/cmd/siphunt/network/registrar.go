package network

import (
	"math"
	"net/netip"
	"strconv"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// registrar is a SIP server.
type registrar struct {
	addr           netip.Addr
	domain         string
	wrong, unknown uint16 // its answers to a wrong password, and to an unknown user
	doubled, named bool   // seen by two probes, which give their names
	weight         float64
	trouble        Cause // that all its phones have, NoCause if none

	phones  int // accounts given to phones, numbered from firstNumber
	special int // accounts given to attacks, numbered from firstSpecial
}

// Phones have the numbers that scanners ask for first. Accounts that one attack is about have numbers that no other asks for,
// so that what belongs to which attack can be told.
const (
	firstNumber  = 1000
	firstSpecial = 700_000
)

func (r *registrar) account(user string) string { return user + "@" + r.domain }

func (r *registrar) number(n int) string { return r.account(strconv.Itoa(n)) }

// phone is a new account.
func (r *registrar) phone() string {
	r.phones++
	return r.number(firstNumber + r.phones - 1)
}

// target is a new account for one attack.
func (r *registrar) target() string {
	r.special++
	return r.number(firstSpecial + r.special - 1)
}

// has says whether a number that scanners ask for is an account.
func (r *registrar) has(number int) bool {
	return number >= firstNumber && number < firstNumber+r.phones
}

// behaviours are what registrars answer: to a wrong password, to an unknown user.
var behaviours = [...][2]uint16{{401, 404}, {403, 401}, {403, 404}, {401, 401}, {403, 403}, {401, 403}}

// servers are all registrars, by what they are.
type servers struct {
	all        []*registrar
	general    []*registrar // IPv4, nothing special
	six        []*registrar // IPv6, as all their clients
	pools      [][]*registrar
	migrations []*registrar
	failovers  [][2]*registrar // a registrar, and its empty backup
}

// MinRegistrars is the smallest network in which there is everything.
const MinRegistrars = 20

// settle makes the registrars.
func (p *plan) settle(n int) {
	for i := range n {
		r := &registrar{
			domain: "pbx" + strconv.Itoa(i) + ".example.net",
			wrong:  behaviours[i%len(behaviours)][0], unknown: behaviours[i%len(behaviours)][1],
			weight: math.Pow(float64(1+i), -0.7), // few are big
		}
		r.addr = traffic.Plus(traffic.RegistrarRange, uint32(i))
		p.all = append(p.all, r)
	}
	order := p.Perm(n)
	take := func() *registrar {
		r := p.all[order[0]]
		order = order[1:]
		return r
	}
	for range 1 + n/20 {
		r := take()
		r.trouble = Migration
		p.migrations = append(p.migrations, r)

		pair := [2]*registrar{take(), take()}
		pair[0].trouble, pair[1].trouble = Failover, Failover
		pair[1].domain = pair[0].domain
		p.failovers = append(p.failovers, pair)

		pool := []*registrar{take()}
		for range min(1+p.IntN(3), len(order)-12) {
			r := take()
			r.domain, r.wrong, r.unknown = pool[0].domain, pool[0].wrong, pool[0].unknown
			pool = append(pool, r)
		}
		p.pools = append(p.pools, pool)
	}
	for i := range 1 + n/10 {
		r := take()
		r.addr = traffic.Subnet(traffic.RegistrarRange6, uint32(i)).Next()
		p.six = append(p.six, r)
	}
	for len(order) > 0 {
		r := take()
		r.wrong, r.unknown = behaviours[len(p.general)%len(behaviours)][0], behaviours[len(p.general)%len(behaviours)][1]
		p.general = append(p.general, r)
	}
	for k, i := range p.Perm(n) { // a sixth is seen by two probes, half of these unnamed
		r := p.all[i]
		r.doubled = k%6 == 0 || p.model.doubled
		r.named = r.doubled && k%12 != 0
	}
}

// weighted draws one, the big ones more often.
func (p *plan) weighted(of []*registrar) *registrar {
	sum := 0.0
	for _, r := range of {
		sum += r.weight
	}
	at := p.Float64() * sum
	for _, r := range of {
		if at -= r.weight; at < 0 {
			return r
		}
	}
	return of[len(of)-1]
}
