package flow

import "strconv"

// Several exporters may see the same message. What they are called tells them apart, and a hash of what is the same in each
// copy of a message, and in no other, tells the detector that it is one.

// maxCallID is how much of a Call-ID counts: ipfixprobe cuts it there, others do not.
const maxCallID = 127

// probe is what the exporter is called, empty where nothing says so. With an observation domain it is "198.51.100.1#7".
func (b *Batch) probe(m *message) string {
	if m.lay.at[fieldProbe]|m.lay.at[fieldProbeDomain] == 0 && m.lay.table.constants == nil {
		return ""
	}
	name, domain := b.word(m, fieldProbe), b.word(m, fieldProbeDomain)
	if domain == "" {
		return name
	}
	from := len(b.scratch)
	b.scratch = append(append(append(b.scratch, name...), '#'), domain...)
	return borrow(b.scratch[from:])
}

// word reads a field that may be a name or a number, empty where it is missing or neither.
func (b *Batch) word(m *message, f field) string {
	p := m.at(f)
	if p == 0 {
		return m.absent(f)
	}
	if s, ok := stringAt(m.buf, p); ok {
		return s
	}
	n, ok := intAt(m.buf, p)
	if !ok || n == 0 && f == fieldProbe { // a bit field without a bit
		return ""
	}
	from := len(b.scratch)
	b.scratch = strconv.AppendInt(b.scratch, n, 10)
	return borrow(b.scratch[from:])
}

// hash identifies the message: its Call-ID and CSeq (RFC 3261 sections 8.1.1.4 and 8.1.1.5). It is the same in every process,
// and 0 where there is no Call-ID.
func (m *message) hash() uint64 {
	id := m.textOrNone(fieldCallID)
	if id == "" {
		return 0
	}
	h := addHash(fnvOffset, id[:min(len(id), maxCallID)])
	for n := m.cseqNumber(); n > 0; n >>= 8 {
		h = (h ^ n&0xff) * fnvPrime
	}
	return max(1, addHash(h, m.method()))
}

// cseqNumber is the number of the CSeq, from a field of its own or from the header.
func (m *message) cseqNumber() uint64 {
	if p := m.at(fieldCSeqNumber); p != 0 {
		n, _ := intAt(m.buf, p)
		return uint64(n)
	}
	return cseqNumber(m.textOrNone(fieldCSeq))
}

// addHash continues a 64-bit FNV-1a hash (RFC 9923). Package hash/fnv would allocate.
func addHash(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)
