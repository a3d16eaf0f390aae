package week

import (
	"math/rand/v2"
	"net/netip"
	"strconv"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// registrar is a SIP server with the accounts on it.
type registrar struct {
	addr    netip.Addr
	domain  string
	phones  int // accounts given to phones so far, numbered from firstNumber
	victims int // accounts given to brute force attacks so far, numbered likewise
	trunks  int // accounts given to distributed attacks so far, numbered from firstTrunk: no scan asks for them
}

// Scans ask for the numbers from firstNumber on. A scanner's first guess at an account under distributed attack would be
// taken for a part of that, until the scan is recognised; so those accounts have numbers that nobody scans.
const (
	firstNumber = 100
	firstTrunk  = 20_000
)

func (r *registrar) account(number int) string { return strconv.Itoa(number) + "@" + r.domain }

func (r *registrar) phone() string {
	r.phones++
	return r.account(firstNumber + r.phones - 1)
}

func (r *registrar) victim() string {
	r.victims++
	return r.account(firstNumber + r.victims - 1)
}

func (r *registrar) trunk() string {
	r.trunks++
	return r.account(firstTrunk + r.trunks - 1)
}

// network is who has which address. Every 20th registrar and all its clients speak IPv6.
type network struct {
	registrars []*registrar
	phones     uint32 // addresses given away
	attackers  uint32
}

func newNetwork(registrars int) *network {
	n := new(network)
	for i := range registrars {
		r := &registrar{domain: "pbx" + strconv.Itoa(i) + ".example.net"}
		if i%20 == 19 {
			r.addr = traffic.Subnet(traffic.RegistrarRange6, uint32(i)).Next()
		} else {
			r.addr = traffic.Plus(traffic.RegistrarRange, uint32(i))
			if i%3 == 0 {
				r.domain = r.addr.String() // as people type who have no name for their server
			}
		}
		n.registrars = append(n.registrars, r)
	}
	return n
}

func (n *network) registrar(rng *rand.Rand) *registrar {
	return n.registrars[rng.IntN(len(n.registrars))]
}

// phone gives a new address of the registrar's family.
func (n *network) phone(r *registrar) netip.Addr {
	n.phones++
	if r.addr.Is6() {
		return traffic.Subnet(traffic.PhoneRange6, n.phones).Next()
	}
	return traffic.Plus(traffic.PhoneRange, n.phones)
}

// attacker gives a new address of the registrar's family, of IPv6 the first of a /64.
func (n *network) attacker(r *registrar) netip.Addr {
	n.attackers++
	if r.addr.Is6() {
		return traffic.Subnet(traffic.AttackerRange6, n.attackers)
	}
	return traffic.Plus(traffic.AttackerRange, n.attackers)
}
