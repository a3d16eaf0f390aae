package traffic

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
)

// The address ranges: private, for benchmarks (RFC 2544), shared (RFC 6598), and for documentation (RFC 3849).
var (
	PhoneRange      = netip.MustParseAddr("10.0.0.1")
	PhoneRange6     = netip.MustParseAddr("2001:db8:1::")
	AttackerRange   = netip.MustParseAddr("198.18.0.1")
	AttackerRange6  = netip.MustParseAddr("2001:db8:bad::")
	RegistrarRange  = netip.MustParseAddr("100.64.0.1")
	RegistrarRange6 = netip.MustParseAddr("2001:db8:5060::")
)

// Plus is the n-th IPv4 address after a.
func Plus(a netip.Addr, n uint32) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+n)
	return netip.AddrFrom4(b)
}

// Subnet is the first address of the n-th /64 in the /48 at a (of 65,536, then of the next /48s).
func Subnet(a netip.Addr, n uint32) netip.Addr {
	b := a.As16()
	binary.BigEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])+n)
	return netip.AddrFrom16(b)
}

// Within is an address in the same /64, as privacy extensions (RFC 8981) draw them.
func Within(a netip.Addr, rng *rand.Rand) netip.Addr {
	b := a.As16()
	binary.BigEndian.PutUint64(b[8:], rng.Uint64())
	return netip.AddrFrom16(b)
}

// probeNames are addresses of exporters, for documentation (RFC 5737).
var probeNames = [...]string{"", "192.0.2.1", "192.0.2.2"}

// ProbeName is the address of a probe by its number, empty for 0.
func ProbeName(n int) string { return probeNames[n] }
