package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/figures"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// Options are what the host says of an engine.
type Options struct {
	Name       string       // of the detector, as in the metrics; empty means "main"
	ConfigFile string       // siphunt.toml, read again when it changes; empty means the defaults
	Log        *slog.Logger // used from any goroutine; nil is nowhere
	Hostname   string       // observer.hostname of the alerts
	Version    string       // observer.version of the alerts

	now func() time.Time // for tests
	fs  state.FS         // likewise
}

// complete fills in what was left out.
func (o *Options) complete() {
	if o.Name == "" {
		o.Name = "main"
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.fs == nil {
		o.fs = state.Disk{}
	}
}

// source is what rules are made from.
func (o *Options) source() *rules.Source {
	return &rules.Source{File: o.ConfigFile, Hostname: o.Hostname, Version: o.Version, Warn: o.warn}
}

// warn tells the host of what detection goes on without.
func (o *Options) warn(text string) {
	if o.Log != nil {
		o.Log.Warn(text)
	}
}

// Engine is one detector at work: chunks go in by Flush, alert records come out by Collect. All methods are safe for
// concurrent use. It only holds its parts together: each of them has its own lock, or is one goroutine.
type Engine struct {
	name    string
	now     func() time.Time
	options Options
	log     *ratelog.Log
	losses  losses
	silence silence
	misfits misfits

	queue       *judge.Queue
	intake      *intake
	outbox      *outbox.Outbox
	figures     *figures.Detector
	feed        *feed.Feed
	checkpoints *checkpoints // nil without a state_dir that can be used
	reloader    reloader
	unusable    error // why state_dir cannot be used

	flushing atomic.Int64 // nanoseconds spent in Flush
	panics   atomic.Uint64

	judging sync.WaitGroup // the judge
	others  sync.WaitGroup // all other goroutines
	stop    chan struct{}
	closing sync.Once
}

// Open starts a detector, and goes on where an earlier process has ended. The error is made for a person: it says what to
// change, and where.
func Open(o Options) (*Engine, error) {
	o.complete()
	e := &Engine{name: o.Name, now: o.now, options: o, log: new(ratelog.Log), figures: new(figures.Detector), stop: make(chan struct{})}
	e.log.SetLog(o.Log)
	e.feed = feed.New(func(text string) { e.log.Say(slog.LevelWarn, text) })
	r, err := o.source().Load()
	if err != nil {
		return nil, err
	}
	store, unusable, err := openStore(&o, r, e.log)
	if err != nil {
		return nil, err
	}
	got, fault, err := remember(store, &o, r, e.log)
	if err != nil {
		return nil, err
	}
	e.unusable = errors.Join(unusable, fault)
	e.assemble(store, got)
	e.start(got.Memory)
	e.reloader.start(o, r)
	e.tellStart("starts", o, r)
	e.tellUnusable()
	return e, nil
}

// assemble makes the parts.
func (e *Engine) assemble(s *state.Store, got *judge.Restored) {
	e.outbox = got.Outbox
	e.queue = judge.NewQueue()
	e.intake = &intake{now: e.now, queue: e.queue, outbox: e.outbox}
	l := &e.reloader
	l.intake, l.feed, l.now, l.log, l.guard = e.intake, e.feed, e.now, e.log, e.guard
	e.figures.Replace(got.Detector.Stats())
	e.losses.tell(e) // those of an earlier process were told by it
	if s == nil || e.unusable != nil {
		return
	}
	c := got.Rules.Config.State
	e.checkpoints = &checkpoints{store: s, config: c, intake: e.intake, now: e.now, log: e.log}
	e.intake.dedup = got.Dedup
	e.intake.journal = journal.NewWriter(s, c.Fsync == config.FsyncAlways, e.checkpoints.fault)
}

// start starts the goroutines.
func (e *Engine) start(m judge.Memory) {
	j := &judge.Judge{Name: e.name, Queue: e.queue, Outbox: e.outbox, Figures: e.figures, Feed: e.feed, Memory: m, Fault: e.fault}
	j.Restart = func() { e.restartJudge(j) }
	e.judging.Go(j.Run)
	if k := e.checkpoints; k != nil {
		k.write()
		e.others.Go(func() { e.forever("while the state was written", func() { k.run(e.stop) }) })
	}
	e.others.Go(func() { e.forever("in a tick", e.tickEachSecond) })
}

// Close stops the engine's goroutines and writes its state. Incidents that are open stay so: a stop is not the end of an
// attack. A second call does nothing.
func (e *Engine) Close() {
	e.closing.Do(func() {
		e.reloader.stop()
		close(e.stop)
		e.others.Wait()
		if e.checkpoints != nil {
			e.checkpoints.write()
		}
		e.queue.Close()
		e.judging.Wait()
		e.feed.Write(e.now())
		if e.checkpoints != nil {
			e.intake.journal.Close()
			if err := e.checkpoints.store.Close(); err != nil {
				e.checkpoints.fault(err)
			}
		}
	})
}

// Reopen goes on with the same detector under new options: the host's configuration was reloaded. Open incidents stay
// open. If the configuration file is refused, so do the rules in force.
func (e *Engine) Reopen(o Options) {
	o.complete()
	if r := e.reloader.restart(o); r != nil {
		e.tellStart("goes on", o, r)
	}
}

// Flush takes a chunk of records as Fluent Bit gives them. What is wrong with it is counted and told, never returned:
// the records beside it were counted, and must not come again. Nothing of bytes is kept. Its alerts may come a little
// later: another goroutine judges.
func (e *Engine) Flush(bytes []byte) {
	begin := e.now()
	c := e.reloader.rules.Load().Decode(bytes)
	tellDropped(e.log, begin, &c.Batch.Stats)
	e.silence.look(e, c, bytes)
	e.intake.take(c, bytes)
	e.flushing.Add(int64(e.now().Sub(begin)))
}

// tickEachSecond keeps the clock going while no records come.
func (e *Engine) tickEachSecond() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-second.C:
			e.tick()
		}
	}
}

