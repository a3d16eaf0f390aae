package flow

import (
	"slices"
	"strings"
)

// Asterisk writes a security event as one line:
//
//	[2026-11-24 15:23:39.695] SECURITY[9394] res_security_log.c: SecurityEvent="ChallengeSent",EventTV="2026-11-24T15:23:39.694+0000",...
//
// It escapes nothing, so an account or a Call-ID may hold what looks like another field. A value goes up to a quote that a comma
// and a key follow, and a line in which a field comes twice is not believed: nothing tells which of both Asterisk wrote.

const securityEvent = `SecurityEvent="`

// securityKeys are the fields that matter.
var securityKeys = []string{"SecurityEvent", "EventTV", "Service", "AccountID", "SessionID", "LocalAddress", "RemoteAddress"}

// maxSecurityKey is the length of the longest key that Asterisk has, and a bit.
const maxSecurityKey = 32

// securityEvent writes the fields of such a line as a msgpack map to the scratch memory, and returns where it begins. ok is false
// if a field comes twice, or the line is none.
func (b *Batch) securityEvent(line string) (from int, ok bool) {
	start := strings.Index(line, securityEvent)
	if start < 0 {
		return 0, false
	}
	from = len(b.scratch)
	b.scratch = append(b.scratch, 0x80)
	rest, seen := strings.TrimRight(line[start:], "\r\n"), 0
	for rest != "" {
		key, value, behind := cutField(rest)
		if key == "" {
			return 0, false
		}
		if i := slices.Index(securityKeys, key); i >= 0 {
			if seen&(1<<i) != 0 {
				return 0, false
			}
			seen |= 1 << i
			b.scratch[from]++
			b.scratch = appendString(appendString(b.scratch, key), value)
		}
		rest = behind
	}
	return from, true
}

// cutField cuts key="value" off, with the comma behind it. The key is empty if there is none.
func cutField(s string) (key, value, rest string) {
	n := keyLength(s)
	if n == 0 {
		return "", "", ""
	}
	key, value = s[:n], s[n+len(`="`):]
	for i := 0; i < len(value); i++ {
		quote := strings.IndexByte(value[i:], '"')
		if quote < 0 {
			break // cut
		}
		i += quote
		behind := value[i+1:]
		if behind == "" {
			return key, value[:i], ""
		}
		if behind[0] == ',' && keyLength(behind[1:]) > 0 {
			return key, value[:i], behind[1:]
		}
	}
	return key, value, ""
}

// keyLength is the length of the key that s begins with, up to its equals sign and quote, 0 if it begins with none.
func keyLength(s string) int {
	i := 0
	for i < len(s) && i < maxSecurityKey && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z') {
		i++
	}
	if i+1 < len(s) && s[i] == '=' && s[i+1] == '"' {
		return i
	}
	return 0
}
