package flow

// A packet may carry several messages (RFC 3261 section 18.3), and one record tells of the packet. Exporters have three forms for
// that: the text of all of them (texts), a list of maps, each a message (listed), or maps of lists, each a field (parallel). Each
// message counts as a record then.

// maxMessages is how many messages of one record are read. A packet of 64 KiB holds fewer that matter.
const maxMessages = 256

// texts reads the messages of a field that holds them as they were sent. Where there is none in it, the record's other fields
// may say something.
func (d *Decoder) texts(b *Batch, m *message, p int, event int64) {
	text, _ := stringAt(m.buf, m.at(fieldMessage))
	rest, found := d.text.read(text)
	if !found {
		if d.judge(b, m, event); m.faulty {
			m.refuse(b, p)
		}
		return
	}
	if rest != "" && d.again(m, text, event) {
		b.drop(Duplicate, m.buf, p)
		return
	}
	for n := 1; ; n++ {
		one := message{buf: m.buf, lay: m.lay.around, values: m.values, raw: &d.text}
		if d.judge(b, &one, event); one.faulty {
			one.refuse(b, p)
		}
		if rest, found = d.text.read(rest); !found || n == maxMessages {
			return
		}
		b.Stats.Records++
	}
}

// recentTexts are hashes of texts with several messages. Suricata writes an alert for each message of a packet, and all of the
// packet into each.
type recentTexts [64]uint64

// again says whether such a text has been read of late, from a record with the same time.
func (d *Decoder) again(m *message, text string, event int64) bool {
	h := addHash(fnvOffset, text)
	h = (h ^ uint64(d.time(m, fieldTime, event))) * fnvPrime
	place := &d.recent[h>>58]
	if *place == h {
		return true
	}
	*place = h
	return false
}

// listed reads a record whose messages are a list of maps, of which the survey has just found the first.
func (d *Decoder) listed(b *Batch, lay *layout, buf []byte, p int, event int64) {
	n := min(d.survey.messages, maxMessages)
	b.Stats.Records += uint64(n - 1)
	for i := range n {
		m := message{buf: buf, lay: lay, values: &d.values}
		if d.judge(b, &m, event); m.faulty {
			m.refuse(b, p)
		}
		if i < n-1 {
			lay = d.survey.next(buf)
			d.note()
		}
	}
}

// parallel reads a record whose fields are lists, with one element for each of its n messages. Where lists are not equally long,
// nothing tells which elements belong together.
func (d *Decoder) parallel(b *Batch, m *message, p, n int, event int64) {
	for _, f := range [...]field{fieldStatus, fieldCSeq, fieldMethod, fieldTo, fieldFrom} {
		if at := m.at(f); at != 0 && lengthOf(m.buf, at) != n {
			m.refuse(b, p)
			return
		}
	}
	b.Stats.Records += uint64(n - 1)
	for i := range n {
		one := message{buf: m.buf, lay: m.lay, values: m.values, index: i, count: n}
		if d.judge(b, &one, event); one.faulty {
			one.refuse(b, p)
		}
	}
}

// listed is the length of the list that a field of the message is where it should be one value, 0 if that is not what is wrong.
func (m *message) listed() int {
	if m.reason != BadType || m.wrong < firstSIPField || m.wrong > lastSIPField || m.count > 0 {
		return 0
	}
	if n := lengthOf(m.buf, m.at(m.wrong)); n <= maxMessages {
		return n
	}
	return 0
}

// element steps into a list: to the message's own element, or, of what is around all messages, to the last one, which is the
// innermost where packets are tunnelled. It returns p if there is no list, and 0 if it is none for this field.
func (m *message) element(f field, p int) int {
	n, at, isList := arrayAt(m.buf, p)
	if !isList || n <= 1 {
		return p
	}
	if n > maxMessages {
		return 0
	}
	which := n - 1
	if f >= firstSIPField && f <= lastSIPField {
		if n != m.count {
			return 0
		}
		which = m.index
	}
	for ; which > 0; which-- {
		at = skip(m.buf, at)
	}
	return at
}

// last steps to the last element of a list.
func last(b []byte, p int) int {
	n, at, isList := arrayAt(b, p)
	if !isList || n == 0 {
		return p
	}
	for ; n > 1; n-- {
		at = skip(b, at)
	}
	return at
}

// lengthOf is the length of a list, 1 of another value.
func lengthOf(b []byte, p int) int {
	if n, _, isList := arrayAt(b, p); isList {
		return n
	}
	return 1
}
