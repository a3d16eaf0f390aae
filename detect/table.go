package detect

// A table is a slab of records that are found by hash: the hash chooses a chain, the caller walks it and compares.
// The chains are cut into segments that grow one at a time, so that no single insertion waits for the whole of it.
type table[T any, P record[T]] struct {
	slab[T, P]
	segments [segmentCount]segment
	hash     func(*T) uint64 // the hash that a record was inserted with
}

type segment struct {
	heads []uint32 // first record of each chain; a power of two of them
	count int      // records in the segment
}

const (
	segmentBits  = 8
	segmentCount = 1 << segmentBits
	firstHeads   = 4
)

// first gives the first record of the chain for a hash; the next is *chain().
func (t *table[T, P]) first(hash uint64) uint32 {
	s := &t.segments[hash>>(64-segmentBits)]
	if len(s.heads) == 0 {
		return 0
	}
	return s.heads[hash&uint64(len(s.heads)-1)]
}

// insert adds an empty record for a hash. The caller fills in what the hash was made of before the next insertion.
func (t *table[T, P]) insert(hash uint64) (uint32, *T) {
	s := &t.segments[hash>>(64-segmentBits)]
	if s.count >= len(s.heads)+len(s.heads)/2 {
		t.grow(s)
	}
	i, r := t.allocate()
	head := &s.heads[hash&uint64(len(s.heads)-1)]
	*P(r).chain() = *head
	*head = i
	s.count++
	return i, r
}

func (t *table[T, P]) grow(s *segment) {
	old := s.heads
	s.heads = make([]uint32, max(firstHeads, 2*len(old)))
	mask := uint64(len(s.heads) - 1)
	for _, i := range old {
		for i != 0 {
			r := t.at(i)
			next := *P(r).chain()
			head := &s.heads[t.hash(r)&mask]
			*P(r).chain() = *head
			*head = i
			i = next
		}
	}
}

// remove takes record i out of its chain and releases it. Its key must still be in it.
func (t *table[T, P]) remove(i uint32) {
	r := t.at(i)
	hash := t.hash(r)
	s := &t.segments[hash>>(64-segmentBits)]
	link := &s.heads[hash&uint64(len(s.heads)-1)]
	for *link != i {
		link = P(t.at(*link)).chain()
	}
	*link = *P(r).chain()
	s.count--
	t.release(i)
}
