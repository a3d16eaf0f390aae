package traffic

// Due is something with the time at which it is due, Unix milliseconds.
type Due[T any] struct {
	At   int64
	Item T
}

// Queue is a binary heap, the earliest first. (container/heap would cost three times as much a step.)
type Queue[T any] []Due[T]

// Order makes a heap of what is in no order yet.
func (q Queue[T]) Order() {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.down(i)
	}
}

// Push adds an item.
func (q *Queue[T]) Push(at int64, item T) {
	added := Due[T]{at, item}
	*q = append(*q, added)
	heap := *q
	i := len(heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if heap[parent].At <= at {
			break
		}
		heap[i] = heap[parent]
		i = parent
	}
	heap[i] = added
}

// Pop takes the earliest out.
func (q *Queue[T]) Pop() Due[T] {
	first := (*q)[0]
	q.Reschedule(0)
	return first
}

// Reschedule gives the earliest its next time, or takes it out if that is 0.
func (q *Queue[T]) Reschedule(at int64) {
	old := *q
	if at == 0 {
		last := len(old) - 1
		old[0], old[last] = old[last], Due[T]{}
		*q = old[:last]
	} else {
		old[0].At = at
	}
	q.down(0)
}

func (q Queue[T]) down(i int) {
	if i >= len(q) {
		return
	}
	moved := q[i]
	for {
		child := 2*i + 1
		if child >= len(q) {
			break
		}
		if right := child + 1; right < len(q) && q[right].At < q[child].At {
			child = right
		}
		if moved.At <= q[child].At {
			break
		}
		q[i] = q[child]
		i = child
	}
	q[i] = moved
}
