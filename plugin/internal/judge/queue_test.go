package judge

import (
	"errors"
	"testing"
	"testing/synctest"
)

// message waits for an answer.
func message() (Message, <-chan error) {
	done := make(chan error, 1)
	return Message{Do: func(*Judge) error { return nil }, Done: done}, done
}

// TestQueueWaitsForRoom: who is too far ahead waits until something was taken out, and no message is lost or out of order.
func TestQueueWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		q.Limit = 3 * 64
		for now := range int64(4) {
			q.Push(Message{Now: now})
		}
		waited := false
		go func() {
			q.WaitForRoom()
			waited = true
			q.Push(Message{Now: 4})
		}()
		synctest.Wait()
		if waited || q.Bytes() != 4*64 {
			t.Fatalf("%d bytes wait, and nobody waits for room", q.Bytes())
		}
		for want := range int64(5) {
			m, ok := q.pop()
			if !ok || m.Now != want {
				t.Fatalf("got %d, want %d", m.Now, want)
			}
			synctest.Wait()
		}
		if !waited || q.Bytes() != 0 {
			t.Errorf("waited %v, %d bytes", waited, q.Bytes())
		}
	})
}

// TestClosedQueue: what waits is done; what comes later is refused; nobody waits for ever.
func TestClosedQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		q.Limit = 0
		first, _ := message()
		q.Push(first)
		go q.WaitForRoom()
		synctest.Wait()
		q.Close()
		late, refused := message()
		q.Push(late)
		if err := <-refused; !errors.Is(err, errClosed) {
			t.Errorf("a late message gets %v", err)
		}
		if _, ok := q.pop(); !ok {
			t.Error("what waited is lost")
		}
		if _, ok := q.pop(); ok {
			t.Error("a closed queue gives more")
		}
	})
}

// TestDrop: chunks and seconds go, since the journal has them; what somebody waits for stays.
func TestDrop(t *testing.T) {
	q := NewQueue()
	stays, _ := message()
	for range 3 {
		q.Push(Message{Now: 1})
	}
	q.Push(stays)
	q.Push(Message{Now: 2})
	q.Drop()
	if m, _ := q.pop(); m.Do == nil || q.Bytes() != 0 {
		t.Errorf("got %+v, and %d bytes wait", m, q.Bytes())
	}
}
