package flow

import "strings"

// sipText is a SIP message as it was sent (RFC 3261 section 7), as far as a Flow needs it. All of it is borrowed.
type sipText struct {
	status    int    // 0 of a request
	method    string // of a request
	cseq      string
	to, from  string
	callID    string
	userAgent string
}

// field is a field of the message by its meaning, empty if it does not have it.
func (s *sipText) field(f field) string {
	switch f {
	case fieldCSeq:
		return s.cseq
	case fieldMethod:
		return s.method
	case fieldTo:
		return s.to
	case fieldFrom:
		return s.from
	case fieldCallID:
		return s.callID
	case fieldUserAgent:
		return s.userAgent
	}
	return ""
}

// read reads the first message in a text, and returns what is behind it. What stands before its first line, such as the end
// of a message of which the rest was in the packet before, is passed over. It goes over each byte at most twice.
func (s *sipText) read(text string) (rest string, found bool) {
	for text != "" {
		line, behind, _ := cutLine(text)
		if s.startLine(line) {
			return s.headers(behind), true
		}
		text = behind
	}
	return "", false
}

// startLine reads the first line of a message:
//
//	SIP/2.0 401 Unauthorized
//	REGISTER sip:198.18.0.10 SIP/2.0
func (s *sipText) startLine(line string) bool {
	const version = "SIP/2.0"
	if len(line) >= len(version)+4 && line[7] == ' ' && strings.EqualFold(line[:7], version) {
		status := 0
		for _, c := range []byte(line[8:11]) {
			if c-'0' > 9 {
				return false
			}
			status = status*10 + int(c-'0')
		}
		*s = sipText{status: status}
		return status >= 100 && (len(line) == 11 || line[11] == ' ')
	}
	end := len(line) - len(version)
	if end < len("A b ") || line[end-1] != ' ' || !strings.EqualFold(line[end:], version) {
		return false
	}
	method := upTo(line, endsWord)
	if method == "" || len(method)+1 >= end-1 || !isToken(method) {
		return false
	}
	*s = sipText{method: method}
	return true
}

// isToken says whether s may be the name of a method, as far as anybody uses.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if class[c]&ofUser == 0 {
			return false
		}
	}
	return true
}

// headers reads the header fields, up to the empty line, and returns what is behind the body. Of a field that comes twice the
// first one counts, as it does for registrars. One without the end of its line was cut: it counts only if nothing can be
// missing of what matters.
func (s *sipText) headers(text string) (rest string) {
	length := -1
	for text != "" {
		line, behind, whole := cutLine(text)
		if line == "" && whole {
			return body(behind, length)
		}
		if colon := strings.IndexByte(line, ':'); colon > 0 && firstLetters[line[0]] {
			value := line[colon+1:]
			for behind != "" && (behind[0] == ' ' || behind[0] == '\t') { // folded: the value goes on
				_, behind, whole = cutLine(behind)
				value = strings.TrimRight(text[colon+1:len(text)-len(behind)], "\r\n")
			}
			s.header(trimRight(line[:colon]), trimLeft(value), whole, &length)
		}
		text = behind
	}
	return ""
}

// firstLetters are those of the names that header knows.
var firstLetters = func() (c [256]bool) {
	for _, letter := range []byte("cCtTfFiIuUlL") {
		c[letter] = true
	}
	return c
}()

// header notes a header field, by its name or its compact form (RFC 3261 section 7.3.3).
func (s *sipText) header(name, value string, whole bool, length *int) {
	switch len(name) {
	case 1:
		switch name[0] | 0x20 {
		case 't':
			setAccount(&s.to, value, whole)
		case 'f':
			setAccount(&s.from, value, whole)
		case 'i':
			set(&s.callID, value, whole)
		case 'l':
			setLength(length, value)
		}
	case 2:
		if strings.EqualFold(name, "To") {
			setAccount(&s.to, value, whole)
		}
	case 4:
		if strings.EqualFold(name, "From") {
			setAccount(&s.from, value, whole)
		} else if strings.EqualFold(name, "CSeq") {
			set(&s.cseq, value, true)
		}
	case 7:
		if strings.EqualFold(name, "Call-ID") {
			set(&s.callID, value, whole)
		}
	case 10:
		if strings.EqualFold(name, "User-Agent") {
			set(&s.userAgent, value, true)
		}
	case 14:
		if strings.EqualFold(name, "Content-Length") {
			setLength(length, value)
		}
	}
}

func set(field *string, value string, whole bool) {
	if *field == "" && whole {
		*field = value
	}
}

// setAccount sets To or From. If it was cut, its URI is whole where its bracket is closed.
func setAccount(field *string, value string, whole bool) {
	set(field, value, whole || strings.IndexByte(value, '>') > strings.IndexByte(value, '<'))
}

func setLength(length *int, value string) {
	n := 0
	for _, c := range []byte(trimRight(value)) {
		if c-'0' > 9 || n > 1<<24 {
			return
		}
		n = n*10 + int(c-'0')
	}
	*length = n
}

// body passes over the body. Without a Content-Length it is all the rest, as it is in a datagram (RFC 3261 section 18.3).
func body(text string, length int) (rest string) {
	if length < 0 || length >= len(text) {
		return ""
	}
	return text[length:]
}

// trimLeft and trimRight cut off spaces and whatever else is no character.
func trimLeft(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// cutLine cuts the first line off. whole is false where the text ends within it.
func cutLine(text string) (line, rest string, whole bool) {
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		return text, "", false
	}
	line = text[:i]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, text[i+1:], true
}
