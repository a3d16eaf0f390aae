package flow

import (
	"net/netip"
	"strings"
)

// parseAddress reads an IPv4 or IPv6 address in any notation and gives a v4-mapped one as IPv4. A zone ("%eth0") is cut
// off before netip sees it: netip keeps every zone it has met for as long as the process lives.
func parseAddress(s string) (addr netip.Addr, ok bool) {
	if addr, ok = parseIPv4(s); ok {
		return addr, true
	}
	if zone := strings.IndexByte(s, '%'); zone >= 0 {
		s = s[:zone]
	}
	if len(s) > len("0000:0000:0000:0000:0000:ffff:255.255.255.255") {
		return addr, false
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap(), err == nil
}

// parseIPv4 reads the plain form of an IPv4 address, which nearly all have, in half the time of netip.
func parseIPv4(s string) (addr netip.Addr, ok bool) {
	var octets [4]byte
	octet, length, n := uint(0), 0, 0
	for i := 0; i < len(s); i++ {
		if digit := s[i] - '0'; digit <= 9 && (length == 0 || octet > 0) { // a leading zero might mean octal
			octet = octet*10 + uint(digit)
			if length++; octet > 255 {
				return addr, false
			}
		} else if s[i] == '.' && length > 0 && n < 3 {
			octets[n] = byte(octet)
			octet, length, n = 0, 0, n+1
		} else {
			return addr, false
		}
	}
	octets[3] = byte(octet)
	return netip.AddrFrom4(octets), n == 3 && length > 0
}
