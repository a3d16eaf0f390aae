package flow

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/siphunt/siphunt/detect"
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

// parseIPv4 reads an IPv4 address of 8 bytes or more, which nearly all are. A loop over the bytes would go another way for each
// address, and the processor would guess wrong at most of the dots; this goes one way for all, on the first and the last eight
// bytes as words. What it does not take may still be an address.
func parseIPv4(s string) (addr netip.Addr, ok bool) {
	n := len(s)
	if n < 8 || n > len("255.255.255.255") {
		return addr, false
	}
	head, tail := binary.LittleEndian.Uint64([]byte(s[:8])), binary.LittleEndian.Uint64([]byte(s[n-8:]))
	front, back := nonDigits(head), nonDigits(tail)
	a := bits.TrailingZeros64(front) / 8 // the numbers of digits: a.b.c.d
	b := bits.TrailingZeros64(front&(front-1))/8 - a - 1
	d := bits.LeadingZeros64(back) / 8
	c := bits.LeadingZeros64(back<<(8*(d+1)&63)) / 8
	if uint((a-1)|(b-1)|(c-1)|(d-1)) > 3 || a+b+c+d+3 != n || s[a] != '.' || s[a+b+1] != '.' || s[n-1-d] != '.' {
		return addr, false
	}
	octet1, wrong1 := octet(head<<(64-8*a&63), a)
	octet2, wrong2 := octet(head<<(64-8*(a+b+1)&63), b)
	octet3, wrong3 := octet(tail<<(8*(d+1)&63), c)
	octet4, wrong4 := octet(tail, d)
	return netip.AddrFrom4([4]byte{octet1, octet2, octet3, octet4}), wrong1|wrong2|wrong3|wrong4 >= 0
}

// nonDigits sets the highest bit of each byte that is no digit.
func nonDigits(word uint64) uint64 {
	const ones = 0x0101010101010101
	word ^= '0' * ones
	return ((word&^(0x80*ones) + (0x80-10)*ones) | word) & (0x80 * ones)
}

// octet reads up to four digits at the upper end of a word. wrong is negative if they are above 255, or begin with a 0, which
// might mean octal.
func octet(word uint64, length int) (value byte, wrong int64) {
	mask := uint64(1)<<(8*length&63) - 1
	digits := int64(bits.ReverseBytes64(word^0x3030303030303030) & mask) // a byte each, the last one lowest
	least := int64(mask>>8+1) &^ 1                                       // of as many digits, but 0 may stand alone
	return byte(100*(digits>>16) + 10*(digits>>8&0xff) + digits), (0x020505 - digits) | (digits - least)
}

// endpoint is an address with what a record may write beside it.
type endpoint struct {
	addr      netip.Addr
	port      uint16
	transport detect.Transport
}

// parseEndpoint reads an address that may have its port with it, as others and as Asterisk write it:
//
//	198.18.0.10    198.18.0.10:5060    [2001:db8::10]:5060    IPV4/UDP/198.18.0.10/5060
func parseEndpoint(s string) (e endpoint, ok bool) {
	if e.addr, ok = parseIPv4(s); ok {
		return e, true
	}
	addr, port := s, ""
	if family, rest, isPath := strings.Cut(s, "/"); isPath && len(family) == len("IPV4") {
		var transport string
		transport, rest, _ = strings.Cut(rest, "/")
		e.transport = transportOf(transport)
		addr, port, _ = strings.Cut(rest, "/")
	} else if strings.HasPrefix(s, "[") {
		addr, port, _ = strings.Cut(s[1:], "]")
		port = strings.TrimPrefix(port, ":")
	} else if strings.Count(s, ":") == 1 {
		addr, port, _ = strings.Cut(s, ":")
	}
	if port != "" {
		if len(port) > 5 || !consistsOf(port, "0123456789") {
			return endpoint{}, false
		}
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return endpoint{}, false
		}
		e.port = uint16(n)
	}
	e.addr, ok = parseAddress(addr)
	return e, ok
}

// lastEndpoint parses endpoints that are mostly the same: registrars are few.
type lastEndpoint struct {
	text []byte // as it was written
	endpoint
}

func (l *lastEndpoint) parse(s string) (e endpoint, ok bool) {
	if s == string(l.text) {
		return l.endpoint, l.addr.IsValid()
	}
	if e, ok = parseEndpoint(s); ok {
		l.text, l.endpoint = append(l.text[:0], s...), e
	}
	return e, ok
}
