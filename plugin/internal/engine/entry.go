package engine

import (
	"encoding/binary"
	"math"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// An entry of the journal is something that the detector or the outbox was told. Numbers are varints, times Unix
// milliseconds, texts have their length before them:
//
//	kind  1 byte
//	now   the wall clock
//	alert number of the newest alert before it; of entryDelivered: that was delivered
//	...   entryFlows: fingerprint of the chunk (16 bytes), marks, flows
//	      entryRules: text of the configuration file, to the end
//
// A mark is its time less that of the mark before, Before, and N. A flow says in its first byte what it has in common
// with the flow before, so that a thousand guesses of one attack take little: see appendFlows.
const (
	entryFlows     = 1 + iota // a chunk
	entryTick                 // time went on
	entryDelivered            // Fluent Bit has copied alerts
	entryRules                // a changed configuration
)

// entry is one that was read. Its texts are borrowed.
type entry struct {
	kind  byte
	now   int64
	alert uint64
	chunk fingerprint
	batch flow.Batch
	text  string
}

func appendEntry(b []byte, kind byte, now int64, alert uint64) []byte {
	b = binary.AppendVarint(append(b, kind), now)
	return binary.AppendUvarint(b, alert)
}

// read takes an entry from a payload.
func (n *entry) read(payload []byte) error {
	w := &wire{rest: string(payload)}
	n.kind, n.now, n.alert = w.byte(), w.time(0), w.uint()
	n.batch.Reset()
	switch n.kind {
	case entryFlows:
		copy(n.chunk[:], w.bytes(uint64(len(n.chunk))))
		n.readMarks(w)
		n.readFlows(w)
	case entryRules:
		n.text = w.bytes(uint64(len(w.rest)))
	case entryTick, entryDelivered:
	default:
		return errWire
	}
	for _, m := range n.batch.Marks {
		w.bad = w.bad || int(m.Before) > len(n.batch.Flows)
	}
	if w.bad || w.rest != "" {
		return errWire
	}
	return nil
}

// appendBatch writes the marks and flows of a batch.
func appendBatch(b []byte, batch *flow.Batch) []byte {
	b = binary.AppendUvarint(b, uint64(len(batch.Marks)))
	var before int64
	for _, m := range batch.Marks {
		b = binary.AppendVarint(b, m.Time-before)
		b = binary.AppendUvarint(b, uint64(m.Before))
		b = binary.AppendUvarint(b, uint64(m.N))
		before = m.Time
	}
	return appendFlows(b, batch.Flows)
}

func (n *entry) readMarks(w *wire) {
	var before int64
	for range w.count(3) {
		before = w.time(before)
		at, many := w.uint(), w.uint()
		w.bad = w.bad || at > math.MaxInt32 || many > math.MaxInt32
		n.batch.Marks = append(n.batch.Marks, flow.Mark{Time: before, Before: int32(at), N: int32(many)})
	}
}

// The first byte of a flow: what is as in the flow before, and the transport in the two highest bits.
const (
	sameRegistrar = 1 << iota
	sameClient
	sameExtension
	sameUserAgent
	sameProbe
	transportShift = 6
)

func appendFlows(b []byte, flows []detect.Flow) []byte {
	b = binary.AppendUvarint(b, uint64(len(flows)))
	before := &detect.Flow{}
	for i := range flows {
		f := &flows[i]
		head := len(b)
		same := byte(f.Transport) << transportShift
		b = append(b, 0)
		b = binary.AppendVarint(b, f.Time-before.Time)
		b = binary.AppendUvarint(b, uint64(f.Status))
		b = binary.AppendUvarint(b, uint64(f.RegistrarPort))
		b = binary.AppendUvarint(b, uint64(f.ClientPort))
		if f.Registrar == before.Registrar {
			same |= sameRegistrar
		} else {
			b = appendAddress(b, f.Registrar)
		}
		if f.Client == before.Client {
			same |= sameClient
		} else {
			b = appendAddress(b, f.Client)
		}
		if f.Extension == before.Extension {
			same |= sameExtension
		} else {
			b = appendText(b, f.Extension)
		}
		if f.UserAgent == before.UserAgent {
			same |= sameUserAgent
		} else {
			b = appendText(b, f.UserAgent)
		}
		if f.Probe == before.Probe {
			same |= sameProbe
		} else {
			b = appendText(b, f.Probe)
		}
		b[head] = same
		before = f
	}
	return b
}

func (n *entry) readFlows(w *wire) {
	var f detect.Flow
	for range w.count(5) {
		same := w.byte()
		f.Transport = detect.Transport(same >> transportShift)
		f.Time = w.time(f.Time)
		f.Status, f.RegistrarPort, f.ClientPort = w.uint16(), w.uint16(), w.uint16()
		if same&sameRegistrar == 0 {
			f.Registrar = w.address()
		}
		if same&sameClient == 0 {
			f.Client = w.address()
		}
		if same&sameExtension == 0 {
			f.Extension = w.text()
		}
		if same&sameUserAgent == 0 {
			f.UserAgent = w.text()
		}
		if same&sameProbe == 0 {
			f.Probe = w.text()
		}
		n.batch.Flows = append(n.batch.Flows, f)
	}
}
