package engine

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// memory is what must outlive the process, so what a snapshot holds:
//
//	length of what comes before the detector
//	version 1 byte
//	the rules in force: text of the configuration file, clock ('w' wall, 'f' flow)
//	key of the fingerprints (16 bytes), number of fingerprints, the fingerprints
//	quota: minute, alerts that passed, folded alerts by kind and state
//	outbox: number of the newest alert, how many are not delivered, of each its number, 1 for an update else 0, its record
//	the detector, as detect.Detector writes it, to the end
//
// Numbers are varints, texts have their length before them.
type memory struct {
	detector   *detect.Detector
	outbox     outbox
	quota      quota
	deliveries *deliveries // nil without state_dir
}

const memoryVersion = 1

// head writes all of it but the detector, with the rules in force.
func (m *memory) head(r *rules) []byte {
	b := appendText([]byte{memoryVersion}, r.text)
	if r.config.WallClock {
		b = append(b, 'w')
	} else {
		b = append(b, 'f')
	}
	b = append(b, m.deliveries.key[:]...)
	recent := m.deliveries.inOrder()
	b = binary.AppendUvarint(b, uint64(len(recent)))
	for _, f := range recent {
		b = append(b, f[:]...)
	}
	b = binary.AppendVarint(b, m.quota.minute)
	b = binary.AppendUvarint(b, uint64(m.quota.passed))
	for _, list := range m.quota.folded {
		for _, n := range list {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = binary.AppendUvarint(b, m.outbox.arrived)
	parcels := m.outbox.undelivered()
	b = binary.AppendUvarint(b, uint64(len(parcels)))
	for _, p := range parcels {
		b = binary.AppendUvarint(b, p.number)
		if p.update {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = appendText(b, p.record)
	}
	return append(binary.AppendUvarint(nil, uint64(len(b))), b...)
}

// readMemory reads a snapshot to its end. The detector takes the rules that it was made under, which newRules makes of their text.
func readMemory(snapshot io.Reader, newRules func(text string, wallClock bool) (*rules, error)) (*memory, *rules, error) {
	in := bufio.NewReaderSize(snapshot, 1<<16)
	length, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, nil, err
	}
	head, err := io.ReadAll(io.LimitReader(in, int64(length&math.MaxInt64)))
	if err != nil {
		return nil, nil, err
	}
	w := &wire{rest: string(head)}
	if w.byte() != memoryVersion {
		return nil, nil, errWire
	}
	text, clock := w.text(), w.byte()
	m := &memory{}
	key := w.bytes(16)
	recent := make([]fingerprint, w.count(16))
	for i := range recent {
		copy(recent[i][:], w.bytes(16))
	}
	m.readQuota(w)
	m.readOutbox(w)
	if w.bad || w.rest != "" || len(recent) > recentChunks || clock != 'w' && clock != 'f' {
		return nil, nil, errWire
	}
	if m.deliveries, err = newDeliveries([]byte(key)); err != nil {
		return nil, nil, err
	}
	m.deliveries.recent = recent
	r, err := newRules(strings.Clone(text), clock == 'w')
	if err != nil {
		return nil, nil, err
	}
	if m.detector, err = detect.New(r.config.Detector); err != nil {
		return nil, nil, err
	}
	return m, r, m.detector.Restore(in)
}

func (m *memory) readQuota(w *wire) {
	m.quota.minute, m.quota.passed = w.int(), int(w.uint())
	for k := range m.quota.folded {
		for s := range m.quota.folded[k] {
			m.quota.folded[k][s] = int(w.uint())
		}
	}
}

func (m *memory) readOutbox(w *wire) {
	m.outbox.arrived = w.uint()
	for range w.count(3) {
		p := parcel{number: w.uint(), update: w.byte() != 0, record: []byte(w.text())}
		m.outbox.put(p)
	}
}
