package flow

import "strings"

// Asterisk writes a security event as one line:
//
//	[2026-11-24 15:23:39.695] SECURITY[9394] res_security_log.c: SecurityEvent="ChallengeSent",EventTV="2026-11-24T15:23:39.694+0000",...
//
// It escapes nothing, so an account or a Call-ID may hold what looks like another field. A value goes up to a quote that a comma
// and a key follow, and a line in which a field comes twice is not believed: nothing tells which of both Asterisk wrote.

const securityEvent = `SecurityEvent="`

// maxSecurityKey is the length of the longest key that Asterisk has, and a bit.
const maxSecurityKey = 32

// securityField is the number of a field that matters, from 0, or -1.
func securityField(key string) int {
	switch key {
	case "SecurityEvent":
		return 0
	case "EventTV":
		return 1
	case "Service":
		return 2
	case "AccountID":
		return 3
	case "SessionID":
		return 4
	case "LocalAddress":
		return 5
	case "RemoteAddress":
		return 6
	}
	return -1
}

// securityEvent writes the fields of such a line as a msgpack map to the scratch memory, and returns where it begins. ok is false
// if a field comes twice, or the line is none.
func (b *Batch) securityEvent(line string) (from int, ok bool) {
	start := strings.Index(line, securityEvent)
	if start < 0 || start > 0 && !isSecurityLog(line[:start]) {
		return 0, false
	}
	rest := strings.TrimRight(line[start:], "\r\n")
	from = len(b.scratch)
	b.scratch = append(b.scratch, 0x80)
	for n, seen := keyLength(rest), 0; rest != ""; {
		key, value := rest[:n], rest[n+len(`="`):]
		end, next := fieldEnd(value)
		if i := securityField(key); i >= 0 {
			if seen&(1<<i) != 0 {
				return 0, false
			}
			seen |= 1 << i
			b.scratch[from]++
			b.scratch = appendString(appendString(b.scratch, key), value[:end])
		}
		if rest = ""; next > 0 {
			rest, n = value[end+len(`",`):], next
		}
	}
	return from, true
}

// isSecurityLog says whether a line of a log begins like those of security events, up to the event. In others of Asterisk's lines
// there may be what a packet carried, in quotes or in brackets, and in that what looks like an event.
func isSecurityLog(start string) bool {
	return strings.Contains(start, "SECURITY[") && !strings.ContainsAny(start[1:], `"'<`) // the first may begin a priority, "<134>"
}

// fieldEnd is where a value ends: at a quote that is the last of the line, or that a comma and a key follow, whose length it
// returns, too. One that was cut ends with the line.
func fieldEnd(value string) (end, next int) {
	for end < len(value) {
		quote := strings.IndexByte(value[end:], '"')
		if quote < 0 {
			break
		}
		end += quote
		if end+1 == len(value) {
			return end, 0
		}
		if value[end+1] == ',' {
			if next = keyLength(value[end+2:]); next > 0 {
				return end, next
			}
		}
		end++
	}
	return len(value), 0
}

// keyLength is the length of the key that s begins with, up to its equals sign and quote, 0 if it begins with none.
func keyLength(s string) int {
	i := 0
	for i < len(s) && i < maxSecurityKey && s[i]|0x20-'a' <= 'z'-'a' {
		i++
	}
	if i+1 < len(s) && s[i] == '=' && s[i+1] == '"' {
		return i
	}
	return 0
}
