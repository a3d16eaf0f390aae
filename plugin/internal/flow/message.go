package flow

import (
	"encoding/binary"
	"slices"
)

// message gives access to the fields of one SIP message in a record. The first thing that is wrong with them stays noted.
type message struct {
	buf    []byte
	lay    *layout
	values *[maxSteps]int
	raw    *sipText // the message itself, where the record holds it: lay then has only what is around it

	index, count int // of messages whose fields are lists, which one, and how many they are; count 0: the record is one message
	status       int // and which of the statuses is its own, if not the one at index: see ownStatuses

	faulty bool
	reason Reason
	wrong  field // where it shows, or wholeRecord
}

const wholeRecord = numFields

// otherStatus stands for a word in the place of a status that means none.
const otherStatus = -1

func (m *message) fault(r Reason, f field) {
	if !m.faulty {
		m.faulty, m.reason, m.wrong = true, r, f
	}
}

// refuse counts a message with what is wrong. The record is at p.
func (m *message) refuse(b *Batch, p int) {
	if m.wrong == wholeRecord {
		b.drop(m.reason, m.buf, p)
	} else {
		b.dropField(m.reason, m.wrong, m.buf, m.at(m.wrong))
	}
}

// at is the position of a field's value, 0 where the record does not have it.
func (m *message) at(f field) int { return m.values[m.lay.at[f]] }

// has says whether there is a value for a field.
func (m *message) has(f field) bool { return m.lay.at[f] != 0 || m.absent(f) != "" }

// integer reads a field from 0 to most, 0 where it is missing.
func (m *message) integer(f field, most int64) int64 {
	p := m.at(f)
	if p == 0 {
		return m.absentInteger(f)
	}
	if c := m.buf[p]; c <= 0x7f && int64(c) <= most {
		return int64(c)
	} else if c == 0xcd { // most others: a port, a status, octets
		if n := int64(binary.BigEndian.Uint16(m.buf[p+1:])); n <= most {
			return n
		}
	}
	if p = m.element(f, p); p == 0 {
		m.fault(BadType, f)
		return 0
	}
	n, ok := intAt(m.buf, p)
	if !ok && f == fieldStatus {
		n, ok = m.codeOf(p)
	}
	if !ok || n > most || n < 0 && n != otherStatus {
		m.fault(BadType, f)
		return 0
	}
	return n
}

// codeOf reads a status that is a word, in a table that has a code for some.
func (m *message) codeOf(p int) (code int64, ok bool) {
	word, isText := stringAt(m.buf, p)
	if !isText || m.lay.table.codes == nil {
		return 0, false
	}
	if m.lay.at[fieldService] != 0 && !slices.Contains(m.lay.table.services, m.text(fieldService)) {
		m.fault(NotSIP, wholeRecord)
	}
	if n := m.lay.table.codes[word]; n != 0 {
		return int64(n), true
	}
	return otherStatus, true
}

// text reads a field as a string, empty where it is missing.
func (m *message) text(f field) string {
	p := m.at(f)
	if p == 0 {
		return m.absent(f)
	}
	s, ok := stringAt(m.buf, p)
	if !ok {
		if p = m.element(f, p); p != 0 {
			s, ok = stringAt(m.buf, p)
		}
		if !ok {
			m.fault(BadType, f)
		}
	}
	return s
}

// textOrNone reads a field as a string, empty where it is missing or something else.
func (m *message) textOrNone(f field) string {
	p := m.at(f)
	if p == 0 {
		return m.absent(f)
	}
	if p = m.element(f, p); p == 0 {
		return ""
	}
	s, _ := stringAt(m.buf, p)
	return s
}

// account reads a field as the header or URI of an account, empty where the exporter says that it does not know it.
func (m *message) account(f field) string {
	s := m.textOrNone(f)
	if s == m.lay.table.unknown {
		return ""
	}
	return s
}

// absent is a field that the record does not have: a part of the text that the message is, or what is the same for all.
func (m *message) absent(f field) string {
	if m.raw != nil && f >= firstSIPField && f <= lastSIPField {
		return m.raw.field(f)
	}
	if m.lay.table.constants == nil {
		return ""
	}
	return m.lay.table.constants[f].text
}

func (m *message) absentInteger(f field) int64 {
	if m.raw != nil && f == fieldStatus {
		return int64(m.raw.status)
	}
	if m.lay.table.constants == nil {
		return 0
	}
	return m.lay.table.constants[f].number
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
