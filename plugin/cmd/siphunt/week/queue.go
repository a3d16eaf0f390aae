package week

import "math/rand/v2"

// source gives one answer after the other.
type source interface {
	// answer fills s with the answer that is due at s.Flow.Time, and returns the time of the next, 0 after the last.
	answer(s *Step, rng *rand.Rand) int64
}

// due is a source with the time of its next answer, Unix milliseconds.
type due struct {
	at  int64
	src source
}

// queue is a binary heap of sources, the earliest first. (container/heap would cost three times as much a step.)
type queue []due

// newQueue orders what is in no order yet.
func newQueue(q queue) queue {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
	return q
}

// reschedule gives the earliest source its next time, or takes it out if that is 0.
func (q *queue) reschedule(at int64) {
	old := *q
	if at == 0 {
		last := len(old) - 1
		old[0], old[last] = old[last], due{}
		*q = old[:last]
	} else {
		old[0].at = at
	}
	q.down(0)
}

func (q queue) down(i int) {
	if i >= len(q) {
		return
	}
	moved := q[i]
	for {
		child := 2*i + 1
		if child >= len(q) {
			break
		}
		if right := child + 1; right < len(q) && q[right].at < q[child].at {
			child = right
		}
		if moved.at <= q[child].at {
			break
		}
		q[i] = q[child]
		i = child
	}
	q[i] = moved
}
