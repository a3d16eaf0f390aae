// Package wire is how numbers, texts and addresses are written to disk: numbers are varints, texts and addresses have
// their length before them.
package wire

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// ErrFormat says that bytes were not written by this version of siphunt, or are damaged.
var ErrFormat = errors.New("not understood: it is of another version, or damaged")

// AppendUint appends a number.
func AppendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// AppendInt appends a number that may be negative.
func AppendInt(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// AppendText appends a text with its length.
func AppendText[T string | []byte](b []byte, s T) []byte {
	return append(AppendUint(b, uint64(len(s))), s...)
}

// AppendAddress appends the length of an address, 0 for none, and its bytes.
func AppendAddress(b []byte, a netip.Addr) []byte {
	switch {
	case a.Is4():
		v := a.As4()
		return append(append(b, 4), v[:]...)
	case a.Is6():
		v := a.As16()
		return append(append(b, 16), v[:]...)
	}
	return append(b, 0)
}

// Reader reads what was appended. After the first fault all that it returns is zero, and Err says so. No length is believed
// beyond what is there. Texts are borrowed.
type Reader struct {
	rest string
	bad  bool
}

// NewReader returns a reader of a text.
func NewReader(text string) *Reader { return &Reader{rest: text} }

// Fail makes all that follows a fault.
func (r *Reader) Fail() { r.rest, r.bad = "", true }

// Check fails unless what was read is plausible.
func (r *Reader) Check(ok bool) {
	if !ok {
		r.Fail()
	}
}

// Err returns ErrFormat after a fault, or nil.
func (r *Reader) Err() error {
	if r.bad {
		return ErrFormat
	}
	return nil
}

// Close returns ErrFormat after a fault, or if not all was read.
func (r *Reader) Close() error {
	r.Check(r.rest == "")
	return r.Err()
}

// Bytes reads n bytes.
func (r *Reader) Bytes(n uint64) string {
	if n > uint64(len(r.rest)) {
		r.Fail()
		return ""
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// Rest reads all that is left.
func (r *Reader) Rest() string { return r.Bytes(uint64(len(r.rest))) }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); b != "" {
		return b[0]
	}
	return 0
}

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint([]byte(r.rest)) // not copied: the compiler sees that it is only read
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Uint16 reads a number of 16 bits.
func (r *Reader) Uint16() uint16 {
	v := r.Uint()
	r.Check(v <= 1<<16-1)
	return uint16(v)
}

// Int reads a number that may be negative.
func (r *Reader) Int() int64 {
	v, n := binary.Varint([]byte(r.rest))
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Time reads Unix milliseconds, which are written as the difference to an earlier time. Those outside of the years 1970 to
// 9999 were never written.
func (r *Reader) Time(before int64) int64 {
	t := before + r.Int()
	r.Check(t >= 0 && t <= detect.MaxTime)
	return t
}

// Count reads how many things follow, each of which takes size bytes at least.
func (r *Reader) Count(size int) int {
	n := r.Uint()
	if n > uint64(len(r.rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Text reads a text.
func (r *Reader) Text() string { return r.Bytes(r.Uint()) }

// Address reads an address, which may be none.
func (r *Reader) Address() netip.Addr {
	n := r.Byte()
	a, ok := netip.AddrFromSlice([]byte(r.Bytes(uint64(n))))
	r.Check(ok || n == 0)
	return a
}
