package state

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Both kinds of file have one format; integers are little endian:
//
//	0        8     9        16
//	"siphunt\n" kind version 0…   header; kind is 'S' or 'J', version that of the payloads
//	+-------------------------+
//	| length of the payload 4 |   frame: a journal has one for each entry, a snapshot any number and an empty one as its end
//	| CRC-32C 4               |   of the length and the payload
//	| payload                 |
//	+-------------------------+
//
// The length is in the sum, so that a run of zeros, as a crash of the machine may leave it, is no frame.
const (
	magic      = "siphunt\n"
	headerSize = 16
	frameHead  = 8

	snapshotFrame = 1 << 20 // bytes of a snapshot in a frame

	snapshotKind = 'S'
	journalKind  = 'J'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is what a file is that does not have the format.
var errDamaged = errors.New("damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
}

func fileHeader(kind, version byte) []byte {
	return append([]byte(magic), kind, version, 0, 0, 0, 0, 0, 0)
}

// appendFrame makes a frame of a payload that is given in parts.
func appendFrame(dst []byte, parts ...[]byte) ([]byte, error) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if uint64(n) > math.MaxUint32 {
		return dst, fmt.Errorf("%d bytes are too many for one frame", n)
	}
	var head [frameHead]byte
	binary.LittleEndian.PutUint32(head[:], uint32(n))
	binary.LittleEndian.PutUint32(head[4:], sum(head[:4], parts...))
	dst = append(dst, head[:]...)
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst, nil
}

func sum(length []byte, parts ...[]byte) uint32 {
	c := crc32.Checksum(length, castagnoli)
	for _, p := range parts {
		c = crc32.Update(c, castagnoli, p)
	}
	return c
}

// frames reads the frames of a file.
type frames struct {
	version byte
	file    io.Reader
	in      *bufio.Reader // of file
	at      int64         // where the next frame begins
	size    int64         // of the file
	payload []byte
}

// newFrames reads the header. Damage is an errDamaged; what is wrong with the disk, or of a newer version, another error.
func newFrames(r io.Reader, size int64, kind, newest byte) (*frames, error) {
	f := &frames{file: r, in: bufio.NewReaderSize(r, 1<<16), at: headerSize, size: size}
	var head [headerSize]byte
	if err := f.read(head[:]); err != nil {
		return nil, err
	}
	switch {
	case string(head[:len(magic)]) != magic || head[8] != kind:
		return nil, damaged("it does not begin as a file of siphunt's state")
	case head[9] == 0 || head[9] > newest:
		return nil, fmt.Errorf("it has version %d of the format, this siphunt reads versions 1 to %d: it was written by a newer one", head[9], newest)
	}
	f.version = head[9]
	return f, nil
}

// skipTo goes on to where a frame begins, forward only.
func (f *frames) skipTo(at int64) (err error) {
	if at <= f.at {
		return nil
	}
	if file, ok := f.file.(io.Seeker); ok {
		_, err = file.Seek(at, io.SeekStart)
		f.in.Reset(f.file)
	} else {
		_, err = io.CopyN(io.Discard, f.in, at-f.at)
	}
	f.at = at
	return err
}

// next gives the payload of the next frame, valid until the call after; io.EOF is the good end.
func (f *frames) next() ([]byte, error) {
	rest := f.size - f.at
	if rest <= 0 {
		return nil, io.EOF
	}
	if rest < frameHead {
		return nil, damaged("%d bytes are no frame", rest)
	}
	var head [frameHead]byte
	if err := f.read(head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n > rest-frameHead { // before any memory is taken for it
		return nil, damaged("a frame of %d bytes, and %d are there", n, rest-frameHead)
	}
	if int64(cap(f.payload)) < n {
		f.payload = make([]byte, n)
	}
	f.payload = f.payload[:n]
	if err := f.read(f.payload); err != nil {
		return nil, err
	}
	if sum(head[:4], f.payload) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, damaged("a frame's checksum is wrong")
	}
	f.at += frameHead + n
	return f.payload, nil
}

// read fills b. A file that ends before its size was cut while it was read.
func (f *frames) read(b []byte) error {
	_, err := io.ReadFull(f.in, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("it ends in the middle")
	}
	return err
}

// payloads reads those of a snapshot's frames as one. Its end is good if the empty frame is there, and nothing behind it.
type payloads struct {
	*frames
	rest []byte
	err  error // of the file: damage, or the disk's
}

func (p *payloads) Read(b []byte) (int, error) {
	for len(p.rest) == 0 && p.err == nil {
		if p.rest, p.err = p.next(); errors.Is(p.err, io.EOF) {
			p.err = damaged("it has no end")
		} else if p.err == nil && len(p.rest) == 0 {
			p.err = io.EOF
			if p.at != p.size {
				p.err = damaged("%d bytes are behind its end", p.size-p.at)
			}
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	if n == 0 && p.err != nil {
		return 0, p.err
	}
	return n, nil
}