// tick is what is done once a second.
func (e *Engine) tick() {
	e.intake.tick()
	e.losses.tell(e)
	e.tellUnusable()
	e.feed.Write(e.now())
	e.misfits.look(e)
	e.log.Flush(e.now())
}

// Collect returns the records of alerts that wait, a run of msgpack as Fluent Bit takes it, of about 1 MiB at most, or nil
// if there are none, and how many they are. The same records come again until Delivered is called. The bytes are not to be
// changed.
func (e *Engine) Collect() (records []byte, n int) { return e.outbox.Collect() }

// Delivered says that the host has copied what Collect returned last.
func (e *Engine) Delivered() {
	if upTo := e.outbox.Delivered(); upTo > 0 {
		e.intake.delivered(upTo)
	}
}

// Waiting returns the number of alerts that the host is not known to have copied.
func (e *Engine) Waiting() int {
	n, _ := e.outbox.Waiting()
	return n
}

// Kept tells whether another process will know what this one knows.
func (e *Engine) Kept() bool { return e.checkpoints.read().Whole }

// Panicked counts a fault of siphunt that the caller has caught.
func (e *Engine) Panicked() { e.panics.Add(1) }

// fault tells of a fault of siphunt that was caught where no call of Fluent Bit is on the stack to return to.
func (e *Engine) fault(err error) {
	e.panics.Add(1)
	e.log.Add(e.now(), slog.LevelError, "faults that were caught", 1, err.Error())
}

// guard does something that may fail.
func (e *Engine) guard(when string, do func()) {
	if err := guard.Call(func() error { do(); return nil }); err != nil {
		e.fault(fmt.Errorf("%s: %w", when, err))
	}
}

// forever does something until the engine stops, and begins anew a second after a fault.
func (e *Engine) forever(when string, do func()) {
	for {
		e.guard(when, do)
		select {
		case <-e.stop:
			return
		case <-time.After(time.Second):
		}
	}
}

// Metrics returns all figures, in the same order at every call.
func (e *Engine) Metrics() []figures.Metric {
	f := &figures.Engine{
		Version: e.options.Version, Intake: e.intake.read(), Detector: e.figures.Read(), Queued: e.queue.Bytes(),
		Flushing: time.Duration(e.flushing.Load()).Seconds(), State: e.checkpoints.read(),
		Reloads: e.reloader.taken.Load(), Refused: e.reloader.refused.Load(), Panics: e.panics.Load(),
	}
	f.Waiting, f.Lost = e.outbox.Waiting()
	return f.Metrics(e.name)
}
