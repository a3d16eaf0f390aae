package judge

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/quota"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// A snapshot holds what must outlive the process:
//
//	length of what comes before the detector
//	the rules in force: text of the configuration file, clock ('w' wall, 'f' flow)
//	key of the fingerprints (16 bytes), number of fingerprints, the fingerprints
//	quota: minute, alerts that passed, number of kinds, number of states, folded alerts by kind and state
//	outbox: see package outbox
//	the detector, as detect.Detector writes it, to the end
//
// Numbers are varints, texts have their length before them.

// WriteSnapshot writes all that is known.
func (j *Judge) WriteSnapshot(to io.Writer, k *dedup.Known) error {
	if _, err := to.Write(j.head(k)); err != nil {
		return err
	}
	return j.Detector.Snapshot(to)
}

// head returns all of it but the detector.
func (j *Judge) head(k *dedup.Known) []byte {
	b := wire.AppendText(nil, j.Rules.Text)
	if j.Rules.Config.WallClock {
		b = append(b, 'w')
	} else {
		b = append(b, 'f')
	}
	b = append(b, k.Key[:]...)
	b = wire.AppendUint(b, uint64(len(k.Recent)))
	for _, f := range k.Recent {
		b = append(b, f[:]...)
	}
	b = j.quota.AppendTo(b)
	b = j.Outbox.AppendTo(b)
	return append(wire.AppendUint(nil, uint64(len(b))), b...)
}

// Restored is what was read from the disk.
type Restored struct {
	Memory
	Outbox *outbox.Outbox
	Dedup  *dedup.Dedup
}

// readSnapshot reads a snapshot to its end. The detector takes the rules that it was made under, which parse makes of their
// text.
func readSnapshot(snapshot io.Reader, parse Parser) (*Restored, error) {
	in := bufio.NewReaderSize(snapshot, 1<<16)
	length, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(in, int64(length&math.MaxInt64)))
	if err != nil {
		return nil, err
	}
	r := wire.NewReader(string(head))
	text, clock := r.Text(), r.Byte()
	known := &dedup.Known{}
	copy(known.Key[:], r.Bytes(16))
	known.Recent = make([]journal.Fingerprint, r.Count(16))
	for i := range known.Recent {
		copy(known.Recent[i][:], r.Bytes(16))
	}
	r.Check(len(known.Recent) <= dedup.Chunks && (clock == 'w' || clock == 'f'))
	var q quota.Quota
	q.Read(r)
	box := outbox.Read(r, math.MaxInt)
	if err := r.Close(); err != nil {
		return nil, err
	}
	chunks, err := dedup.Restore(known)
	if err != nil {
		return nil, err
	}
	then, err := parse(strings.Clone(text), clock == 'w')
	if err != nil {
		return nil, err
	}
	m, err := newMemory(then)
	if err != nil {
		return nil, err
	}
	q.Limit = m.quota.Limit
	m.quota = q
	err = m.Detector.Restore(in)
	stats := m.Detector.Stats()
	m.Measured.Resume(&stats)
	return &Restored{Memory: m, Outbox: box, Dedup: chunks}, err
}
