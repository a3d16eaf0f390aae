package journal

import (
	"math"

	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// Kind is what an entry is about.
type Kind byte

// The kinds. Their numbers are on the disk.
const (
	Chunk     Kind = 1 + iota // a chunk of records
	Tick                      // time went on
	Delivered                 // Fluent Bit has copied alerts
	Rules                     // a changed configuration
)

// Fingerprint tells chunks apart.
type Fingerprint [16]byte

// Entry is one entry. On the disk numbers are varints, times Unix milliseconds, and texts have their length before them:
//
//	kind  1 byte
//	now   the wall clock
//	alert number of the newest alert before it; of Delivered: that was delivered
//	...   Chunk: fingerprint (16 bytes), marks, flows
//	      Rules: text of the configuration file, to the end
//
// A mark is its time less that of the mark before, Before, and N. For flows see appendFlows.
type Entry struct {
	Kind  Kind
	Now   int64
	Alert uint64
	Chunk Fingerprint
	Batch flow.Batch // borrowed from what was read, as Text is
	Text  string
}

// AppendHead appends what all entries begin with. What follows depends on the kind.
func AppendHead(b []byte, kind Kind, now int64, alert uint64) []byte {
	return wire.AppendUint(wire.AppendInt(append(b, byte(kind)), now), alert)
}

// AppendBatch appends the marks and flows of a batch.
func AppendBatch(b []byte, batch *flow.Batch) []byte {
	b = wire.AppendUint(b, uint64(len(batch.Marks)))
	var before int64
	for _, m := range batch.Marks {
		b = wire.AppendInt(b, m.Time-before)
		b = wire.AppendUint(b, uint64(m.Before))
		b = wire.AppendUint(b, uint64(m.N))
		before = m.Time
	}
	return appendFlows(b, batch.Flows)
}

// Read reads an entry. Its memory is used again.
func (e *Entry) Read(payload []byte) error {
	r := wire.NewReader(string(payload))
	e.Kind, e.Now, e.Alert, e.Text = Kind(r.Byte()), r.Time(0), r.Uint(), ""
	e.Batch.Reset()
	switch e.Kind {
	case Chunk:
		copy(e.Chunk[:], r.Bytes(uint64(len(e.Chunk))))
		e.readMarks(r)
		e.readFlows(r)
	case Rules:
		e.Text = r.Rest()
	case Tick, Delivered:
	default:
		r.Fail()
	}
	for _, m := range e.Batch.Marks {
		r.Check(int(m.Before) <= len(e.Batch.Flows))
	}
	return r.Close()
}

func (e *Entry) readMarks(r *wire.Reader) {
	var before int64
	for range r.Count(3) {
		before = r.Time(before)
		at, n := r.Uint(), r.Uint()
		r.Check(at <= math.MaxInt32 && n <= math.MaxInt32)
		e.Batch.Marks = append(e.Batch.Marks, flow.Mark{Time: before, Before: int32(at), N: int32(n)})
	}
}
