package flow

import (
	"encoding/binary"
	"strings"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
)

// record reads the record whose map is at p, and adds it to the batch as a Flow, a Mark, or a reason. It returns the
// position behind it, -1 if the frame is broken. event is the time that the pipeline gave it, 0 if none.
func (d *Decoder) record(b *Batch, buf []byte, p int, event int64) (end int) {
	lay, end := d.tree.follow(buf, p, &d.values)
	if lay == nil {
		if lay, end = d.meet(buf, p); end < 0 {
			b.drop(Malformed, buf, p)
			return skip(buf, p)
		}
	}
	if !lay.sip {
		b.drop(NotSIP, buf, p)
		return end
	}
	m := message{buf: buf, lay: lay, values: &d.values}
	if d.judge(b, &m, event); m.faulty {
		if m.wrong == wholeRecord {
			b.drop(m.reason, buf, p)
		} else {
			b.dropField(m.reason, m.wrong, buf, m.at(m.wrong))
		}
	}
	return end
}

// meet surveys a record of unknown shape and remembers it.
func (d *Decoder) meet(buf []byte, p int) (lay *layout, end int) {
	lay, end = d.survey.record(buf, p)
	if end < 0 {
		return nil, -1
	}
	for i, step := range d.survey.steps {
		d.values[i+1] = step.value
	}
	if !d.survey.oddity && len(d.survey.steps) > 0 {
		d.tree.grow(buf, d.survey.steps, lay)
	}
	return lay, end
}

// judge decides what a SIP record is to the detector. What irrelevant records need comes first, and is all that is read of
// them.
func (d *Decoder) judge(b *Batch, m *message, event int64) {
	status := m.integer(fieldStatus, 999)
	if status > 0 && status < 100 {
		m.fault(BadType, fieldStatus)
	}
	method := ""
	if status == 0 {
		if method = m.method(); method == "" {
			m.fault(NotSIP, wholeRecord)
		}
	} else if d.wants[status] {
		method = m.method()
	}
	fromSource := m.sender()
	time := d.time(m, fieldTime, event)
	if status > 0 && m.shared() {
		time = answered(d.time(m, fieldStart, event), time)
	}
	counts := d.counts(method) && (status > 0 || m.text(fieldUserAgent) != "")
	if m.faulty {
		return
	}
	if !counts {
		b.Stats.Other++
		b.mark(time)
		return
	}
	flow := detect.Flow{Time: time, Status: uint16(status)}
	if d.fill(b, m, &flow, fromSource == (status > 0)); m.faulty {
		return
	}
	b.Flows = append(b.Flows, flow)
	if status > 0 {
		b.Stats.Relevant++
	} else {
		b.Stats.Other++
	}
}

// fill reads what only relevant records are read for.
func (d *Decoder) fill(b *Batch, m *message, f *detect.Flow, sourceIsRegistrar bool) {
	d.ends(m, f, sourceIsRegistrar)
	f.Transport = m.transport()
	f.UserAgent = m.text(fieldUserAgent)
	if f.Extension = b.extension(m.textOrNone(fieldTo), d.domain); f.Extension == "" {
		if f.Extension = b.extension(m.textOrNone(fieldFrom), d.domain); f.Extension == "" && f.Status > 0 {
			m.fault(NoAccount, fieldTo)
		}
	}
	if f.Probe = b.probe(m); f.Probe != "" {
		f.Message = m.hash()
	}
}

// counts says whether answers to a method count. Methods are case-sensitive (RFC 3261 section 7.1), exporters may not be.
func (d *Decoder) counts(method string) bool {
	for _, m := range d.methods {
		if m == method || len(m) == len(method) && strings.EqualFold(m, method) {
			return true
		}
	}
	return false
}

// time reads a field. Of a record that does not have it, it is the time at which the pipeline got it.
func (d *Decoder) time(m *message, f field, event int64) (ms int64) {
	p := m.at(f)
	if p == 0 || m.buf[p] == 0xc0 {
		if !inRange(event) {
			m.fault(NoTime, wholeRecord)
		}
		return event
	}
	ok := false
	unit := m.lay.table.unit
	if p = unwrap(m.buf, p); isString(m.buf[p]) {
		s, _ := stringAt(m.buf, p)
		ms, ok = d.clock.parse(unsafe.Slice(unsafe.StringData(s), len(s)), unit)
	} else if isFloat(m.buf[p]) {
		ms = unit.millisFloat(floatAt(m.buf, p))
		ok = inRange(ms)
	} else if n, isInt := intAt(m.buf, p); isInt {
		ms = unit.millis(n)
		ok = inRange(ms)
	}
	if !ok {
		m.fault(NoTime, f)
	}
	return ms
}

