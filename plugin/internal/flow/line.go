package flow

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unsafe"

	jsoniter "github.com/json-iterator/go"
)

// maxDepth is how deep JSON may be nested. Flow records are nested four deep at most.
const maxDepth = 32

// Line reads a record written as one line: a JSON object, or a line of a log that has one in it. Empty lines are passed over, and
// lines of a log that have none are no SIP; what else is no JSON object is counted as malformed.
func (d *Decoder) Line(b *Batch, line []byte) {
	text := strings.Trim(borrow(line), " \t\r\n")
	if text == "" {
		return
	}
	b.Stats.Records++
	if !d.written(b, text, 0) {
		if isLogLine(text) {
			b.dropText(NotSIP, text)
		} else {
			b.dropText(Malformed, text)
		}
	}
}

// isLogLine says whether a line begins like one of a log, "[2026-11-24 15:23:39" or "[Nov 24 15:23:39".
func isLogLine(s string) bool {
	return len(s) > 2 && s[0] == '[' && (s[1] >= '0' && s[1] <= '9' || s[1] >= 'A' && s[1] <= 'Z')
}

// transcode takes JSON the way of a chunk: it is written as msgpack into memory of the batch, and read there. It returns where
// that begins. ok is false if the text is no JSON object.
func (d *Decoder) transcode(b *Batch, text string) (from int, ok bool) {
	if d.json == nil {
		d.json = jsoniter.NewIterator(jsoniter.ConfigDefault)
	}
	from = len(b.scratch)
	w := transcoder{Iterator: d.json.ResetBytes(unsafe.Slice(unsafe.StringData(text), len(text))), out: b.scratch}
	d.json.Error = nil
	next := w.WhatIsNext()
	w.value(0)
	if next != jsoniter.ObjectValue || !w.sound() || w.WhatIsNext() != jsoniter.InvalidValue || !errors.Is(w.Error, io.EOF) {
		return 0, false
	}
	b.scratch = w.out
	return from, true
}

// transcoder writes JSON as msgpack, in the forms that Fluent Bit uses, but for maps and arrays: their number of members is
// not known before their end, so it always gets four bytes.
type transcoder struct {
	*jsoniter.Iterator
	out []byte
}

// sound says that there was no error so far. The end of the line is one only where more was needed.
func (w *transcoder) sound() bool { return w.Error == nil || errors.Is(w.Error, io.EOF) }

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

func (w *transcoder) string(s string) { w.out = appendString(w.out, s) }

func appendString(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n < 1<<8:
		b = append(b, 0xd9, byte(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
	}
	return append(b, s...)
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
