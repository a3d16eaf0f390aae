package engine

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// errWire is what bytes are that were not written by this package, or by another version of it.
var errWire = errors.New("not understood: it is of another version, or damaged")

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendAddress writes the length, 0 for none, and the bytes.
func appendAddress(b []byte, a netip.Addr) []byte {
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

// wire reads what was written. After the first fault everything is zero and bad is set; no length is believed beyond
// what is there.
type wire struct {
	rest string
	bad  bool
}

func (w *wire) bytes(n uint64) string {
	if n > uint64(len(w.rest)) {
		w.rest, w.bad = "", true
		return ""
	}
	b := w.rest[:n]
	w.rest = w.rest[n:]
	return b
}

func (w *wire) byte() byte {
	if b := w.bytes(1); b != "" {
		return b[0]
	}
	return 0
}

func (w *wire) uint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := w.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	w.rest, w.bad = "", true
	return 0
}

func (w *wire) int() int64 {
	u := w.uint()
	return int64(u>>1) ^ -int64(u&1)
}

// time reads Unix milliseconds, given as the difference to an earlier time. Those outside of the years 1970 to 9999 were
// never written.
func (w *wire) time(before int64) int64 {
	t := before + w.int()
	w.bad = w.bad || t < 0 || t > detect.MaxTime
	return t
}

// count reads how many things follow, each of which takes size bytes at least.
func (w *wire) count(size int) int {
	n := w.uint()
	if n > uint64(len(w.rest)/size) {
		w.rest, w.bad = "", true
		return 0
	}
	return int(n)
}

func (w *wire) text() string { return w.bytes(w.uint()) }

func (w *wire) uint16() uint16 {
	v := w.uint()
	w.bad = w.bad || v > 1<<16-1
	return uint16(v)
}

func (w *wire) address() netip.Addr {
	n := w.byte()
	a, ok := netip.AddrFromSlice([]byte(w.bytes(uint64(n))))
	w.bad = w.bad || !ok && n != 0
	return a
}
