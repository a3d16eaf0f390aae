// Package flow turns what collectors write into detect.Flow.
//
// Bytes come as a Fluent Bit chunk (Decoder.Chunk) or as a line (Decoder.Line, which is brought into the chunk's form and
// goes the same way). A record passes five stations, each in a file of its own:
//
//	decoder.go   the frame: where records begin and end, their event time
//	shape.go     where a record's fields are: records of one exporter look alike, so their layout is learnt once
//	             (survey.go: from what; node.go: how it is known again)
//	msgpack.go   the values: sizes, integers, strings
//	message.go   the fields of a message: wherever the record has them, in lists too (several.go)
//	record.go    what they mean: a Flow, a Mark, or a reason to drop the record
//
// Exporters differ in names and forms only: mapping.go says how a table of names is written, tables.go holds those that
// come with the program. Where a record holds the message itself, sip.go reads it; where it holds another record, wrapped.go
// unwraps it. The parts of a SIP flow are read in extension.go, cseq.go, address.go and time.go.
//
// Whatever a packet carries may stand in a record. So nothing here fails, recurses without bound, or grows with what it
// reads: a bad record is counted with a reason, and its neighbours are decoded.
package flow

import "github.com/siphunt/siphunt/detect"

// Batch is what a decoder found, in the order of the records. It is made to be used again: after some rounds, filling it
// allocates nothing.
//
// The strings of Flows and of Stats.Example are borrowed, from the chunk or from memory of the batch. They are valid
// until Reset, and no longer than the chunk.
type Batch struct {
	Flows []detect.Flow // answers that the detector wants, and requests of the same methods with a User-Agent
	Marks []Mark        // the times of all other records
	Stats Stats

	scratch []byte // strings that differ from the chunk's bytes; JSON lines as msgpack
}

// Mark stands for N records in a row that only move the clock.
type Mark struct {
	Time   int64 // the newest of their times, Unix milliseconds
	Before int32 // index in Flows of the flow that follows them
	N      int32
}

// markSpan is how much older than a mark a record may be and still be folded into it, in milliseconds. It is far below
// any idle timeout, so no record that the detector would call late disappears in a mark.
const markSpan = 60_000

// Stats counts the records of a batch; one that holds several messages counts as so many. Records = Relevant + Other + the sum
// of Dropped.
type Stats struct {
	Records  uint64
	Relevant uint64 // answers in Flows
	Other    uint64 // SIP records that move the clock: requests (those in Flows too), other answers
	Dropped  [NumReasons]uint64
	Example  [NumReasons]string // one record or value of each, cut and escaped, empty where none
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Flows, b.Marks, b.Stats, b.scratch = b.Flows[:0], b.Marks[:0], Stats{}, b.scratch[:0]
}

// mark notes the time of a record that only moves the clock. Ones that are a little late move nothing and are folded.
func (b *Batch) mark(t int64) {
	if n := len(b.Marks); n > 0 {
		m := &b.Marks[n-1]
		if t <= m.Time && m.Time-t <= markSpan && int(m.Before) == len(b.Flows) {
			m.N++
			return
		}
	}
	b.Marks = append(b.Marks, Mark{Time: t, Before: int32(len(b.Flows)), N: 1})
}

// Reason is why a record was dropped.
type Reason uint8

// The reasons.
const (
	NotSIP     Reason = iota // nothing in it says SIP: another flow, a template
	NoAddress                // one of the two addresses is missing or is none
	NoTime                   // its time cannot be read, or is outside of the years 1970 to 9999
	BadType                  // a field holds what it cannot hold: a map for a status, 70000 for a port
	Malformed                // not msgpack or JSON, cut off, or not framed as a record
	Duplicate                // the other half of a biflow that a collector split in two, or a text that another record had
	NoAccount                // an answer that names no account: To and From are missing, empty, or no text
	NumReasons = iota        // the number of reasons
)

// String gives the reason as a word for metrics and logs.
func (r Reason) String() string {
	return [...]string{"not_sip", "no_address", "no_time", "bad_type", "malformed", "duplicate", "no_account"}[r]
}
