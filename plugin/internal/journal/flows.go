package journal

import (
	"encoding/binary"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// The first byte of a flow: what is as in the flow before, whether it has a Message, and the transport in the two highest
// bits.
const (
	sameRegistrar = 1 << iota
	sameClient
	sameExtension
	sameUserAgent
	sameProbe
	hasMessage
	transportShift = 6
)

// messageSize is that of Message on the disk, which is a hash: a varint would be longer.
const messageSize = 8

// appendFlows writes flows. Each says in its first byte what it has in common with the one before, so that a thousand
// guesses of one attack take little.
func appendFlows(b []byte, flows []detect.Flow) []byte {
	b = wire.AppendUint(b, uint64(len(flows)))
	before := &detect.Flow{}
	for i := range flows {
		b = appendFlow(b, &flows[i], before)
		before = &flows[i]
	}
	return b
}

func appendFlow(b []byte, f, before *detect.Flow) []byte {
	head := len(b)
	first := byte(f.Transport) << transportShift
	b = append(b, 0)
	b = wire.AppendInt(b, f.Time-before.Time)
	b = wire.AppendUint(b, uint64(f.Status))
	b = wire.AppendUint(b, uint64(f.RegistrarPort))
	b = wire.AppendUint(b, uint64(f.ClientPort))
	if f.Registrar == before.Registrar {
		first |= sameRegistrar
	} else {
		b = wire.AppendAddress(b, f.Registrar)
	}
	if f.Client == before.Client {
		first |= sameClient
	} else {
		b = wire.AppendAddress(b, f.Client)
	}
	if f.Extension == before.Extension {
		first |= sameExtension
	} else {
		b = wire.AppendText(b, f.Extension)
	}
	if f.UserAgent == before.UserAgent {
		first |= sameUserAgent
	} else {
		b = wire.AppendText(b, f.UserAgent)
	}
	if f.Probe == before.Probe {
		first |= sameProbe
	} else {
		b = wire.AppendText(b, f.Probe)
	}
	if f.Message != 0 {
		first |= hasMessage
		b = binary.LittleEndian.AppendUint64(b, f.Message)
	}
	b[head] = first
	return b
}

func (e *Entry) readFlows(r *wire.Reader) {
	var f detect.Flow
	for range r.Count(5) {
		readFlow(r, &f)
		e.Batch.Flows = append(e.Batch.Flows, f)
	}
}

// readFlow reads a flow in the place of the one before.
func readFlow(r *wire.Reader, f *detect.Flow) {
	first := r.Byte()
	f.Transport = detect.Transport(first >> transportShift)
	f.Time = r.Time(f.Time)
	f.Status, f.RegistrarPort, f.ClientPort = r.Uint16(), r.Uint16(), r.Uint16()
	if first&sameRegistrar == 0 {
		f.Registrar = r.Address()
	}
	if first&sameClient == 0 {
		f.Client = r.Address()
	}
	if first&sameExtension == 0 {
		f.Extension = r.Text()
	}
	if first&sameUserAgent == 0 {
		f.UserAgent = r.Text()
	}
	if first&sameProbe == 0 {
		f.Probe = r.Text()
	}
	f.Message = 0
	if first&hasMessage != 0 {
		if m := r.Bytes(messageSize); m != "" {
			f.Message = binary.LittleEndian.Uint64([]byte(m))
		}
	}
}
