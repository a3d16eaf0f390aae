package engine

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// settled waits until all that came is judged.
func settled(e *Engine) {
	e.settle()
	e.mu.Unlock()
	e.detecting.Unlock()
}

// collect gives the alerts of all that came.
func collect(e *Engine) []byte {
	settled(e)
	return e.Collect()
}

// checksByTheWorker leaves all checks to the worker.
func checksByTheWorker(e *Engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue.few = 0
}

// TestFlushDoesNotWaitForTheDetector: whatever holds it up, chunks and seconds are taken, and nothing of a chunk is needed
// any more. What is found is what is found otherwise, whoever judges.
func TestFlushDoesNotWaitForTheDetector(t *testing.T) {
	alerts := func(prepare, release func(e *Engine)) []byte {
		c := &clock{time: recorded}
		e := open(t, Options{now: c.now})
		prepare(e)
		for _, chunk := range chunks(t, svcrack, 100) {
			e.Flush(chunk)
			clear(chunk) // as C may do
			c.set(c.now().Add(time.Second))
			e.tick()
		}
		release(e)
		return collect(e)
	}
	nothing := func(*Engine) {}
	want := alerts(nothing, nothing)
	if got := alerts(checksByTheWorker, nothing); len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("the worker finds %q,\nwant %q", got, want)
	}
	free := func(e *Engine) {
		if n := figureNow(t, e, "records_total"); n != 838 || e.Collect() != nil {
			t.Errorf("%v records taken, want 838; alerts %q, want none yet", n, e.Collect())
		}
		e.detecting.Unlock()
	}
	if got := alerts(func(e *Engine) { e.detecting.Lock() }, free); !bytes.Equal(got, want) {
		t.Errorf("who was busy finds %q,\nwant %q", got, want)
	}
}

// TestChecksOfManyPairs: a chunk that brings a check is left to the worker where much may have to be judged, and only there.
func TestChecksOfManyPairs(t *testing.T) {
	for few, queued := range map[int]int{0: 1, 2: 0} {
		c := &clock{time: recorded}
		e := open(t, Options{now: c.now})
		all := chunks(t, svcrack, 100)
		e.Flush(all[0])
		settled(e)
		c.set(recorded.Add(time.Minute))
		e.mu.Lock()
		e.queue.few = few
		e.handle(job{now: c.now().UnixMilli()})
		if n := len(e.queue.jobs); n != queued {
			t.Errorf("1 pair is known, less than %d are few: %d jobs wait, want %d", few, n, queued)
		}
		e.mu.Unlock()
	}
}

// TestQueueIsBounded: who is far ahead of the detector has to wait, and goes on when there is room.
func TestQueueIsBounded(t *testing.T) {
	e := open(t, Options{now: (&clock{time: recorded}).now})
	chunk := chunks(t, svcrack, 1000)[0]
	const limit, rounds = 1 << 20, 50
	e.mu.Lock()
	e.queue.limit = limit
	e.mu.Unlock()
	e.detecting.Lock()
	flushes, done := make(chan int), make(chan struct{})
	go func() {
		defer close(done)
		for n := range rounds {
			e.Flush(chunk)
			flushes <- n + 1
		}
	}()
	taken := 0
	for waiting := false; !waiting; {
		select {
		case taken = <-flushes:
		case <-time.After(time.Second):
			waiting = true
		}
	}
	e.mu.Lock()
	size := e.queue.size
	e.mu.Unlock()
	if size < limit || size > limit+2*len(chunk) {
		t.Errorf("%d bytes wait, want little more than %d", size, limit)
	}
	e.detecting.Unlock()
	for ; taken < rounds; taken = <-flushes {
	}
	<-done
	if n := figure(t, e, "rejections_total"); n != 418*rounds {
		t.Errorf("%v rejections, want %d", n, 418*rounds)
	}
}

// TestCrashWhileChunksWait: what is in the queue is in the journal.
func TestCrashWhileChunksWait(t *testing.T) {
	l := newLife(t, withState)
	l.e.detecting.Lock()
	for _, chunk := range chunks(t, svcrack, 100) {
		l.e.Flush(chunk)
	}
	dying := l.e
	go func() { // the lock is free again when nothing reaches the disk any more
		<-dying.stop
		dying.detecting.Unlock()
	}()
	l.crash()
	if n := figure(t, l.e, "pairs"); n != 1 || len(events(t, collect(l.e))) < 2 {
		t.Errorf("after the crash: %v pairs, alerts %q", n, l.e.Collect())
	}
}

// TestFaultOfTheDetector: a panic in the worker is told, and what follows is judged.
func TestFaultOfTheDetector(t *testing.T) {
	var log journal
	e := open(t, Options{Log: log.log, now: (&clock{time: recorded}).now})
	d := &decoding{from: &e.rules.Load().decoders}
	d.batch.Marks = []flow.Mark{{Time: 1, Before: 5, N: 1}} // of flows that are not there
	e.mu.Lock()
	e.queue.push(job{recorded.UnixMilli(), d})
	e.mu.Unlock()
	for _, chunk := range chunks(t, svcrack, 100) {
		e.Flush(chunk)
	}
	if n := figure(t, e, "rejections_total"); n != 418 || e.Panics() != 1 || !log.has("faults that were caught") {
		t.Errorf("%v rejections, want 418; %d panics, want 1; log %q", n, e.Panics(), log.lines)
	}
}

// TestSpool: what is read is what was written, in blocks of any size, and the end is the writer's.
func TestSpool(t *testing.T) {
	for _, end := range []error{nil, errors.New("not all could be made")} {
		fate := rand.New(rand.NewPCG(1, 2))
		s := newSpool()
		var want []byte
		go func() {
			for range 2000 {
				block := bytes.Repeat([]byte{byte(fate.Int())}, 1+fate.IntN(3000))
				want = append(want, block...)
				_, _ = s.Write(block)
				clear(block) // it is the writer's
			}
			s.finish(end)
		}()
		got, err := io.ReadAll(s)
		if !errors.Is(err, end) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes and %v, want %d and %v", len(got), err, len(want), end)
		}
	}
}
