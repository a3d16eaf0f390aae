package engine

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/judge"
)

// settled waits until all that came is judged.
func settled(e *Engine) {
	_ = e.intake.do(func(*judge.Judge) error { return nil })
}

// collect returns the alerts of all that came.
func collect(e *Engine) []byte {
	settled(e)
	return waiting(e)
}

// waiting returns the alerts that wait now.
func waiting(e *Engine) []byte {
	records, _ := e.Collect()
	return records
}

// busy keeps the judge busy until the function that it returns is called.
func busy(e *Engine) (free func()) {
	begun, release := make(chan struct{}), make(chan struct{})
	e.queue.Push(judge.Message{Do: func(*judge.Judge) error {
		close(begun)
		<-release
		return nil
	}})
	<-begun
	return func() { close(release) }
}

// TestFlushDoesNotWaitForTheDetector: whatever holds it up, chunks and seconds are taken, and nothing of a chunk is needed
// any more. What is found is what is found otherwise.
func TestFlushDoesNotWaitForTheDetector(t *testing.T) {
	alerts := func(hold bool) []byte {
		c := &clock{time: recorded}
		e := open(t, Options{now: c.now})
		free := func() {}
		if hold {
			free = busy(e)
		}
		for _, chunk := range chunks(t, svcrack, 100) {
			e.Flush(chunk)
			clear(chunk) // as C may do
			c.set(c.now().Add(time.Second))
			e.tick()
		}
		if n := figureNow(t, e, "records_total"); n != 838 || hold && waiting(e) != nil {
			t.Errorf("%v records taken, want 838; alerts %q, want none yet", n, waiting(e))
		}
		free()
		return collect(e)
	}
	want := alerts(false)
	if got := alerts(true); len(want) == 0 || !bytes.Equal(got, want) {
		t.Errorf("who was busy finds %q,\nwant %q", got, want)
	}
}

// TestQueueIsBounded: who is far ahead of the detector has to wait, and goes on when there is room.
func TestQueueIsBounded(t *testing.T) { synctest.Test(t, queueIsBounded) }

func queueIsBounded(t *testing.T) {
	e := open(t, Options{now: (&clock{time: recorded}).now})
	chunk := chunks(t, svcrack, 1000)[0]
	const limit, rounds = 1 << 20, 50
	e.queue.Limit = limit
	free := busy(e)
	go func() {
		for range rounds {
			e.Flush(chunk)
		}
	}()
	synctest.Wait()
	if size := e.queue.Bytes(); size < limit || size > limit+2*len(chunk) {
		t.Errorf("%d bytes wait, want little more than %d", size, limit)
	}
	if n := figureNow(t, e, "flushes_total"); n < 2 || n >= rounds {
		t.Errorf("%v chunks are taken while the detector is busy", n)
	}
	free()
	synctest.Wait()
	if n := figure(t, e, "rejections_total"); n != 418*rounds {
		t.Errorf("%v rejections, want %d", n, 418*rounds)
	}
}

// TestCrashWhileChunksWait: what is in the queue is in the journal.
func TestCrashWhileChunksWait(t *testing.T) {
	l := newLife(t, withState)
	free := busy(l.e)
	for _, chunk := range chunks(t, svcrack, 100) {
		l.e.Flush(chunk)
	}
	dying := l.e
	go func() { // the judge goes on when nothing reaches the disk any more
		<-dying.stop
		free()
	}()
	l.crash()
	if n := figure(t, l.e, "pairs"); n != 1 || len(events(t, collect(l.e))) < 2 {
		t.Errorf("after the crash: %v pairs, alerts %q", n, waiting(l.e))
	}
}
