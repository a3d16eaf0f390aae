package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
)

// judge is the one goroutine that works with the detector. All that it is told comes through its queue; what it finds goes
// into the outbox, and its figures are published for all.
type judge struct {
	name    string
	queue   *queue
	outbox  *outbox.Outbox
	figures *figures
	feed    *feed.Feed // nil while the journal is read
	restart func()     // after a fault: from the journal, with a detector that the fault has not touched
	fault   func(error)
	memory
}

// memory is what a judgement depends on, and what must outlive the process.
type memory struct {
	detector *detect.Detector
	rules    *rules
	quota    quota
}

// newMemory returns one that knows nothing yet.
func newMemory(r *rules) (memory, error) {
	d, err := detect.New(r.config.Detector)
	return memory{detector: d, rules: r, quota: quota{limit: r.config.MaxAlertsPerMinute}}, err
}

// run judges until the queue is closed and empty.
func (j *judge) run() {
	for {
		m, ok := j.queue.pop()
		if !ok {
			return
		}
		j.handle(m)
	}
}

// handle does what a message says. After a fault the detector may be half changed: another one takes its place.
func (j *judge) handle(m message) {
	err := guarded(func() error {
		if m.do != nil {
			return m.do(j)
		}
		j.live(m.now, m.records())
		return nil
	})
	var fault *faultError
	if failed := errors.As(err, &fault); failed {
		j.fault(err)
		j.restart()
	}
	m.finish(err)
}

// records returns what a chunk holds, or nothing for a second without one.
func (m *message) records() *flow.Batch {
	if m.chunk == nil {
		return &flow.Batch{}
	}
	return &m.chunk.batch
}

// live is what a chunk, or a second without one, does. It is the same when the journal is read.
func (j *judge) live(now int64, b *flow.Batch) {
	if wall := j.rules.wall(now); wall != 0 {
		j.detector.Tick(wall)
	}
	b.Feed(j.detector)
	j.report(now)
}

// change puts other rules in force. It fails, and changes nothing, if the detector refuses them.
func (j *judge) change(r *rules, now int64) error {
	if err := j.detector.SetConfig(r.config.Detector); err != nil {
		return err
	}
	j.rules, j.quota.limit = r, r.config.MaxAlertsPerMinute
	j.outbox.SetLimit(r.config.OutboxLimit)
	j.report(now) // the allowlist may have ended incidents
	return nil
}

// report puts the alerts of the detector into the outbox, as far as the quota allows, and publishes its figures.
func (j *judge) report(now int64) {
	created := time.UnixMilli(now)
	encoder := j.rules.encoder
	if f := j.quota.summary(now); f != nil {
		f.Detector = j.name
		j.outbox.Add(false, encoder.AppendFolded(nil, f, created))
	}
	for _, a := range j.detector.Alerts() {
		j.feed.Add(&a, created)
		passed := j.quota.pass(&a)
		j.figures.alert(a.Kind, a.State, passed)
		if passed {
			j.outbox.Add(a.State == detect.Update, encoder.AppendRecord(nil, &a, created))
		}
	}
	j.figures.publish(j.detector.Stats())
}

// faultError is a panic.
type faultError struct {
	reason any
	stack  []byte
}

func (e *faultError) Error() string {
	return fmt.Sprintf("a fault in siphunt, please report it: %v\n%s", e.reason, e.stack)
}

// guarded makes an error of a panic: a fault ends neither Fluent Bit nor the goroutine that it is in.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &faultError{r, debug.Stack()}
		}
	}()
	return do()
}
