package traffic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Encoder writes messages as records.
type Encoder struct {
	form     form
	calendar *calendar    // nil: times are numbers
	parts    [2][2][]part // of IPv4 and IPv6, without and with the name of a probe
	scratch  []byte
}

// part is a field with all that comes before its value: its name, fields that are always the same.
type part struct {
	before []byte
	what   what // constant at the end of the record
}

// NewEncoder makes one for a form (JSONL, Chunks) and names (Ipfixprobe, Ipfixcol2).
func NewEncoder(form, names string) (*Encoder, error) {
	e := &Encoder{form: forms[form]}
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
	unnamed := slices.DeleteFunc(slices.Clone(layout), func(f field) bool { return f.what == probe })
	for i, version := range [...]string{"4", "6"} {
		e.parts[i] = [...][]part{divide(unnamed, e.form, version), divide(layout, e.form, version)}
	}
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

// ChunkSize is about what Fluent Bit hands over at a time, in bytes.
const ChunkSize = 2 << 20

// Append writes the record of a message.
func (e *Encoder) Append(b []byte, m *Message) []byte {
	b = e.form.begin(b, m.Time)
	for _, p := range e.partsOf(m) {
		b = append(b, p.before...)
		b = e.value(b, m, p.what)
	}
	return b
}

// Template is a record that is written again and again, at other times.
type Template struct {
	bytes []byte
	times []int // where they are
}

// Template writes the record of a message once.
func (e *Encoder) Template(m *Message) (t Template) {
	t.bytes = e.form.begin(nil, m.Time)
	for _, p := range e.partsOf(m) {
		t.bytes = append(t.bytes, p.before...)
		if p.what == timestamp {
			t.times = append(t.times, len(t.bytes))
		}
		t.bytes = e.value(t.bytes, m, p.what)
	}
	return t
}

// AppendTemplate writes it again.
func (e *Encoder) AppendTemplate(b []byte, t *Template, ms int64) []byte {
	at := len(b)
	b = append(b, t.bytes...)
	e.form.begin(b[:at], ms)
	for _, offset := range t.times {
		e.time(b[:at+offset], ms)
	}
	return b
}

func (e *Encoder) partsOf(m *Message) []part {
	version, named := 0, 0
	if m.From.Addr().Is6() {
		version = 1
	}
	if m.Probe > 0 {
		named = 1
	}
	return e.parts[version][named]
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
func (e *Encoder) value(b []byte, m *Message, w what) []byte {
	s := e.scratch[:0]
	switch w {
	case constant:
		return b
	case timestamp:
		return e.time(b, m.Time)
	case sourcePort:
		return e.form.number(b, int(m.From.Port()))
	case destinationPort:
		return e.form.number(b, int(m.To.Port()))
	case protocol:
		return e.form.number(b, m.protocol())
	case packets:
		return e.form.number(b, 1)
	case octets:
		return e.form.number(b, m.Octets)
	case messageType:
		return e.form.number(b, m.Kind)
	case statusCode:
		return e.form.number(b, m.Status)
	case sourceAddr:
		s = m.From.Addr().AppendTo(s)
	case destinationAddr:
		s = m.To.Addr().AppendTo(s)
	case cseq:
		s = append(strconv.AppendInt(s, int64(m.CSeq), 10), ' ')
		s = append(s, m.Method...)
	case calling:
		s = append(append(s, "sip:"...), m.Caller...)
	case called:
		s = append(append(s, "sip:"...), m.Callee...)
	case callID:
		s = strconv.AppendUint(s, m.CallID, 16)
	case userAgent:
		s = append(s, m.Agent...)
	case requestURI:
		if m.Domain != "" {
			s = append(append(s, "sip:"...), m.Domain...)
		}
	case link:
		return e.form.number(b, max(1, m.Probe)) // 1 is what it says where nothing is configured
	case probe:
		s = append(s, ProbeName(m.Probe)...)
	case via:
		s = append(append(append(s, "SIP/2.0/"...), m.viaTransport()...), ' ')
		s = m.client().AppendTo(s)
	}
	e.scratch = s
	return e.form.text(b, s)
}
