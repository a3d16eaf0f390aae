package week

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strconv"
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

// The address ranges: private, for benchmarks (RFC 2544), shared (RFC 6598), and for documentation (RFC 3849).
var (
	phoneRange, phoneRange6         = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8:1::")
	attackerRange, attackerRange6   = netip.MustParseAddr("198.18.0.1"), netip.MustParseAddr("2001:db8:bad::")
	registrarRange, registrarRange6 = netip.MustParseAddr("100.64.0.1"), netip.MustParseAddr("2001:db8:5060::")
)

func newNetwork(registrars int) *network {
	n := new(network)
	for i := range registrars {
		r := &registrar{domain: "pbx" + strconv.Itoa(i) + ".example.net"}
		if i%20 == 19 {
			r.addr = subnet(registrarRange6, uint32(i)).Next()
		} else {
			r.addr = plus(registrarRange, uint32(i))
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
		return subnet(phoneRange6, n.phones).Next()
	}
	return plus(phoneRange, n.phones)
}

// attacker gives a new address of the registrar's family, of IPv6 the first of a /64.
func (n *network) attacker(r *registrar) netip.Addr {
	n.attackers++
	if r.addr.Is6() {
		return subnet(attackerRange6, n.attackers)
	}
	return plus(attackerRange, n.attackers)
}

// plus is the n-th IPv4 address after a.
func plus(a netip.Addr, n uint32) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+n)
	return netip.AddrFrom4(b)
}

// subnet is the first address of the n-th /64 in the /48 at a (of 65,536, then of the next /48s).
func subnet(a netip.Addr, n uint32) netip.Addr {
	b := a.As16()
	binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])+n)
	return netip.AddrFrom16(b)
}

// within is an address in the same /64, as privacy extensions (RFC 8981) draw them.
func within(a netip.Addr, rng *rand.Rand) netip.Addr {
	b := a.As16()
	binary.BigEndian.PutUint64(b[8:], rng.Uint64())
	return netip.AddrFrom16(b)
}
