package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/engine/state"
	"github.com/siphunt/siphunt/plugin/flow"
)

// Options are what the host says of an engine.
type Options struct {
	Name       string                        // of the detector, as in the metrics; empty means "main"
	ConfigFile string                        // siphunt.toml, read again when it changes; empty means the defaults
	Log        func(level Level, msg string) // called from any goroutine
	Hostname   string                        // observer.hostname of the alerts
	Version    string                        // observer.version of the alerts

	now func() time.Time // for tests
	fs  state.FS         // likewise
}

// Engine is one detector at work: chunks go in by Flush, alert records come out by Collect. All methods are safe for
// concurrent use.
type Engine struct {
	name    string
	now     func() time.Time
	log     atomic.Pointer[func(Level, string)]
	rules   atomic.Pointer[rules]
	notices notices
	stop    chan struct{}
	running sync.WaitGroup

	flushing            atomic.Int64 // nanoseconds spent in Flush
	reloads, badReloads atomic.Uint64

	changing sync.Mutex // one change of the rules at a time; taken before mu
	options  Options
	watcher  *watcher
	text     string // of the configuration file when it was last looked at, or why it could not be read

	keeper   *keeper // nil without a state_dir that can be used
	unusable error   // why it cannot be

	mu sync.Mutex // the one lock, of all below
	memory
	counters counters
	told     losses       // when the notices last looked
	before   detect.Stats // what earlier processes have counted
}

// Open starts a detector. The error is made for a person: it says what to change, and where.
func Open(o Options) (*Engine, error) {
	e := &Engine{name: o.Name, now: o.now, stop: make(chan struct{})}
	if e.name == "" {
		e.name = "main"
	}
	if e.now == nil {
		e.now = time.Now
	}
	if o.fs == nil {
		o.fs = state.Disk{}
	}
	e.notices.log = e.say
	e.setLog(o.Log)
	r, err := loadRules(&o)
	if err != nil {
		return nil, err
	}
	if e.detector, err = detect.New(r.config.Detector); err != nil {
		return nil, err
	}
	if r.config.State.StateDir != "" {
		if err := e.remember(&o, r); err != nil {
			return nil, err
		}
	}
	if err := e.use(o, r); err != nil {
		return nil, err
	}
	e.tellUnusable()
	e.running.Go(e.run)
	if e.keeper != nil {
		e.roll()
		e.running.Go(e.keep)
	}
	return e, nil
}

// Close stops the engine's goroutines and writes its state. Incidents that are open stay so: a stop is not the end of an
// attack.
func (e *Engine) Close() {
	e.changing.Lock()
	w := e.watcher
	e.watcher = nil
	e.changing.Unlock()
	w.close()
	close(e.stop)
	e.running.Wait()
	e.leave()
}

// Flush takes a chunk of records as Fluent Bit gives them. What is wrong with it is counted and told, never returned:
// the records beside it were counted, and must not come again. Nothing of chunk is kept.
func (e *Engine) Flush(chunk []byte) {
	begin := e.now()
	r := e.rules.Load()
	d := r.decoders.Get().(*decoding)
	d.decoder.Chunk(&d.batch, chunk)
	e.encode(d, chunk)
	lost := e.take(d)
	e.syncFlush()
	e.tell(lost, &d.batch.Stats)
	// The flows point into the chunk. It is C's, and once C has given it back Go may get the same memory: a stale
	// pointer into it would stop the garbage collector.
	clear(d.batch.Flows)
	d.batch.Reset()
	r.decoders.Put(d)
	e.flushing.Add(int64(e.now().Sub(begin)))
}

// take hands a batch to the detector, unless it was counted before a crash. It is in the journal before it is looked at.
func (e *Engine) take(d *decoding) losses {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counters.flushes++
	if e.keeper != nil && e.deliveries.again(d.fingerprint) {
		e.counters.redelivered++
		return losses{}
	}
	addStats(&e.counters.flows, &d.batch.Stats)
	now := e.now().UnixMilli()
	e.journalChunk(now, d)
	e.live(now, &d.batch)
	return e.newLosses()
}

// live is what a chunk, or a second without one, does to the detector. It is the same when the journal is read. The lock
// is held.
func (e *Engine) live(now int64, b *flow.Batch) {
	if e.rules.Load().config.WallClock {
		e.detector.Tick(now)
	}
	feed(e.detector, b)
	e.post(now)
}

// feed gives the detector what a batch holds, in the order of its records.
func feed(d *detect.Detector, b *flow.Batch) {
	next := 0
	for _, m := range b.Marks {
		for ; next < int(m.Before); next++ {
			d.Observe(&b.Flows[next])
		}
		d.Advance(m.Time, int(m.N))
	}
	for ; next < len(b.Flows); next++ {
		d.Observe(&b.Flows[next])
	}
}

// run keeps the clock going while no records come.
func (e *Engine) run() {
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
	e.tell(e.advance(), &flow.Stats{})
	e.tellUnusable()
	e.notices.flush(e.now())
}

func (e *Engine) advance() losses {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now().UnixMilli()
	e.journal(entryTick, now, e.outbox.arrived)
	e.live(now, &flow.Batch{})
	return e.newLosses()
}

// post puts the detector's new alerts into the outbox, as far as the quota allows. The lock is held.
func (e *Engine) post(now int64) {
	created := time.UnixMilli(now)
	encoder := e.rules.Load().encoder
	if f := e.quota.summary(now); f != nil {
		f.Detector = e.name
		e.outbox.add(detect.Open, encoder.AppendFolded(nil, f, created))
	}
	for _, a := range e.detector.Alerts() {
		e.counters.alerts[a.Kind][a.State]++
		if e.quota.pass(&a) {
			e.outbox.add(a.State, encoder.AppendRecord(nil, &a, created))
		} else {
			e.counters.folded++
		}
	}
}

// Collect gives the records of alerts that wait, a run of msgpack as Fluent Bit takes it, of about 1 MiB at most; nil
// where there are none. The same records come again until Delivered is called. The bytes are not to be changed.
func (e *Engine) Collect() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outbox.collect()
}

// Delivered says that the host has copied what Collect gave last.
func (e *Engine) Delivered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if upTo := e.outbox.delivered(); upTo > 0 {
		e.journal(entryDelivered, e.now().UnixMilli(), upTo)
	}
}

func (e *Engine) setLog(log func(Level, string)) {
	if log == nil {
		log = func(Level, string) {}
	}
	e.log.Store(&log)
}

func (e *Engine) say(level Level, msg string) {
	if log := e.log.Load(); log != nil {
		(*log)(level, msg)
	}
}
