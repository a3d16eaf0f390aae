package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// maxLine is the longest line that is read, in bytes: flow records have a few hundred.
const maxLine = 1 << 20

// ErrLongLine says that a line was passed over for its length.
var ErrLongLine = errors.New("longer than 1 MiB, passed over")

// Lines reads a text line by line, gunzipped or unzstd where its first bytes say so.
type Lines struct {
	in     *bufio.Reader
	number int
	close  func()
}

// NewLines looks at the first bytes. It fails where they can't be read.
func NewLines(r io.Reader) (*Lines, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	l := &Lines{in: in, close: func() {}}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}): // RFC 1952 section 2.3.1
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		l.in = bufio.NewReaderSize(z, 1<<16)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}): // RFC 8878 section 3.1.1
		z, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(1<<27))
		if err != nil {
			return nil, err
		}
		l.in, l.close = bufio.NewReaderSize(z, 1<<16), z.Close
	}
	return l, nil
}

// isChunk tells whether it is msgpack that is no lines.
func (l *Lines) isChunk() bool {
	first, err := l.in.Peek(1)
	return err == nil && flow.IsChunk(first[0])
}

// Number is the number of the line that Next gave last, from 1.
func (l *Lines) Number() int { return l.number }

// Close frees what decompression needs. The input stays open.
func (l *Lines) Close() { l.close() }

// Next gives the next line without its end, valid until the next call. ErrLongLine is no end; io.EOF is the good one.
func (l *Lines) Next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == nil {
		l.number++
		return line[:len(line)-1], nil
	}
	return l.long(line, err)
}

// long goes on with a line that the buffer does not hold, or that has no end.
func (l *Lines) long(head []byte, err error) ([]byte, error) {
	line := bytes.Clone(head)
	for errors.Is(err, bufio.ErrBufferFull) {
		head, err = l.in.ReadSlice('\n')
		if len(line) <= maxLine { // what is longer is only read to its end
			line = append(line, head...)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	l.number++
	line = bytes.TrimSuffix(line, []byte("\n"))
	if len(line) > maxLine {
		return nil, ErrLongLine
	}
	return line, nil
}
