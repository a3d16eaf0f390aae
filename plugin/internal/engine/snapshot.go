package engine

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
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

// known is what the intake knows of the chunks so far.
type known struct {
	key    [16]byte
	recent []journal.Fingerprint
}

// writeSnapshot writes all that is known.
func (j *judge) writeSnapshot(to io.Writer, k *known) error {
	if _, err := to.Write(j.head(k)); err != nil {
		return err
	}
	return j.detector.Snapshot(to)
}

// head returns all of it but the detector.
func (j *judge) head(k *known) []byte {
	b := wire.AppendText(nil, j.rules.text)
	if j.rules.config.WallClock {
		b = append(b, 'w')
	} else {
		b = append(b, 'f')
	}
	b = append(b, k.key[:]...)
	b = wire.AppendUint(b, uint64(len(k.recent)))
	for _, f := range k.recent {
		b = append(b, f[:]...)
	}
	b = j.quota.appendTo(b)
	b = j.outbox.AppendTo(b)
	return append(wire.AppendUint(nil, uint64(len(b))), b...)
}

// restored is what was read from the disk.
type restored struct {
	memory
	outbox *outbox.Outbox
	dedup  *dedup.Dedup
}

// readSnapshot reads a snapshot to its end. The detector takes the rules that it was made under, which newRules makes of
// their text.
func readSnapshot(snapshot io.Reader, newRules func(text string, wallClock bool) (*rules, error)) (*restored, error) {
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
	key := r.Bytes(16)
	recent := make([]journal.Fingerprint, r.Count(16))
	for i := range recent {
		copy(recent[i][:], r.Bytes(16))
	}
	r.Check(len(recent) <= dedup.Chunks && (clock == 'w' || clock == 'f'))
	var q quota
	q.read(r)
	box := outbox.Read(r, math.MaxInt)
	if err := r.Close(); err != nil {
		return nil, err
	}
	dedup, err := dedup.New([]byte(key))
	if err != nil {
		return nil, err
	}
	dedup.Recent = recent
	rules, err := newRules(strings.Clone(text), clock == 'w')
	if err != nil {
		return nil, err
	}
	m, err := newMemory(rules)
	if err != nil {
		return nil, err
	}
	q.limit = m.quota.limit
	m.quota = q
	return &restored{memory: m, outbox: box, dedup: dedup}, m.detector.Restore(in)
}
