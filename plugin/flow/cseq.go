package flow

import "strings"

// cseqMethod returns the method of a CSeq header value, "2 REGISTER" (RFC 3261 section 20.16). The number may be missing
// and the space may be any, as exporters pass on what was sent.
func cseqMethod(s string) string {
	s = strings.TrimLeft(s, " \t")
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		s = s[1:]
	}
	s = strings.TrimLeft(s, " \t")
	if end := strings.IndexAny(s, " \t\r\n"); end >= 0 {
		s = s[:end]
	}
	return s
}
