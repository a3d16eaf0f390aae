package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/engine/state"
	clientfeed "github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/flow"
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

// warn tells the host of what detection goes on without.
func (o *Options) warn(text string) {
	if o.Log != nil {
		o.Log(Warn, text)
	}
}

// Engine is one detector at work: chunks go in by Flush, alert records come out by Collect. All methods are safe for
// concurrent use.
//
// It has two locks. Who works with the detector holds detecting; all else that changes is under mu. So that no Flush waits
// for a long piece of the detector's work, a check or a snapshot, it only tries for detecting: what it cannot have done at
// once waits in the queue.
type Engine struct {
	name    string
	now     func() time.Time
	log     atomic.Pointer[func(Level, string)]
	rules   atomic.Pointer[rules]
	notices notices
	clients *clientfeed.Feed // of attacking clients; has a lock of its own, taken last
	stop    chan struct{}
	running sync.WaitGroup

	flushing            atomic.Int64 // nanoseconds spent in Flush
	reloads, badReloads atomic.Uint64
	panics              atomic.Uint64 // of the worker and the tick

	changing sync.Mutex // one change of the rules at a time; taken before mu
	options  Options
	watcher  *config.Watcher
	text     string // of the configuration file when it was last looked at, or why it could not be read

	keeper   *keeper // nil without a state_dir that can be used
	unusable error   // why it cannot be

	detecting sync.Mutex // of the detector; taken before mu, but for a try

	mu sync.Mutex // of all below
	memory
	queue    queue
	stats    detect.Stats // of the detector, after the newest job
	counters counters
	told     losses       // when the notices last looked
	before   detect.Stats // what earlier processes have counted
}

// Open starts a detector, and makes the process's garbage collector run more often: see limitGarbage. The error is made
// for a person: it says what to change, and where.
func Open(o Options) (*Engine, error) {
	limitGarbage()
	e := &Engine{name: o.Name, now: o.now, stop: make(chan struct{})}
	e.queue.init(&e.mu)
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
	e.clients = clientfeed.New(func(text string) { e.say(Warn, text) })
	e.setLog(o.Log)
	r, err := loadRules(&o)
	if err != nil {
		return nil, err
	}
	if e.detector, err = detect.New(r.config.Detector); err != nil {
		return nil, err
	}
	e.configureFeed(r) // what is read from the journal goes into it too
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
	e.running.Go(e.work)
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
	w.Close()
	close(e.stop)
	e.running.Wait()
	e.clients.Write(e.now())
	e.leave()
}

// Flush takes a chunk of records as Fluent Bit gives them. What is wrong with it is counted and told, never returned:
// the records beside it were counted, and must not come again. Nothing of chunk is kept. Its alerts may come a little
// later: see queue.
func (e *Engine) Flush(chunk []byte) {
	begin := e.now()
	r := e.rules.Load()
	d := r.decoders.Get().(*decoding)
	d.from = &r.decoders
	d.decoder.Chunk(&d.batch, chunk)
	e.encode(d, chunk)
	stats := d.batch.Stats
	lost := e.take(d)
	e.syncFlush()
	e.tell(lost, &stats)
	e.flushing.Add(int64(e.now().Sub(begin)))
}

// take has a chunk judged, unless it was counted before a crash. It is in the journal before the detector looks at it.
func (e *Engine) take(d *decoding) losses {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.waitForRoom()
	e.counters.flushes++
	if e.keeper != nil && e.deliveries.again(d.fingerprint) {
		e.counters.redelivered++
		d.release()
		return losses{}
	}
	addStats(&e.counters.flows, &d.batch.Stats)
	now := e.now().UnixMilli()
	e.journalChunk(now, d)
	e.handle(job{now, d})
	return e.newLosses()
}

// live is what a chunk, or a second without one, does to the detector. It is the same when the journal is read. Both
// locks are held.
func (e *Engine) live(now int64, b *flow.Batch) {
	e.judge(now, b)
	e.post(now, e.detector.Alerts(), e.detector.Stats())
}

// judge is the detector's part of it, for which detecting is enough.
func (e *Engine) judge(now int64, b *flow.Batch) {
	if wall := e.wall(now); wall != 0 {
		e.detector.Tick(wall)
	}
	feed(e.detector, b)
}

// wall is the time that the detector is told; 0 where the flows are its only clock.
func (e *Engine) wall(now int64) int64 {
	if e.rules.Load().config.WallClock {
		return now
	}
	return 0
}

// feed gives the detector what a batch holds, in the order of its records.
func feed(d *detect.Detector, b *flow.Batch) {
	next := 0
	for _, m := range b.Marks {
		before := max(next, int(m.Before)) // marks of a journal may have any order
		d.ObserveAll(b.Flows[next:before])
		next = before
		d.Advance(m.Time, int(m.N))
	}
	d.ObserveAll(b.Flows[next:])
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
			e.guard(e.tick)
		}
	}
}

// tick is what is done once a second.
func (e *Engine) tick() {
	e.tell(e.advance(), &flow.Stats{})
	e.tellUnusable()
	e.notices.flush(e.now())
	e.clients.Write(e.now())
}

func (e *Engine) advance() losses {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now().UnixMilli()
	e.journal(entryTick, now, e.outbox.arrived)
	e.handle(job{now, nil})
	return e.newLosses()
}

// post puts new alerts of the detector into the outbox, as far as the quota allows, and keeps its figures. mu is held.
func (e *Engine) post(now int64, alerts []detect.Alert, stats detect.Stats) {
	e.stats = stats
	created := time.UnixMilli(now)
	encoder := e.rules.Load().encoder
	if f := e.quota.summary(now); f != nil {
		f.Detector = e.name
		e.outbox.add(detect.Open, encoder.AppendFolded(nil, f, created))
	}
	for _, a := range alerts {
		e.counters.alerts[a.Kind][a.State]++
		e.clients.Add(&a, created)
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
