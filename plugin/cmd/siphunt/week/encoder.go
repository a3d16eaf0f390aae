package week

import (
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// Encoder writes steps as records.
//
// Eleven of twelve records only move the clock. They are written once, into a ring of some thousands, and copied from
// there with their times written over. (That is five times as fast.)
type Encoder struct {
	records *traffic.Encoder
	others  ring
	before  int64 // time of the last step
	step    Step
}

// NewEncoder makes one for a form and names, as in package traffic.
func NewEncoder(form, names string) (*Encoder, error) {
	records, err := traffic.NewEncoder(form, names)
	if err != nil {
		return nil, err
	}
	return &Encoder{records: records, others: newRing(records), before: Start}, nil
}

// Chunk appends steps until it has about 2 MiB. It tells how many records they are, and whether there are more.
func (e *Encoder) Chunk(b []byte, g *Generator) (_ []byte, records int, more bool) {
	for s := &e.step; len(b) < traffic.ChunkSize; {
		if !g.Next(s) {
			return b, records, false
		}
		b = e.Append(b, s)
		records += s.Others
		if s.Flow.Status > 0 {
			records += 2
		}
	}
	return b, records, true
}

// Append writes the records of a step: what passed before it, the request, the answer.
func (e *Encoder) Append(b []byte, s *Step) []byte {
	for i := range s.Others {
		b = e.others.append(b, e.records, e.before+(s.Flow.Time-e.before)*int64(i)/int64(s.Others))
	}
	e.before = s.Flow.Time
	if s.Flow.Status == 0 {
		return b
	}
	f := &s.Flow
	m := traffic.Register(f.Time, netip.AddrPortFrom(f.Client, f.ClientPort), netip.AddrPortFrom(f.Registrar, f.RegistrarPort),
		f.Extension, f.UserAgent)
	m.Transport, m.CallID, m.CSeq = f.Transport, s.CallID, s.CSeq
	b = e.records.Append(b, &m)
	m.Answer(int(f.Status))
	return e.records.Append(b, &m)
}
