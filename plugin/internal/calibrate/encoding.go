package calibrate

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// FileName is the file that a running siphunt keeps what it has measured in, in the folder of its state.
const FileName = "calibration"

// What a collector has measured, as bytes:
//
//	magic, version
//	text of the configuration that was in force
//	first and last time, when somebody was warned last, totals, the most pairs
//	figures of the registrars without figures of their own; those that have some: address, runs, figures; runs of others
//	candidates for the allowlist
//	CRC-32 (Castagnoli) of all before it, 4 bytes
//
// Figures are the number of histograms that are not empty, and each with its measure, its class, and its buckets. Numbers are varints.
// What is open still, windows of half an hour and groups that are suspicious, is not in it.
const (
	magic   = "siphunt calibration"
	version = 1
)

// AppendTo appends what was measured; configuration is the text of the file that was in force.
func (c *Collector) AppendTo(b []byte, configuration string) []byte {
	begin := len(b)
	b = wire.AppendText(b, magic)
	b = wire.AppendUint(b, version)
	b = wire.AppendText(b, configuration)
	b = wire.AppendInt(wire.AppendInt(wire.AppendInt(b, c.first), c.now-c.first), c.warned)
	for _, n := range c.totals() {
		b = wire.AppendUint(b, *n)
	}
	b = wire.AppendUint(b, uint64(c.pairs))
	b = c.registrars.appendTo(b)
	b = c.candidates.appendTo(b)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// totals are all counters.
func (c *Collector) totals() []*uint64 {
	stats := counters(&c.stats)
	return append([]*uint64{&c.acceptances, &c.doubled}, stats[:]...)
}

// Read returns the collector of what AppendTo has written, for a detector with that configuration, and the text of the configuration that
// was in force.
func Read(text string, cfg *detect.Config) (c *Collector, configuration string, err error) {
	end := len(text) - crc32.Size
	if end < 0 || binary.BigEndian.Uint32([]byte(text[end:])) != crc32.Checksum([]byte(text[:end]), castagnoli) {
		return nil, "", wire.ErrFormat
	}
	return read(text[:end], cfg)
}

// read reads all but the checksum.
func read(text string, cfg *detect.Config) (c *Collector, configuration string, err error) {
	r := wire.NewReader(text)
	if r.Text() != magic {
		return nil, "", wire.ErrFormat
	}
	if v := r.Uint(); r.Err() == nil && v != version {
		return nil, "", fmt.Errorf("version %d is not known, only %d", v, version)
	}
	configuration = strings.Clone(r.Text())
	c = NewCollector(cfg)
	c.first = r.Time(0)
	c.now = r.Time(c.first)
	c.warned = r.Time(0)
	r.Check(c.now >= c.first)
	for _, n := range c.totals() {
		*n = r.Uint()
		r.Check(*n <= maxCount)
	}
	pairs := r.Uint()
	r.Check(pairs <= maxValue)
	c.pairs = int(pairs)
	c.registrars.read(r)
	c.candidates.read(r)
	if err := r.Close(); err != nil {
		return nil, "", err
	}
	return c, configuration, nil
}

func (r *registrars) appendTo(b []byte) []byte {
	b = r.rest.appendTo(b)
	b = wire.AppendUint(b, uint64(len(r.tracked)))
	for _, a := range r.busiest() {
		b = wire.AppendUint(wire.AppendAddress(b, a), r.tracked[a].runs)
		b = r.tracked[a].appendTo(b)
	}
	b = wire.AppendUint(b, uint64(len(r.others)))
	for _, a := range byRuns(r.others) {
		b = wire.AppendUint(wire.AppendAddress(b, a), r.others[a])
	}
	return b
}

func (r *registrars) read(in *wire.Reader) {
	r.rest.read(in)
	n := in.Count(2)
	in.Check(n <= maxTracked)
	for range n {
		a, runs := in.Address(), in.Uint()
		in.Check(a.IsValid() && r.tracked[a] == nil && runs <= maxCount)
		if in.Err() != nil {
			return
		}
		r.tracked[a] = &tracked{runs: runs}
		r.tracked[a].read(in)
	}
	n = in.Count(2)
	in.Check(n <= maxCounted)
	for range n {
		a, runs := in.Address(), in.Uint()
		in.Check(a.IsValid() && runs <= maxCount)
		if in.Err() != nil {
			return
		}
		r.others[a] = runs
	}
}

func (f *figures) appendTo(b []byte) []byte {
	n := 0
	for m := range f {
		for c := range f[m] {
			if f[m][c].count() > 0 {
				n++
			}
		}
	}
	b = wire.AppendUint(b, uint64(n))
	for m := range f {
		for c := range f[m] {
			if f[m][c].count() > 0 {
				b = f[m][c].appendTo(append(b, byte(m), byte(c)))
			}
		}
	}
	return b
}

func (f *figures) read(in *wire.Reader) {
	for range in.Count(3) {
		m, c := in.Byte(), in.Byte()
		in.Check(m < numMeasures && c < numClasses)
		if in.Err() != nil {
			return
		}
		f[m][c].read(in)
	}
}

func (c *candidates) appendTo(b []byte) []byte {
	b = wire.AppendUint(b, uint64(len(c.of)))
	for _, p := range c.sorted() {
		h := c.of[p]
		b = wire.AppendText(wire.AppendAddress(wire.AppendAddress(b, p.registrar), p.client), p.extension)
		b = wire.AppendInt(wire.AppendInt(b, h.first), h.last-h.first)
		b = wire.AppendUint(b, h.attempts)
		for _, n := range h.counters() {
			b = wire.AppendUint(b, uint64(*n))
		}
		if h.suspect {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

func (c *candidates) read(in *wire.Reader) {
	n := in.Count(11)
	in.Check(n <= maxCandidates)
	for range n {
		p := party{registrar: in.Address(), client: in.Address(), extension: strings.Clone(in.Text())}
		h := &habit{first: in.Time(0)}
		h.last = in.Time(h.first)
		h.attempts = in.Uint()
		in.Check(h.attempts <= maxCount)
		for _, n := range h.counters() {
			v := in.Uint()
			in.Check(v <= math.MaxInt32)
			*n = int(v)
		}
		suspect := in.Byte()
		in.Check(suspect <= 1)
		h.suspect = suspect == 1
		if in.Err() != nil {
			return
		}
		c.of[p] = h
	}
}
