package flow

import (
	"net/netip"
	"strings"
)

// parseAddress reads an IPv4 or IPv6 address in any notation and gives a v4-mapped one as IPv4. A zone ("%eth0") is cut
// off before netip sees it: netip keeps every zone it has met for as long as the process lives.
func parseAddress(s string) (addr netip.Addr, ok bool) {
	if zone := strings.IndexByte(s, '%'); zone >= 0 {
		s = s[:zone]
	}
	if len(s) > len("0000:0000:0000:0000:0000:ffff:255.255.255.255") {
		return addr, false
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}