// message gives access to the fields of one record. The first thing that is wrong with them stays noted.
type message struct {
	buf    []byte
	lay    *layout
	values *[maxSteps]int

	faulty bool
	reason Reason
	wrong  field // where it shows, or wholeRecord
}

const wholeRecord = numFields

func (m *message) fault(r Reason, f field) {
	if !m.faulty {
		m.faulty, m.reason, m.wrong = true, r, f
	}
}

// at is the position of a field's value, 0 where the record does not have it.
func (m *message) at(f field) int { return m.values[m.lay.at[f]] }

// integer reads a field from 0 to most, 0 where it is missing.
func (m *message) integer(f field, most int64) int64 {
	p := m.at(f)
	if p == 0 {
		return 0
	}
	if c := m.buf[p]; c <= 0x7f && int64(c) <= most {
		return int64(c)
	} else if c == 0xcd { // most others: a port, a status, octets
		if n := int64(binary.BigEndian.Uint16(m.buf[p+1:])); n <= most {
			return n
		}
	}
	n, ok := intAt(m.buf, p)
	if !ok || n < 0 || n > most {
		m.fault(BadType, f)
		return 0
	}
	return n
}

// text reads a field as a string, empty where it is missing.
func (m *message) text(f field) string {
	p := m.at(f)
	if p == 0 {
		return ""
	}
	s, ok := stringAt(m.buf, p)
	if !ok {
		m.fault(BadType, f)
	}
	return s
}

// textOrNone reads a field as a string, empty where it is missing or something else.
func (m *message) textOrNone(f field) string {
	p := m.at(f)
	if p == 0 {
		return ""
	}
	s, _ := stringAt(m.buf, p)
	return s
}

// method is the request method that a message is, or answers. Empty where the record does not tell.
func (m *message) method() string {
	if method := cseqMethod(m.text(fieldCSeq)); method != "" {
		return method
	}
	if method := m.text(fieldMethod); method != "" {
		return method
	}
	if kind := m.integer(fieldMessageType, 1<<31); kind < int64(len(m.lay.table.methods)) {
		return m.lay.table.methods[kind]
	}
	return ""
}

// ends fills in the two ends of the message.
func (d *Decoder) ends(m *message, f *detect.Flow, sourceIsRegistrar bool) {
	registrar, client, registrarPort, clientPort := fieldRegistrar, fieldClient, fieldRegistrarPort, fieldClientPort
	if m.lay.at[registrar] == 0 || m.lay.at[client] == 0 {
		registrar, client, registrarPort, clientPort = fieldSource, fieldDestination, fieldSourcePort, fieldDestinationPort
		if !sourceIsRegistrar {
			registrar, client, registrarPort, clientPort = client, registrar, clientPort, registrarPort
		}
	}
	var ok bool
	if f.Registrar, ok = d.registrar.parse(m.text(registrar)); !ok {
		m.fault(NoAddress, registrar)
	}
	if f.Client, ok = parseAddress(m.text(client)); !ok {
		m.fault(NoAddress, client)
	}
	f.RegistrarPort = uint16(m.integer(registrarPort, 1<<16-1))
	f.ClientPort = uint16(m.integer(clientPort, 1<<16-1))
}

// transport reads the protocol by name or by number (IANA). One that cannot carry SIP is unknown.
func (m *message) transport() detect.Transport {
	p := m.at(fieldProtocol)
	if p == 0 {
		return detect.TransportUnknown
	}
	if name, ok := stringAt(m.buf, p); ok && (name == "" || name[0] > '9') {
		for _, t := range [...]detect.Transport{detect.UDP, detect.TCP, detect.SCTP} {
			if strings.EqualFold(name, t.String()) {
				return t
			}
		}
		return detect.TransportUnknown
	}
	switch m.integer(fieldProtocol, 255) {
	case 6:
		return detect.TCP
	case 17:
		return detect.UDP
	case 132:
		return detect.SCTP
	}
	return detect.TransportUnknown
}
