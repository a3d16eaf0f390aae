package replay

import (
	"errors"
	"fmt"
	"io"

	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// readChunks takes records of msgpack to their end, as Fluent Bit gives them to an output and siphunt generate -format chunks writes
// them: in pieces of whole records.
func (r *Replay) readChunks(name string, l *Lines) error {
	piece := make([]byte, 0, 2*maxLine)
	for taken := int64(0); ; {
		n, err := l.in.Read(piece[len(piece):cap(piece)])
		piece = piece[:len(piece)+n]
		whole := flow.Whole(piece)
		if errors.Is(err, io.EOF) || whole == 0 && len(piece) == cap(piece) { // what is left is no record
			whole = len(piece)
		}
		r.chunk(fmt.Sprintf("%s: byte %d", name, taken), piece[:whole])
		taken += int64(whole)
		piece = piece[:copy(piece, piece[whole:])]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return r.brokenOffAt(fmt.Sprintf("%s: byte %d", name, taken), taken == 0, err)
		}
	}
}

// chunk is Chunk, and says what is wrong with its records.
func (r *Replay) chunk(where string, chunk []byte) {
	r.decoder.Chunk(&r.batch, chunk)
	r.complainOf(where+" and following", [flow.NumReasons]uint64{})
	r.feed()
}
