package judge

import (
	"errors"
	"sync"

	"github.com/siphunt/siphunt/plugin/internal/rules"
)

var errClosed = errors.New("the detector was closed")

// MaxQueued is how many bytes may wait for the judge. If it is so far behind, Flush waits, and Fluent Bit keeps its chunks
// to itself: memory is bounded, and nothing is lost.
const MaxQueued = 32 << 20

// Message is what the judge is told, in the order of the journal: of a chunk, of a second without one, or to do something.
type Message struct {
	Now   int64              // wall clock when it came, Unix milliseconds
	Chunk *rules.Chunk       // or nil
	Do    func(*Judge) error // or nil
	Done  chan<- error       // gets what Do has returned, or why it was not done; has room for it
}

// size is what the message takes of MaxQueued.
func (m *Message) size() int {
	const base = 64
	if m.Chunk == nil {
		return base
	}
	return base + m.Chunk.Size()
}

// finish ends a message, done or not.
func (m *Message) finish(err error) {
	if m.Chunk != nil {
		m.Chunk.Release()
	}
	if m.Done != nil {
		m.Done <- err
	}
}

// Queue holds the messages for the judge.
type Queue struct {
	Limit int // of bytes, beyond which WaitForRoom waits

	mu       sync.Mutex
	changed  sync.Cond // there is room, there are messages, or it is closed
	messages []Message
	room     []Message // empty, with the memory that is enough most of the time
	size     int
	closed   bool
}

// NewQueue returns an empty queue of MaxQueued.
func NewQueue() *Queue {
	q := &Queue{Limit: MaxQueued, room: make([]Message, 0, 64)}
	q.messages = q.room
	q.changed.L = &q.mu
	return q
}

// WaitForRoom waits while too much waits.
func (q *Queue) WaitForRoom() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size > q.Limit && !q.closed {
		q.changed.Wait()
	}
}

// Push never waits. A closed queue refuses.
func (q *Queue) Push(m Message) {
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
func (q *Queue) pop() (Message, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.messages) == 0 {
		if q.closed {
			return Message{}, false
		}
		q.changed.Wait()
	}
	m := q.messages[0]
	q.messages[0] = Message{} // the array lives on; what it points to need not
	if q.messages = q.messages[1:]; len(q.messages) == 0 {
		q.messages = q.room
	}
	q.size -= m.size()
	q.changed.Broadcast()
	return m, true
}

// Drop takes out all chunks and seconds that wait: the journal has them.
func (q *Queue) Drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	kept := q.messages[:0]
	for _, m := range q.messages {
		if m.Do != nil {
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

// Bytes returns the size of what waits.
func (q *Queue) Bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.size
}

// Close lets pop return what still waits, and then false.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
