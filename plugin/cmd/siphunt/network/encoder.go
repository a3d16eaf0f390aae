package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// Encoder writes records as a collector does.
type Encoder struct {
	records *traffic.Encoder
	record  Record
}

// NewEncoder makes one for a form and names, as in package traffic.
func NewEncoder(form, names string) (*Encoder, error) {
	records, err := traffic.NewEncoder(form, names)
	if err != nil {
		return nil, err
	}
	return &Encoder{records: records}, nil
}

// Chunk appends records until it has about 2 MiB. It tells whether there are more.
func (e *Encoder) Chunk(b []byte, g *Generator) (_ []byte, more bool) {
	for len(b) < traffic.ChunkSize {
		if !g.Next(&e.record) {
			return b, false
		}
		b = e.Append(b, &e.record)
	}
	return b, true
}

// Append writes a record.
func (e *Encoder) Append(b []byte, r *Record) []byte {
	account := r.Extension
	if r.Spelling != "" {
		account = r.Spelling
	}
	m := traffic.Register(r.Time, netip.AddrPortFrom(r.Client, r.ClientPort), netip.AddrPortFrom(r.Registrar, r.RegistrarPort),
		account, r.UserAgent)
	m.Transport, m.CallID, m.CSeq, m.Probe = r.Transport, r.CallID, r.CSeq, r.Probe
	if r.Status > 0 {
		m.Answer(int(r.Status))
	}
	return e.records.Append(b, &m)
}
