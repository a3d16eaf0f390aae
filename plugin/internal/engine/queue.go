package engine

import "sync"

// maxQueued is how many bytes may wait for the judge. If it is so far behind, Flush waits, and Fluent Bit keeps its chunks
// to itself: memory is bounded, and nothing is lost.
const maxQueued = 32 << 20

// message is what the judge is told, in the order of the journal: of a chunk, of a second without one, or to do something.
type message struct {
	now   int64              // wall clock when it came, Unix milliseconds
	chunk *chunk             // or nil
	do    func(*judge) error // or nil
	done  chan<- error       // gets what do has returned, or why it was not done; has room for it
}

// size is what the message takes of maxQueued.
func (m *message) size() int {
	const base = 64
	if m.chunk == nil {
		return base
	}
	return base + m.chunk.size()
}

// finish ends a message, done or not.
func (m *message) finish(err error) {
	if m.chunk != nil {
		m.chunk.release()
	}
	if m.done != nil {
		m.done <- err
	}
}

// queue holds the messages for the judge.
type queue struct {
	limit int

	mu       sync.Mutex
	changed  sync.Cond // there is room, there are messages, or it is closed
	messages []message
	room     []message // empty, with the memory that is enough most of the time
	size     int
	closed   bool
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit, room: make([]message, 0, 64)}
	q.messages = q.room
	q.changed.L = &q.mu
	return q
}

// waitForRoom waits while too much waits.
func (q *queue) waitForRoom() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size > q.limit && !q.closed {
		q.changed.Wait()
	}
}

// push never waits. A closed queue refuses.
func (q *queue) push(m message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		m.finish(errClosed)
		return
	}
	q.messages = append(q.messages, m)
	q.size += m.size()
	q.changed.Broadcast()
}

// pop waits for a message. It returns false when the queue is closed and empty.
func (q *queue) pop() (message, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.messages) == 0 {
		if q.closed {
			return message{}, false
		}
		q.changed.Wait()
	}
	m := q.messages[0]
	q.messages[0] = message{} // the array lives on; what it points to need not
	if q.messages = q.messages[1:]; len(q.messages) == 0 {
		q.messages = q.room
	}
	q.size -= m.size()
	q.changed.Broadcast()
	return m, true
}

// drop takes out all chunks and seconds that wait: the journal has them.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.messages[:0]
	for _, m := range q.messages {
		if m.do != nil {
			kept = append(kept, m)
			continue
		}
		q.size -= m.size()
		m.finish(nil)
	}
	clear(q.messages[len(kept):])
	q.messages = kept
	q.changed.Broadcast()
}

// bytes returns the size of what waits.
func (q *queue) bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// close lets pop return what still waits, and then false.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
