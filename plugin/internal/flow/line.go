package flow

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

// maxDepth is how deep JSON may be nested. Flow records are nested four deep at most.
const maxDepth = 32

// Line reads a record written as one line of JSON. Empty lines are passed over; one that is no JSON object is counted as
// malformed. It takes the way of a chunk: the line is written as msgpack into memory of the batch, and read there.
func (d *Decoder) Line(b *Batch, line []byte) {
	if d.json == nil {
		d.json = jsoniter.NewIterator(jsoniter.ConfigDefault)
	}
	from := len(b.scratch)
	w := transcoder{Iterator: d.json.ResetBytes(line), out: b.scratch}
	d.json.Error = nil
	next := w.WhatIsNext()
	if next == jsoniter.InvalidValue && w.Error == io.EOF {
		return
	}
	w.value(0)
	ok := next == jsoniter.ObjectValue && w.sound() && w.WhatIsNext() == jsoniter.InvalidValue && w.Error == io.EOF
	b.Stats.Records++
	if !ok {
		b.drop(Malformed, line, -1)
		return
	}
	b.scratch = w.out
	d.record(b, w.out, from, 0)
}

// transcoder writes JSON as msgpack, in the forms that Fluent Bit uses, but for maps and arrays: their number of members is
// not known before their end, so it always gets four bytes.
type transcoder struct {
	*jsoniter.Iterator
	out []byte
}

// sound says that there was no error so far. The end of the line is one only where more was needed.
func (w *transcoder) sound() bool { return w.Error == nil || w.Error == io.EOF }

// stop ends the transcoding.
func (w *transcoder) stop(why string) { w.ReportError("flow", why) }

func (w *transcoder) value(depth int) {
	if depth > maxDepth {
		w.stop("nested too deep")
		return
	}
	switch w.WhatIsNext() {
	case jsoniter.StringValue:
		w.string(w.ReadString())
	case jsoniter.NumberValue:
		w.number(string(w.ReadNumber()))
	case jsoniter.BoolValue:
		if w.ReadBool() {
			w.out = append(w.out, 0xc3)
		} else {
			w.out = append(w.out, 0xc2)
		}
	case jsoniter.NilValue:
		w.ReadNil()
		w.out = append(w.out, 0xc0)
	case jsoniter.ArrayValue:
		n, head := uint32(0), w.open(0xdd)
		w.ReadArrayCB(func(*jsoniter.Iterator) bool {
			w.value(depth + 1)
			n++
			return w.sound()
		})
		w.close(head, n)
	case jsoniter.ObjectValue:
		n, head := uint32(0), w.open(0xdf)
		w.ReadObjectCB(func(_ *jsoniter.Iterator, key string) bool {
			w.string(key)
			w.value(depth + 1)
			n++
			return w.sound()
		})
		w.close(head, n)
	default:
		w.stop("no value")
	}
}

func (w *transcoder) open(code byte) (head int) {
	w.out = append(w.out, code, 0, 0, 0, 0)
	return len(w.out) - 4
}

func (w *transcoder) close(head int, members uint32) {
	binary.BigEndian.PutUint32(w.out[head:], members)
}

func (w *transcoder) string(s string) {
	switch n := len(s); {
	case n < 32:
		w.out = append(w.out, 0xa0|byte(n))
	case n < 1<<8:
		w.out = append(w.out, 0xd9, byte(n))
	default:
		w.out = binary.BigEndian.AppendUint32(append(w.out, 0xdb), uint32(n))
	}
	w.out = append(w.out, s...)
}

// number writes an integer where it is one that fits, else a float. One that fits neither (1e999) becomes an infinity,
// which no field takes.
func (w *transcoder) number(s string) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n >= -32 && n < 128 {
			w.out = append(w.out, byte(n))
		} else {
			w.out = binary.BigEndian.AppendUint64(append(w.out, 0xd3), uint64(n))
		}
		return
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		w.stop("no number")
		return
	}
	w.out = binary.BigEndian.AppendUint64(append(w.out, 0xcb), math.Float64bits(f))
}
