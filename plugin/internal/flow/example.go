package flow

import (
	"bytes"
	"math"
	"strconv"
)

// An example shows a person what was dropped. It is made for the first record of each reason in a batch only, so that a
// flood of bad records stays cheap, and it is escaped: what a packet carried must not steer a terminal or forge a log line.

const (
	exampleLength = 200 // bytes, about
	exampleValue  = 60  // bytes of one value
)

// dropText counts a record for a reason that was text.
func (b *Batch) dropText(r Reason, text string) {
	if b.Stats.Dropped[r]++; b.Stats.Dropped[r] == 1 {
		from := len(b.scratch)
		b.showString(text)
		b.Stats.Example[r] = borrow(b.scratch[from:])
	}
}

// drop counts a record for a reason. The example is the record, or what is left of it, at p.
func (b *Batch) drop(r Reason, buf []byte, p int) {
	if b.Stats.Dropped[r]++; b.Stats.Dropped[r] > 1 {
		return
	}
	from := len(b.scratch)
	if _, _, isMap := mapAt(buf, p); isMap && skip(buf, p) >= 0 {
		b.showMap(buf, p, from)
	} else {
		b.showString(borrow(buf[p:]))
	}
	b.Stats.Example[r] = borrow(b.scratch[from:])
}

// dropField counts a record for a reason that shows in one field, whose value is at p; 0: it is not there.
func (b *Batch) dropField(r Reason, f field, buf []byte, p int) {
	if b.Stats.Dropped[r]++; b.Stats.Dropped[r] > 1 {
		return
	}
	from := len(b.scratch)
	b.scratch = append(b.scratch, fieldNames[f]...)
	if p == 0 {
		b.scratch = append(b.scratch, " is missing"...)
	} else {
		b.scratch = append(b.scratch, '=')
		b.showValue(buf, p)
	}
	b.Stats.Example[r] = borrow(b.scratch[from:])
}

// showMap writes the members of a map as key=value until the example is long enough.
func (b *Batch) showMap(buf []byte, p, from int) {
	n, p, _ := mapAt(buf, p)
	if n == 0 {
		b.scratch = append(b.scratch, "{}"...)
	}
	for ; n > 0 && len(b.scratch)-from < exampleLength; n-- {
		if key, ok := stringAt(buf, p); ok {
			quoted := len(b.scratch)
			b.showString(key)
			if inner := b.scratch[quoted+1 : len(b.scratch)-1]; string(inner) == key { // needs no quotes
				b.scratch = append(b.scratch[:quoted], key...)
			}
		} else {
			b.showValue(buf, p)
		}
		b.scratch = append(b.scratch, '=')
		p = skip(buf, p)
		b.showValue(buf, p)
		b.scratch = append(b.scratch, ' ')
		p = skip(buf, p)
	}
	if n > 0 {
		b.scratch = append(b.scratch, "..."...)
	} else {
		b.scratch = bytes.TrimSuffix(b.scratch, []byte(" "))
	}
}

// showValue writes a value: strings and numbers as such, others by their bytes.
func (b *Batch) showValue(buf []byte, p int) {
	c := buf[p]
	if isString(c) {
		s, _ := stringAt(buf, p)
		b.showString(s)
	} else if isFloat(c) {
		f, format := floatAt(buf, p), byte('f')
		if math.Abs(f) > 1e15 {
			format = 'g'
		}
		b.scratch = strconv.AppendFloat(b.scratch, f, format, -1, 64)
	} else if n, ok := intAt(buf, p); ok && c != 0xc0 {
		b.scratch = strconv.AppendInt(b.scratch, n, 10)
	} else {
		end := skip(buf, p)
		b.showString(borrow(buf[p:end]))
	}
}

func (b *Batch) showString(s string) {
	if len(s) <= exampleValue {
		b.scratch = strconv.AppendQuoteToASCII(b.scratch, s)
		return
	}
	b.scratch = strconv.AppendQuoteToASCII(b.scratch, s[:exampleValue])
	b.scratch = append(b.scratch, "..."...)
}
