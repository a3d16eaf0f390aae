package engine

import (
	"sync"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// maxQueued is how many bytes may wait in the queue. A detector that is so far behind makes Flush wait, and Fluent Bit
// keep its chunks to itself: memory is bounded, and nothing is lost.
const maxQueued = 32 << 20

// fewPairs are so few that whatever a check finds about them, it takes no longer than a few milliseconds.
const fewPairs = 512

// queue holds what waits for the detector, in the order in which it came, and in which it is in the journal.
//
// A chunk is counted in a few milliseconds, so most are counted at once. But a check may have much to judge, and a snapshot
// is of all that is known; Fluent Bit must not stand still meanwhile. So where many pairs are known a chunk that brings a check
// is left to the worker, and so is all that comes while the worker, or a snapshot, has the detector. What is found does not
// depend on who does it.
type queue struct {
	jobs  []job
	size  int // bytes
	limit int
	few   int           // pairs whose checks are not left to the worker
	room  sync.Cond     // size has shrunk
	wake  chan struct{} // there are jobs
}

// job is a chunk that was decoded, or a second without one.
type job struct {
	now int64     // wall clock when it came
	d   *decoding // nil for a second
}

func (q *queue) init(mu *sync.Mutex) {
	q.room.L, q.limit, q.few, q.wake = mu, maxQueued, fewPairs, make(chan struct{}, 1)
}

// waitForRoom lets go of the engine's mu while it waits.
func (q *queue) waitForRoom() {
	for q.size > q.limit {
		q.room.Wait()
	}
}

func (q *queue) push(j job) {
	q.jobs = append(q.jobs, j)
	q.size += j.size()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) pop() job {
	j := q.jobs[0]
	q.jobs = append(q.jobs[:0], q.jobs[1:]...) // in place: they are few
	q.size -= j.size()
	q.room.Broadcast()
	return j
}

// handle does a job at once if that is quick, else it is left to the worker. mu is held.
func (e *Engine) handle(j job) {
	if len(e.queue.jobs) == 0 && e.detecting.TryLock() {
		defer e.detecting.Unlock()
		if e.stats.Pairs < e.queue.few || !e.detector.Due(e.wall(j.now), j.newest()) {
			e.live(j.now, j.batch())
			j.done()
			return
		}
	}
	j.keep()
	e.queue.push(j)
}

// work is the worker.
func (e *Engine) work() {
	for {
		select {
		case <-e.queue.wake:
			e.drain()
		case <-e.stop:
			e.settle()
			e.detecting.Unlock()
			e.mu.Unlock()
			return
		}
	}
}

// drain does what waits now, while more may come.
func (e *Engine) drain() {
	e.detecting.Lock()
	defer e.detecting.Unlock()
	for range e.waiting() {
		e.guard(e.doNext)
	}
}

func (e *Engine) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue.jobs)
}

// doNext does a job with mu free; detecting is held.
func (e *Engine) doNext() {
	e.mu.Lock()
	j := e.queue.pop()
	e.mu.Unlock()
	e.judge(j.now, j.batch())
	j.done()
	alerts, stats := e.detector.Alerts(), e.detector.Stats()
	for first := true; first || len(alerts) > 0; first = false {
		n := min(len(alerts), postedAtOnce)
		e.postPart(j.now, alerts[:n], stats)
		alerts = alerts[n:]
	}
}

// postedAtOnce is how many alerts are written while a Flush may have to wait.
const postedAtOnce = 10

func (e *Engine) postPart(now int64, alerts []detect.Alert, stats detect.Stats) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.post(now, alerts, stats)
}

// settle does all that waits and gives both locks to the caller: the detector has then seen all that is in the journal.
func (e *Engine) settle() {
	e.drain() // most of it, with mu free
	e.detecting.Lock()
	e.mu.Lock()
	for len(e.queue.jobs) > 0 {
		j := e.queue.pop()
		e.guard(func() {
			e.live(j.now, j.batch())
			j.done()
		})
	}
}

// guard keeps a fault of siphunt from taking Fluent Bit down where no call of Fluent Bit is on the stack to return to. What
// do locks it has to unlock by defer, where it may fail.
func (e *Engine) guard(do func()) {
	if err := guarded(func() error { do(); return nil }); err != nil {
		e.panics.Add(1)
		e.notices.add(e.now(), Error, "faults that were caught while records were judged", 1, err.Error())
	}
}

// Panics is how many faults of siphunt were caught by the engine itself, and not by its caller.
func (e *Engine) Panics() uint64 { return e.panics.Load() }

func (j job) batch() *flow.Batch {
	if j.d == nil {
		return &flow.Batch{}
	}
	return &j.d.batch
}

// newest is the newest time of a record, 0 where there is none.
func (j job) newest() (t int64) {
	b := j.batch()
	for i := range b.Flows {
		t = max(t, b.Flows[i].Time)
	}
	for i := range b.Marks {
		t = max(t, b.Marks[i].Time)
	}
	return t
}

// keep copies the texts of a chunk, which are in C's memory and valid for the call of Flush only.
func (j job) keep() {
	if j.d == nil {
		return
	}
	d := j.d
	d.batch.Stats = flow.Stats{} // its examples too
	d.texts = d.texts[:0]
	for i := range d.batch.Flows {
		f := &d.batch.Flows[i]
		d.texts = append(append(append(d.texts, f.Extension...), f.UserAgent...), f.Probe...)
	}
	texts := unsafe.String(unsafe.SliceData(d.texts), len(d.texts)) // until release
	for i := range d.batch.Flows {
		f := &d.batch.Flows[i]
		for _, text := range []*string{&f.Extension, &f.UserAgent, &f.Probe} {
			*text, texts = texts[:len(*text)], texts[len(*text):]
		}
	}
}

func (j job) size() int {
	const perJob = 64
	if j.d == nil {
		return perJob
	}
	b := &j.d.batch
	return perJob + len(j.d.texts) + len(b.Flows)*int(unsafe.Sizeof(detect.Flow{})) + len(b.Marks)*int(unsafe.Sizeof(flow.Mark{}))
}

// done gives the memory of a chunk back.
func (j job) done() {
	if j.d != nil {
		j.d.release()
	}
}
