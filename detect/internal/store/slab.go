package store

// A Slab holds records by index. Records have no pointers, so the garbage collector does not look into them, and never
// move, so growing costs no copy. Record 0 is never used: index 0 means none.
type Slab[T any, P Record[T]] struct {
	chunks []*[chunkSize]T
	free   uint32 // first of the freed records, linked by Chain
	Top    uint32 // greatest index ever used
	Count  int    // records in use
}

// Record is what a Slab needs of its records: a place for the index of another one.
type Record[T any] interface {
	*T
	Chain() *uint32
}

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// At returns the record with index i.
func (s *Slab[T, P]) At(i uint32) *T { return &s.chunks[i>>chunkBits][i&(chunkSize-1)] }

// Allocate returns an empty record.
func (s *Slab[T, P]) Allocate() (uint32, *T) {
	s.Count++
	if i := s.free; i != 0 {
		r := s.At(i)
		s.free = *P(r).Chain()
		var empty T
		*r = empty
		return i, r
	}
	s.Top++
	if int(s.Top>>chunkBits) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]T))
	}
	return s.Top, s.At(s.Top)
}

// Release frees record i and empties it.
func (s *Slab[T, P]) Release(i uint32) {
	r := s.At(i)
	var empty T
	*r = empty
	*P(r).Chain() = s.free
	s.free = i
	s.Count--
}
