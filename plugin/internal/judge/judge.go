// Package judge owns the detector: one goroutine, which is told everything by messages, in the order of the journal.
//
//	judge.go     what a message does
//	queue.go     the messages that wait
//	snapshot.go  all that must outlive the process, as it is on the disk
//	restore.go   reads it, and does again what the journal tells since
//	follow.go    does so all the time, for another process that only looks
package judge

import (
	"errors"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/figures"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/quota"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// Judge is the one goroutine that works with the detector. All that it is told comes through its queue; what it finds goes
// into the outbox, and its figures are published for all.
type Judge struct {
	Name    string // of the detector
	Queue   *Queue
	Outbox  *outbox.Outbox
	Figures *figures.Detector
	Feed    *feed.Feed // nil while the journal is read
	Restart func()     // after a fault: from the journal, with a detector that the fault has not touched
	Fault   func(error)
	Memory
}

// Memory is what a judgement depends on, and what must outlive the process.
type Memory struct {
	Detector *detect.Detector
	Rules    *rules.Rules
	Measured *calibrate.Collector // of the detector; written beside the state, not in it
	quota    quota.Quota
}

// newMemory returns one that knows nothing yet.
func newMemory(r *rules.Rules) (Memory, error) {
	d, err := detect.New(r.Config.Detector)
	if err != nil {
		return Memory{}, err
	}
	c := calibrate.NewCollector(&r.Config.Detector)
	d.SetObserver(c)
	return Memory{Detector: d, Rules: r, Measured: c, quota: quota.Quota{Limit: r.Config.MaxAlertsPerMinute}}, nil
}

// Run judges until the queue is closed and empty.
func (j *Judge) Run() {
	for {
		m, ok := j.Queue.pop()
		if !ok {
			return
		}
		j.handle(m)
	}
}

// handle does what a message says. After a fault the detector may be half changed: another one takes its place.
func (j *Judge) handle(m Message) {
	err := guard.Call(func() error {
		if m.Do != nil {
			return m.Do(j)
		}
		j.live(m.Now, m.records())
		return nil
	})
	var fault *guard.Panic
	if failed := errors.As(err, &fault); failed {
		j.Fault(err)
		j.Restart()
	}
	m.finish(err)
}

// records returns what a chunk holds, or nothing for a second without one.
func (m *Message) records() *flow.Batch {
	if m.Chunk == nil {
		return &flow.Batch{}
	}
	return &m.Chunk.Batch
}

// live is what a chunk, or a second without one, does. It is the same when the journal is read.
func (j *Judge) live(now int64, b *flow.Batch) {
	if wall := j.Rules.Wall(now); wall != 0 {
		j.Detector.Tick(wall)
	}
	b.Feed(j.Detector)
	j.report(now)
}

// Change puts other rules in force. It fails, and changes nothing, if the detector refuses them.
func (j *Judge) Change(r *rules.Rules, now int64) error {
	if err := j.Detector.SetConfig(r.Config.Detector); err != nil {
		return err
	}
	j.Measured.SetConfig(&r.Config.Detector)
	j.Rules, j.quota.Limit = r, r.Config.MaxAlertsPerMinute
	j.Outbox.SetLimit(r.Config.OutboxLimit)
	j.report(now) // the allowlist may have ended incidents
	return nil
}

// Resume goes on with what the journal gives, after a fault. The rules in force have the same text, and decoders in use.
func (j *Judge) Resume(got *Restored) {
	inForce, measured := j.Rules, j.Measured
	j.Memory = got.Memory
	j.Rules = inForce
	j.measure(measured)
}

// Forget goes on with a detector that knows nothing.
func (j *Judge) Forget() {
	d, err := detect.New(j.Rules.Config.Detector)
	if err != nil { // the same configuration has made one before
		panic(err)
	}
	j.Detector = d
	j.measure(j.Measured)
}

// measure has a collector go on with another detector.
func (j *Judge) measure(c *calibrate.Collector) {
	stats := j.Detector.Stats()
	c.Resume(&stats)
	j.Measured = c
	j.Detector.SetObserver(c)
	j.Figures.Replace(stats)
}

// Misfit says, once a day at most, what of the configuration does not fit the network, or nothing.
func (j *Judge) Misfit() string { return j.Measured.Misfit(&j.Rules.Config.Detector) }

// report puts the alerts of the detector into the outbox, as far as the quota allows, and publishes its figures.
func (j *Judge) report(now int64) {
	created := time.UnixMilli(now)
	encoder := j.Rules.Encoder
	if f := j.quota.Summary(now); f != nil {
		f.Detector = j.Name
		j.Outbox.Add(false, encoder.AppendFolded(nil, f, created))
	}
	for _, a := range j.Detector.Alerts() {
		j.Measured.Alert(&a)
		j.Feed.Add(&a, created)
		passed := j.quota.Pass(&a)
		j.Figures.Alert(a.Kind, a.State, passed)
		if passed {
			j.Outbox.Add(a.State == detect.Update, encoder.AppendRecord(nil, &a, created))
		}
	}
	stats := j.Detector.Stats()
	j.Measured.Note(&stats)
	j.Figures.Publish(stats)
}
