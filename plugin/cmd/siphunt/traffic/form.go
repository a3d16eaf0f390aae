package traffic

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// What records can be written as.
const (
	JSONL  = "jsonl"  // JSON, one on a line
	Chunks = "chunks" // as Fluent Bit gives them to an output: msgpack [[time, {}], map], one after the other
)

// form writes values as bytes. All take the slice to append to. Times always take the same room, so that they can be
// written over.
type form interface {
	begin(b []byte, ms int64) []byte              // what comes before a record
	key(b []byte, name string, first bool) []byte // of a field
	fields(b []byte, n int) []byte                // how many fields follow
	text(b, s []byte) []byte                      // s has no quotes, backslashes or control characters
	number(b []byte, n int) []byte
	seconds(b []byte, ms int64) []byte // Unix seconds with a fraction
	end(b []byte) []byte
}

var forms = map[string]form{JSONL: jsonForm{}, Chunks: chunkForm{}}

type jsonForm struct{}

func (jsonForm) begin(b []byte, _ int64) []byte { return b }
func (jsonForm) fields(b []byte, _ int) []byte  { return append(b, '{') }

func (jsonForm) key(b []byte, name string, first bool) []byte {
	if !first {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func (jsonForm) text(b, s []byte) []byte {
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func (jsonForm) number(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

func (jsonForm) seconds(b []byte, ms int64) []byte {
	b = strconv.AppendInt(b, ms/1000, 10)
	return appendMillis(append(b, '.'), ms)
}

func (jsonForm) end(b []byte) []byte { return append(b, '}', '\n') }

// chunkForm writes as fluent-bit does; its time is the extension of type 0, seconds and nanoseconds.
type chunkForm struct{}

func (chunkForm) begin(b []byte, ms int64) []byte {
	b = append(b, 0x92, 0x92, 0xd7, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(ms/1000))
	b = binary.BigEndian.AppendUint32(b, uint32(ms%1000*1e6))
	return append(b, 0x80)
}

func (chunkForm) fields(b []byte, n int) []byte { return msgp.AppendMapHeader(b, uint32(n)) }

func (chunkForm) key(b []byte, name string, _ bool) []byte { return msgp.AppendString(b, name) }
func (chunkForm) text(b, s []byte) []byte                  { return msgp.AppendStringFromBytes(b, s) }
func (chunkForm) number(b []byte, n int) []byte            { return msgp.AppendInt(b, n) }

func (chunkForm) seconds(b []byte, ms int64) []byte {
	b = append(b, 0xcb) // float64
	return binary.BigEndian.AppendUint64(b, math.Float64bits(float64(ms)/1000))
}

func (chunkForm) end(b []byte) []byte { return b }

func appendMillis(b []byte, ms int64) []byte {
	n := byte(ms % 1000 / 100)
	return append(b, '0'+n, '0'+byte(ms%100/10), '0'+byte(ms%10))
}

// calendar writes times as ipfixcol2 does, "2026-11-22T09:40:36.788Z". It remembers the second of the last one.
type calendar struct {
	second int64
	text   []byte
}

func (c *calendar) append(b []byte, ms int64) []byte {
	if c.second != ms/1000 {
		c.second = ms / 1000
		c.text = time.Unix(c.second, 0).UTC().AppendFormat(c.text[:0], "2006-01-02T15:04:05.")
	}
	return append(appendMillis(append(b, c.text...), ms), 'Z')
}
