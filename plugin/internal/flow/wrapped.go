package flow

import "strings"

// maxWrappings is how many records in one another are unwrapped: Kafka's payload, in it a line of a log, in it Asterisk's JSON.
const maxWrappings = 4

// unwrap reads the record that another one holds, as a map or as text. The other one is at p.
func (d *Decoder) unwrap(b *Batch, m *message, p int, event int64) {
	inside := m.values[m.lay.inside]
	if d.wrappings == maxWrappings {
		b.drop(NotSIP, m.buf, p)
		return
	}
	d.wrappings++
	defer func() { d.wrappings-- }()
	if _, _, isMap := mapAt(m.buf, inside); isMap {
		d.record(b, m.buf, inside, event)
	} else if text, ok := stringAt(m.buf, inside); !ok || !d.written(b, text, event) {
		b.drop(NotSIP, m.buf, p)
	}
}

// written reads a record that is text: JSON, or a line of Asterisk's security log. It returns false if it is neither.
func (d *Decoder) written(b *Batch, text string, event int64) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	var from int
	var ok bool
	switch {
	case strings.HasPrefix(text, "{"):
		from, ok = d.transcode(b, text)
	case strings.Contains(text, securityEvent):
		from, ok = b.securityEvent(text)
	default:
		return false
	}
	if ok {
		d.record(b, b.scratch, from, event)
	} else {
		b.dropText(Malformed, text)
	}
	return true
}
