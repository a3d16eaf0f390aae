package flow

// cseqMethod returns the method of a CSeq header value, "2 REGISTER" (RFC 3261 section 20.16). The number may be missing
// and the spaces may be any, as exporters pass on what was sent.
func cseqMethod(s string) string {
	from, to := 0, len(s)
	for from < to && (s[from] <= ' ' || s[from] >= '0' && s[from] <= '9') {
		from++
	}
	for to > from && s[to-1] <= ' ' {
		to--
	}
	return s[from:to]
}

// cseqNumber returns the number of a CSeq header value, 0 if there is none.
func cseqNumber(s string) (n uint64) {
	i := 0
	for i < len(s) && s[i] <= ' ' {
		i++
	}
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}
