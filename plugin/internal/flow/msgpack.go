package flow

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// The format is https://github.com/msgpack/msgpack/blob/master/spec.md. A position that a function here is given to read
// at lies in bytes that skip has been over, so what is there is whole.

// sizes has the size of a value by its first byte, header and body; 0 where more bytes tell, or where there are members.
var sizes = func() (s [256]uint8) {
	for c := range s {
		switch {
		case c <= 0x7f || c >= 0xe0: // integers of one byte
			s[c] = 1
		case c >= 0xa0 && c <= 0xbf: // short strings
			s[c] = uint8(1 + c&0x1f)
		}
	}
	for c, size := range map[int]uint8{
		0x80: 1, 0x90: 1, // empty map, empty array
		0xc0: 1, 0xc2: 1, 0xc3: 1, // nil, false, true
		0xca: 5, 0xcb: 9, // float
		0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, 0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9, // integers
		0xd4: 3, 0xd5: 4, 0xd6: 6, 0xd7: 10, 0xd8: 18, // fixext
	} {
		s[c] = size
	}
	return s
}()

// skip returns the position behind the value at p, -1 if b ends before or there is no value. It works through members one
// after the other instead of descending, so that depth costs nothing.
func skip(b []byte, p int) int {
	for todo := 1; todo > 0; todo-- {
		if uint(p) >= uint(len(b)) {
			return -1
		}
		if size := int(sizes[b[p]]); size != 0 {
			p += size
			continue
		}
		size, members := long(b, p)
		if size == 0 {
			return -1
		}
		p += size
		todo += members
	}
	if p > len(b) {
		return -1
	}
	return p
}

// long measures a value that sizes does not: its size without its members, and their number. Size 0: there is no value.
func long(b []byte, p int) (size, members int) {
	c := b[p]
	switch {
	case c&0xf0 == 0x80:
		return 1, 2 * int(c&0x0f)
	case c&0xf0 == 0x90:
		return 1, int(c & 0x0f)
	}
	width := 0 // of the length that follows
	switch c {
	case 0xc4, 0xc7, 0xd9:
		width = 1
	case 0xc5, 0xc8, 0xda, 0xdc, 0xde:
		width = 2
	case 0xc6, 0xc9, 0xdb, 0xdd, 0xdf:
		width = 4
	}
	if width == 0 || len(b)-p <= width {
		return 0, 0
	}
	promised := bigEndian(b[p+1 : p+1+width])
	if promised > uint64(len(b)) { // bytes or members, more than there can be; nor may an int of 32 bits turn negative
		return 0, 0
	}
	n := int(promised)
	switch c {
	case 0xc7, 0xc8, 0xc9: // ext: a type follows the length
		return 2 + width + n, 0
	case 0xdc, 0xdd:
		return 1 + width, n
	case 0xde, 0xdf:
		return 1 + width, 2 * n
	}
	return 1 + width + n, 0
}

// members returns the number of members of the map or array (base 0x80 or 0x90, wide 0xde or 0xdc) at p, and where they
// begin. ok is false if it is something else.
func members(b []byte, p int, base, wide byte) (n, at int, ok bool) {
	c := b[p]
	if c&0xf0 != base && c != wide && c != wide+1 {
		return 0, 0, false
	}
	if c == base {
		return 0, p + 1, true
	}
	size, n := long(b, p)
	if base == 0x80 {
		n /= 2
	}
	return n, p + size, size > 0
}

func mapAt(b []byte, p int) (n, at int, ok bool)   { return members(b, p, 0x80, 0xde) }
func arrayAt(b []byte, p int) (n, at int, ok bool) { return members(b, p, 0x90, 0xdc) }

func bigEndian(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// unwrap steps into an array of one: some exporters wrap every value.
func unwrap(b []byte, p int) int {
	if c := b[p]; c&0xf0 == 0x90 || c == 0xdc || c == 0xdd {
		if n, at, ok := arrayAt(b, p); ok && n == 1 {
			return at
		}
	}
	return p
}

// stringAt reads a string (binary data too; nil is empty). It is borrowed from b.
func stringAt(b []byte, p int) (s string, ok bool) {
	if c := b[p]; c&0xe0 == 0xa0 {
		return borrow(b[p+1 : p+1+int(c&0x1f)]), true
	}
	return longStringAt(b, p)
}

func longStringAt(b []byte, p int) (s string, ok bool) {
	p = unwrap(b, p)
	head := 0
	switch b[p] {
	case 0xc0:
		return "", true
	case 0xd9, 0xc4:
		head = 2
	case 0xda, 0xc5:
		head = 3
	case 0xdb, 0xc6:
		head = 5
	default:
		if !isString(b[p]) {
			return "", false
		}
		head = 1
	}
	return borrow(b[p+head : skip(b, p)]), true
}

// intAt reads an integer: as such, as a float without fraction (a Lua filter makes floats of all numbers), or as a string
// of digits. Nil and the empty string are 0.
func intAt(b []byte, p int) (n int64, ok bool) {
	p = unwrap(b, p)
	c, body := b[p], b[p+1:]
	switch c {
	case 0xc0:
		return 0, true
	case 0xcc:
		return int64(body[0]), true
	case 0xcd:
		return int64(binary.BigEndian.Uint16(body)), true
	case 0xce:
		return int64(binary.BigEndian.Uint32(body)), true
	case 0xcf, 0xd3:
		n = int64(binary.BigEndian.Uint64(body))
		return n, n >= 0 || c == 0xd3
	case 0xd0:
		return int64(int8(body[0])), true
	case 0xd1:
		return int64(int16(binary.BigEndian.Uint16(body))), true
	case 0xd2:
		return int64(int32(binary.BigEndian.Uint32(body))), true
	case 0xca, 0xcb:
		f := floatAt(b, p)
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	if c <= 0x7f || c >= 0xe0 {
		return int64(int8(c)), true
	}
	s, ok := stringAt(b, p)
	if !ok || s == "" {
		return 0, ok
	}
	if n, ok := natural(s); ok {
		return n, true
	}
	if !consistsOf(s, "+-0123456789") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// natural reads a number of at most 18 digits, as nearly all are.
func natural(s string) (n int64, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) <= 18
}

// consistsOf says whether all bytes of s are among those. It keeps what is no number from strconv, whose errors cost memory.
func consistsOf(s, bytes string) bool {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(bytes, s[i]) < 0 {
			return false
		}
	}
	return true
}

// floatAt reads a float, of which isFloat has said that it is there.
func floatAt(b []byte, p int) float64 {
	if b[p] == 0xca {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b[p+1:])))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[p+1:]))
}

func isFloat(c byte) bool { return c == 0xca || c == 0xcb }
func isString(c byte) bool {
	return c >= 0xa0 && c <= 0xbf || c >= 0xd9 && c <= 0xdb || c >= 0xc4 && c <= 0xc6
}

// borrow gives bytes as a string without a copy: it changes when they do.
func borrow(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
