package flow

import "strings"

// extension gives the account that a To or From header names, in the form user@domain: display name, brackets, scheme,
// password, port, parameters and headers are cut off, %-escapes of the user decoded, the domain put in lower case (RFC 3261
// sections 19.1 and 20.10). Without domain it is the user alone.
//
//	"Bob" <sip:301:secret@PBX.Example.NET:5060;transport=udp>;tag=x    301@pbx.example.net
//	sip:301;phone-context=x@[2001:DB8::10]                             301@[2001:db8::10]
//	tel:+420-123                                                       +420-123
//	sip:198.18.0.10 (no user)                                          @198.18.0.10
//	301 (a field that holds the user only)                             301
//	sip (all that an exporter left of a URI), nothing                  the empty string
//
// Bytes that are no UTF-8 stay: a guess must not hide behind one. The result is a part of s wherever it can be, else it is
// put together in the batch's scratch memory.
func (b *Batch) extension(s string, domain bool) string {
	if domain && isFinal(s) {
		return s[len("sip:"):]
	}
	scheme, rest := cutScheme(addrSpec(s))
	if scheme == "tel" {
		return b.unescape(upTo(rest, endsNumber))
	}
	user, host, isUser := strings.Cut(rest, "@")
	if !isUser {
		user, host = host, user
		if scheme == "" { // no URI, so a user
			user, host = host, ""
		}
	}
	user, host = upTo(user, endsUser), hostOnly(host)
	if host == "" || !domain {
		return b.unescape(user)
	}
	from := len(b.scratch)
	b.appendUnescaped(user)
	b.scratch = append(b.scratch, '@')
	for i := 0; i < len(host); i++ {
		b.scratch = append(b.scratch, lower(host[i]))
	}
	return borrow(b.scratch[from:])
}

// addrSpec cuts the URI out of a header: what stands between < and >, a quoted display name before it passed over.
func addrSpec(s string) string {
	s = trimLeft(s)
	name := 0
	if s != "" && s[0] == '"' {
		for name = 1; name < len(s) && s[name] != '"'; name++ {
			if s[name] == '\\' {
				name++
			}
		}
		name = min(name, len(s))
	}
	if open := strings.IndexByte(s[name:], '<'); open >= 0 {
		return trimLeft(upTo(s[name+open+1:], endsBrackets))
	}
	return upTo(s[name:], endsURI)
}

// cutScheme takes the scheme off a URI: sip, sips or tel, empty where there is none of them. A bare scheme is a URI with
// nothing behind it.
func cutScheme(s string) (scheme, rest string) {
	for _, scheme := range [...]string{"sip", "sips", "tel"} {
		if n := len(scheme); len(s) >= n && strings.EqualFold(s[:n], scheme) {
			if len(s) == n {
				return scheme, ""
			}
			if s[n] == ':' {
				return scheme, strings.TrimLeft(s[n+1:], " \t")
			}
		}
	}
	return "", s
}

// hostOnly cuts port, parameters and headers off. The colons of an IPv6 address stand in brackets.
func hostOnly(s string) string {
	if s != "" && s[0] == '[' {
		if end := strings.IndexByte(s, ']'); end >= 0 {
			return s[:end+1]
		}
	}
	return upTo(s, endsHost)
}

// upTo cuts s before the first byte of a class.
func upTo(s string, stop uint8) string {
	for i := 0; i < len(s); i++ {
		if class[s[i]]&stop != 0 {
			return s[:i]
		}
	}
	return s
}

// isFinal says whether s is sip:user@domain with nothing in it to cut or to change, as most are.
func isFinal(s string) bool {
	if len(s) < 4 || s[:4] != "sip:" {
		return false
	}
	i := 4
	for i < len(s) && class[s[i]]&ofUser != 0 {
		i++
	}
	if i+1 >= len(s) || s[i] != '@' {
		return false
	}
	for i++; i < len(s) && class[s[i]]&ofHost != 0; i++ {
	}
	return i == len(s)
}

// class tells bytes that are the same in an extension as in a URI, those of a user and those of a domain, and those that end
// something.
var class = func() (c [256]uint8) {
	const digits, small, capital = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, b := range []byte(digits + small + capital + "-_.!~*'()&=+$,#") {
		c[b] |= ofUser
	}
	for _, b := range []byte(digits + small + "-._") {
		c[b] |= ofHost
	}
	for bit, stops := range map[uint8]string{
		endsBrackets: ">", endsURI: "> \t\r\n", endsHost: ":;?> \t\r\n", endsUser: ";:", endsNumber: ";?", endsWord: " ;,",
	} {
		for _, b := range []byte(stops) {
			c[b] |= bit
		}
	}
	return c
}()

const (
	ofUser uint8 = 1 << iota
	ofHost
	endsBrackets
	endsURI
	endsHost
	endsUser
	endsNumber
	endsWord
)

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// unescape decodes %-escapes.
func (b *Batch) unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	from := len(b.scratch)
	b.appendUnescaped(s)
	return borrow(b.scratch[from:])
}

// appendUnescaped decodes %-escapes into the scratch memory. What is no escape stays as it is.
func (b *Batch) appendUnescaped(s string) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if high, low := unhex(s[i+1]), unhex(s[i+2]); high < 16 && low < 16 {
				c = high<<4 | low
				i += 2
			}
		}
		b.scratch = append(b.scratch, c)
	}
}

// unhex is the value of a hexadecimal digit, 255 of another byte.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
