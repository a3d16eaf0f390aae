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
// nothing tells which elements belong together, unless that is because requests and answers are beside each other.
func (d *Decoder) parallel(b *Batch, m *message, p, n int, event int64) {
	lineUp := true
	for _, f := range [...]field{fieldCSeq, fieldTo, fieldFrom} {
		lineUp = lineUp && (m.at(f) == 0 || m.lengthOf(f) == n)
	}
	statuses, methods := m.lengthOf(fieldStatus), m.lengthOf(fieldMethod)
	var own ownStatuses
	if statuses != 0 && statuses != n || methods != 0 && methods != n {
		lineUp = lineUp && m.beside(&own, n, statuses, methods)
	}
	if !lineUp {
		m.refuse(b, p)
		return
	}
	b.Stats.Records += uint64(n - 1)
	for i := range n {
		one := message{buf: m.buf, lay: m.lay, values: m.values, index: i, count: n, status: own[i%len(own)]}
		if d.judge(b, &one, event); one.faulty {
			one.refuse(b, p)
		}
	}
}

// maxBeside is how many messages may be beside each other; a segment has room for a few.
const maxBeside = 16

// ownStatuses says of each message which of the statuses is its own, from 1: -1 of a request, 0 where the lists line up.
type ownStatuses [maxBeside]int

// beside finds out which of n messages are requests, where statuses are listed of the answers and methods of the requests. All
// others know the method, from their CSeq. If all messages of a method are requests, or none is, that tells; only requests and
// answers of the same method are not to be told apart, and a sender has those only if it is both client and server of the other.
func (m *message) beside(own *ownStatuses, n, statuses, methods int) bool {
	if statuses == 0 || methods == 0 || statuses+methods != n || n > maxBeside || m.at(fieldCSeq) == 0 {
		return false
	}
	var all, requests [maxBeside]string
	for i := range n {
		all[i] = cseqMethod(m.elementText(fieldCSeq, i, n))
	}
	for i := range methods {
		requests[i] = m.elementText(fieldMethod, i, methods)
	}
	answers := 0
	for i, method := range all[:n] {
		switch count(requests[:methods], method) {
		case 0:
			answers++
			own[i] = answers
		case count(all[:n], method):
			own[i] = -1
		default:
			return false
		}
	}
	return answers == statuses
}

func count(all []string, s string) (n int) {
	for _, one := range all {
		if one == s {
			n++
		}
	}
	return n
}

// elementText is an element of a field that is a list of n, or its only value.
func (m *message) elementText(f field, i, n int) string {
	return (&message{buf: m.buf, lay: m.lay, values: m.values, index: i, count: n}).textOrNone(f)
}

// lengthOf is how many values a field has.
func (m *message) lengthOf(f field) int {
	if at := m.at(f); at != 0 {
		return lengthOf(m.buf, at)
	}
	return 0
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
	if f == fieldStatus && m.status > 0 {
		which = min(m.status, n) - 1
	} else if f >= firstSIPField && f <= lastSIPField {
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
