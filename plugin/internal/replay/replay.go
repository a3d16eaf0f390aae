// Package replay runs a detector over recorded flows. It needs no wall clock: the same input gives the same alerts,
// whenever it is run.
package replay

import (
	"errors"
	"fmt"
	"io"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// batchSize is how many lines go to the detector at once.
const batchSize = 512

// Replay is a detector over recorded flows, JSON lines or chunks. Its clock is that of the flows.
type Replay struct {
	// Other takes lines that are no flow records but something else that the caller knows, and tells which; nil takes none.
	Other func(line []byte) bool

	alert    func(*detect.Alert)
	complain func(string)
	beside   func(feed func(*detect.Detector))

	detector *detect.Detector
	decoder  *flow.Decoder
	batch    flow.Batch
	told     [flow.NumReasons]bool
	longTold bool
	counts   Counts
}

// Counts are the figures of a replay.
type Counts struct {
	flow.Stats // without examples; a line that is too long is malformed
	Detector   detect.Stats
	Broken     int // inputs that could not be read to their end
}

// New returns a replay. alert gets each alert when it is reported; complain gets what is wrong with the input, the
// first case of each kind.
func New(c *config.Config, alert func(*detect.Alert), complain func(string)) (*Replay, error) {
	detector, err := detect.New(c.Detector)
	if err != nil {
		return nil, err
	}
	decoder, err := c.NewDecoder()
	if err != nil {
		return nil, err
	}
	return &Replay{alert: alert, complain: complain, detector: detector, decoder: decoder}, nil
}

// Watch has an observer told what the detector sees.
func (r *Replay) Watch(o detect.Observer) { r.detector.SetObserver(o) }

// Beside has take called for every batch of records, when the detector has had it. Whatever detectors it gives to feed, also at the
// same time, get the batch, too.
func (r *Replay) Beside(take func(feed func(*detect.Detector))) { r.beside = take }

// Read takes one input to its end: JSON lines, or chunks of msgpack; plain or compressed with gzip or zstd. Bad records are counted and
// passed over. An input that breaks off has been used as far as it goes; the error is for one of which nothing could be read.
func (r *Replay) Read(name string, in io.Reader) error {
	l, err := NewLines(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer l.Close()
	if l.isChunk() {
		return r.readChunks(name, l)
	}
	for !errors.Is(err, io.EOF) {
		var line []byte
		switch line, err = l.Next(); {
		case err == nil:
			r.line(name, l.Number(), line)
		case errors.Is(err, ErrLongLine):
			r.long(name, l.Number())
		case !errors.Is(err, io.EOF):
			return r.brokenOff(name, l.Number(), err)
		}
		if r.batch.Stats.Records >= batchSize {
			r.feed()
		}
	}
	r.feed()
	return nil
}

// brokenOff ends an input that cannot be read on after so many lines. The error is for none.
func (r *Replay) brokenOff(name string, lines int, err error) error {
	r.feed()
	if lines == 0 {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.brokenOffAt(fmt.Sprintf("%s:%d", name, lines+1), false, err)
}

func (r *Replay) brokenOffAt(where string, nothing bool, err error) error {
	if nothing {
		return fmt.Errorf("%s: %w", where, err)
	}
	r.counts.Broken++
	r.complain(fmt.Sprintf("%s: broken off: %v; what is before it was used", where, err))
	return nil
}

// Chunk takes records as Fluent Bit gives them. Bad ones are counted and passed over.
func (r *Replay) Chunk(chunk []byte) {
	r.decoder.Chunk(&r.batch, chunk)
	r.feed()
}

// Finish ends the input: what is open runs out.
func (r *Replay) Finish() {
	r.detector.Finish()
	r.report()
}

// Counts returns the figures so far.
func (r *Replay) Counts() Counts {
	c := r.counts
	c.Detector = r.detector.Stats()
	return c
}

// line reads a line into the batch.
func (r *Replay) line(name string, number int, line []byte) {
	if r.Other != nil && r.Other(line) {
		return
	}
	before := r.batch.Stats.Dropped
	r.decoder.Line(&r.batch, line)
	if before != r.batch.Stats.Dropped {
		r.complainOf(fmt.Sprintf("%s:%d", name, number), before)
	}
}

// complainOf says what the batch has dropped since, the first case of each reason.
func (r *Replay) complainOf(where string, before [flow.NumReasons]uint64) {
	after := &r.batch.Stats.Dropped
	for i := range after {
		reason := flow.Reason(i)
		if after[i] == before[i] || r.told[i] || reason == flow.NotSIP { // a collector writes other flows too
			continue
		}
		r.told[i] = true
		r.complain(fmt.Sprintf("%s: dropped, %v: %s; further ones are only counted", where, reason, r.batch.Stats.Example[i]))
	}
}

func (r *Replay) long(name string, number int) {
	r.counts.Records++
	r.counts.Dropped[flow.Malformed]++
	if !r.longTold {
		r.complain(fmt.Sprintf("%s:%d: %v; further ones are only counted", name, number, ErrLongLine))
	}
	r.longTold = true
}

// feed hands the batch to the detector.
func (r *Replay) feed() {
	r.batch.Feed(r.detector)
	r.report()
	if r.beside != nil {
		r.beside(r.batch.Feed)
	}
	r.counts.Add(&r.batch.Stats)
	r.batch.Reset()
}

func (r *Replay) report() {
	for _, a := range r.detector.Alerts() {
		r.alert(&a)
	}
}
