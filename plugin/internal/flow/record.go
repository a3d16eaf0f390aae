package flow

import (
	"strings"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
)

// record reads the record whose map is at p, and adds it to the batch as Flows, a Mark, or a reason. It returns the position
// behind it, -1 if the frame is broken. event is the time that the pipeline gave it, 0 if none.
func (d *Decoder) record(b *Batch, buf []byte, p int, event int64) (end int) {
	lay, end := d.tree.follow(buf, p, &d.values)
	if lay == nil {
		if lay, end = d.meet(buf, p); end < 0 {
			b.drop(Malformed, buf, p)
			return skip(buf, p)
		}
	}
	m := message{buf: buf, lay: lay, values: &d.values}
	if lay.kind != oneMessage {
		d.other(b, &m, p, event)
		return end
	}
	d.judge(b, &m, event)
	d.settle(b, &m, p, event)
	return end
}

// meet surveys a record of unknown shape and remembers it.
func (d *Decoder) meet(buf []byte, p int) (lay *layout, end int) {
	lay, end = d.survey.record(buf, p)
	if end < 0 {
		return nil, -1
	}
	d.note()
	if !d.survey.oddity && len(d.survey.steps) > 0 {
		d.tree.grow(buf, d.survey.steps, lay)
	}
	return lay, end
}

// note takes over where the survey found values.
func (d *Decoder) note() {
	for i, step := range d.survey.steps {
		d.values[i+1] = step.value
	}
}

// other reads a record that is not one message in fields of its own.
func (d *Decoder) other(b *Batch, m *message, p int, event int64) {
	switch m.lay.kind {
	case noMessage:
		b.drop(NotSIP, m.buf, p)
	case listedMessages:
		d.listed(b, m.lay, m.buf, p, event)
	case textMessages:
		d.texts(b, m, p, event)
	case wrapped:
		d.unwrap(b, m, p, event)
	}
}

// settle counts what is wrong with a record. Where a field holds a list, it may be several messages.
func (d *Decoder) settle(b *Batch, m *message, p int, event int64) {
	if !m.faulty {
		return
	}
	if n := max(m.listed(), m.lengthOf(fieldCSeq)); m.listed() > 1 && n <= maxMessages {
		d.parallel(b, m, p, n, event)
		return
	}
	m.refuse(b, p)
}

// judge decides what a SIP message is to the detector. What irrelevant ones need comes first, and is all that is read of them.
func (d *Decoder) judge(b *Batch, m *message, event int64) {
	status := int64(0)
	if m.status >= 0 {
		status = m.integer(fieldStatus, 999)
	}
	if status > 0 && status < 100 {
		m.fault(BadType, fieldStatus)
	}
	method := ""
	if status == 0 {
		if method = m.method(); method == "" {
			m.fault(NotSIP, wholeRecord)
		}
	} else if status > 0 && d.wants[status] {
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
	if f.Status == 0 || m.lay.at[fieldMethod] != 0 { // an answer's is the registrar's, unless its request is in the record
		f.UserAgent = m.text(fieldUserAgent)
	}
	if f.Extension = b.extension(m.account(fieldTo), d.domain); f.Extension == "" {
		if f.Extension = b.extension(m.account(fieldFrom), d.domain); f.Extension == "" && f.Status > 0 {
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
	if p = last(m.buf, p); isString(m.buf[p]) {
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
	if m.lay.at[fieldMicroseconds] != 0 {
		ms += m.integer(fieldMicroseconds, 999_999) / 1000
	}
	return ms
}
