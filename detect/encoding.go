package detect

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/axiomhq/hyperloglog"
)

// encoder writes a snapshot; the first error stays.
type encoder struct {
	w   io.Writer
	buf []byte // not written yet
	err error
}

// encoderBlock is how many bytes are written at once, or a record more.
const encoderBlock = 1 << 16

func newEncoder(w io.Writer) *encoder { return &encoder{w: w, buf: make([]byte, 0, 2*encoderBlock)} }

// spill writes what was encoded, if it is enough.
func (e *encoder) spill(enough int) {
	if len(e.buf) < enough || e.err != nil {
		return
	}
	_, e.err = e.w.Write(e.buf)
	e.buf = e.buf[:0]
}

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

func (e *encoder) int(n int64) { e.buf = binary.AppendVarint(e.buf, n) }

func (e *encoder) bytes(b []byte) {
	e.uint(uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

// used writes a truth, and gives it back.
func (e *encoder) used(b bool) bool {
	if b {
		e.uint(1)
	} else {
		e.uint(0)
	}
	return b
}

func (e *encoder) list(n int, each func(i int)) {
	e.uint(uint64(n))
	for i := range n {
		each(i)
		e.spill(encoderBlock)
	}
}

// sketch writes an estimate. Estimating sorts what it has taken lately, so that the same sketch gives the same bytes.
func (e *encoder) sketch(s *hyperloglog.Sketch) {
	s.Estimate()
	b, err := s.MarshalBinary()
	if err != nil && e.err == nil {
		e.err = err
	}
	e.bytes(b)
}

// decoder reads a snapshot; after the first error everything reads as zero.
type decoder struct {
	r   *bufio.Reader
	err error
}

func (r *decoder) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("snapshot of the detector: "+format, args...)
	}
}

func (r *decoder) check(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		r.fail("%w", err)
	}
}

// uint reads a number of at most limit.
func (r *decoder) uint(limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.r)
	r.check(err)
	if n > limit {
		r.fail("%d where at most %d makes sense", n, limit)
		return 0
	}
	return n
}

func (r *decoder) int() int64 {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadVarint(r.r)
	r.check(err)
	return n
}

// time reads a time that a clock can show.
func (r *decoder) time() int64 {
	t := r.int()
	if t < 0 || t > MaxTime {
		r.fail("time %d", t)
		return 0
	}
	return t
}

// bytes reads at most limit bytes.
func (r *decoder) bytes(limit int) []byte {
	b := make([]byte, r.uint(uint64(limit)))
	_, err := io.ReadFull(r.r, b)
	r.check(err)
	return b
}

func (r *decoder) address() (a [16]byte) {
	if b := r.bytes(len(a)); len(b) == len(a) {
		copy(a[:], b)
	} else {
		r.fail("an address of %d bytes", len(b))
	}
	return a
}

func (r *decoder) sketch() *hyperloglog.Sketch {
	s := hyperloglog.New14()
	if b := r.bytes(1 << 20); r.err == nil {
		r.check(s.UnmarshalBinary(b))
	}
	return s
}

// end fails where something follows.
func (r *decoder) end() {
	if r.err != nil {
		return
	}
	if _, err := r.r.ReadByte(); err == nil {
		r.fail("something follows")
	} else if err != io.EOF {
		r.check(err)
	}
}

func (r *decoder) text(limit int) string { return string(r.bytes(limit)) }

func (r *decoder) used() bool { return r.uint(1) == 1 }

// list reads as many as there are, and stops at the first error: nothing is allocated for what is only promised.
func (r *decoder) list(limit int, each func(i int)) {
	for i, n := 0, int(r.uint(uint64(limit))); i < n && r.err == nil; i++ {
		each(i)
	}
}
