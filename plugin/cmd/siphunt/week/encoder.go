package week

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Encoder writes steps as records.
//
// Eleven of twelve records only move the clock. They are written once, into a ring of some thousands, and copied from
// there with their times written over. (That is five times as fast.)
type Encoder struct {
	form     form
	calendar *calendar // nil: times are numbers
	ip4, ip6 []part
	scratch  []byte
	others   ring
	before   int64 // time of the last step
	step     Step
}

// part is a field with all that comes before its value: its name, fields that are always the same.
type part struct {
	before []byte
	what   what // constant at the end of the record
}

// NewEncoder makes one for a form (JSONL, Chunks) and names (Ipfixprobe, Ipfixcol2).
func NewEncoder(form, names string) (*Encoder, error) {
	e := &Encoder{form: forms[form], before: Start}
	if e.form == nil {
		return nil, fmt.Errorf("format %q is none: write %s or %s", form, JSONL, Chunks)
	}
	layout := layouts[names]
	if layout == nil {
		return nil, fmt.Errorf("names %q are none: write %s or %s", names, Ipfixprobe, Ipfixcol2)
	}
	if names == Ipfixcol2 {
		e.calendar = new(calendar)
	}
	e.ip4, e.ip6 = divide(layout, e.form, "4"), divide(layout, e.form, "6")
	e.others = newRing(e)
	return e, nil
}

// divide writes all that is the same in every record.
func divide(layout []field, form form, version string) []part {
	var parts []part
	b := form.fields(nil, len(layout))
	for i, f := range layout {
		b = form.key(b, strings.Replace(f.name, "?", version, 1), i == 0)
		switch {
		case f.what != constant:
			parts = append(parts, part{b, f.what})
			b = nil
		case f.text != "":
			b = form.text(b, []byte(f.text))
		default:
			b = form.number(b, f.n)
		}
	}
	return append(parts, part{form.end(b), constant})
}

// chunkSize is about what Fluent Bit hands over at a time, in bytes.
const chunkSize = 2 << 20

// Chunk appends steps until it has about 2 MiB. It tells how many records they are, and whether there are more.
func (e *Encoder) Chunk(b []byte, g *Generator) (_ []byte, records int, more bool) {
	for s := &e.step; len(b) < chunkSize; {
		if !g.Next(s) {
			return b, records, false
		}
		b = e.Append(b, s)
		records += s.Others
		if s.Flow.Status > 0 {
			records += 2
		}
	}
	return b, records, true
}

// Append writes the records of a step: what passed before it, the request, the answer.
func (e *Encoder) Append(b []byte, s *Step) []byte {
	for i := range s.Others {
		b = e.others.append(b, e, e.before+(s.Flow.Time-e.before)*int64(i)/int64(s.Others))
	}
	e.before = s.Flow.Time
	if s.Flow.Status == 0 {
		return b
	}
	f := &s.Flow
	m := message{
		time: f.Time, transport: f.Transport, kind: typeRegister, octets: 380 + len(f.Extension) + len(f.UserAgent),
		from: netip.AddrPortFrom(f.Client, f.ClientPort), to: netip.AddrPortFrom(f.Registrar, f.RegistrarPort),
		cseq: s.CSeq, method: "REGISTER", caller: f.Extension, callee: f.Extension, callID: s.CallID,
		agent: f.UserAgent, domain: f.Extension[strings.LastIndexByte(f.Extension, '@')+1:],
	}
	b = e.message(b, &m)
	m.answer(int(f.Status))
	return e.message(b, &m)
}

// message writes one record.
func (e *Encoder) message(b []byte, m *message) []byte {
	b = e.form.begin(b, m.time)
	for _, p := range e.parts(m) {
		b = append(b, p.before...)
		b = e.value(b, m, p.what)
	}
	return b
}

// template writes one record for the ring.
func (e *Encoder) template(m *message) (t template) {
	t.bytes = e.form.begin(nil, m.time)
	for _, p := range e.parts(m) {
		t.bytes = append(t.bytes, p.before...)
		if p.what == timestamp {
			t.times = append(t.times, len(t.bytes))
		}
		t.bytes = e.value(t.bytes, m, p.what)
	}
	return t
}

func (e *Encoder) parts(m *message) []part {
	if m.from.Addr().Is6() {
		return e.ip6
	}
	return e.ip4
}

// time writes a time; written over another one it takes the same room.
func (e *Encoder) time(b []byte, ms int64) []byte {
	if e.calendar == nil {
		return e.form.seconds(b, ms)
	}
	e.scratch = e.calendar.append(e.scratch[:0], ms)
	return e.form.text(b, e.scratch)
}

// value writes what a field holds.
func (e *Encoder) value(b []byte, m *message, w what) []byte {
	s := e.scratch[:0]
	switch w {
	case constant:
		return b
	case timestamp:
		return e.time(b, m.time)
	case sourcePort:
		return e.form.number(b, int(m.from.Port()))
	case destinationPort:
		return e.form.number(b, int(m.to.Port()))
	case protocol:
		return e.form.number(b, m.protocol())
	case packets:
		return e.form.number(b, 1)
	case octets:
		return e.form.number(b, m.octets)
	case messageType:
		return e.form.number(b, m.kind)
	case statusCode:
		return e.form.number(b, m.status)
	case sourceAddr:
		s = m.from.Addr().AppendTo(s)
	case destinationAddr:
		s = m.to.Addr().AppendTo(s)
	case cseq:
		s = append(strconv.AppendInt(s, int64(m.cseq), 10), ' ')
		s = append(s, m.method...)
	case calling:
		s = append(append(s, "sip:"...), m.caller...)
	case called:
		s = append(append(s, "sip:"...), m.callee...)
	case callID:
		s = strconv.AppendUint(s, m.callID, 16)
	case userAgent:
		s = append(s, m.agent...)
	case requestURI:
		if m.domain != "" {
			s = append(append(s, "sip:"...), m.domain...)
		}
	case via:
		s = append(append(append(s, "SIP/2.0/"...), m.viaTransport()...), ' ')
		s = m.client().AppendTo(s)
	}
	e.scratch = s
	return e.form.text(b, s)
}
