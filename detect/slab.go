package detect

// A slab holds records by index. Records have no pointers, so the garbage collector does not look into them, and never
// move, so growing costs no copy. Record 0 is never used: index 0 means none.
type slab[T any, P record[T]] struct {
	chunks []*[chunkSize]T
	free   uint32 // first of the freed records, linked by chain
	top    uint32 // greatest index ever used
	count  int    // records in use
}

// record is what a slab needs of its records: a place for the index of another one.
type record[T any] interface {
	*T
	chain() *uint32
}

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// at gives the record with index i.
func (s *slab[T, P]) at(i uint32) *T { return &s.chunks[i>>chunkBits][i&(chunkSize-1)] }

// allocate gives an empty record.
func (s *slab[T, P]) allocate() (uint32, *T) {
	s.count++
	if i := s.free; i != 0 {
		r := s.at(i)
		s.free = *P(r).chain()
		var empty T
		*r = empty
		return i, r
	}
	s.top++
	if int(s.top>>chunkBits) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkSize]T))
	}
	return s.top, s.at(s.top)
}

// release frees record i and empties it.
func (s *slab[T, P]) release(i uint32) {
	r := s.at(i)
	var empty T
	*r = empty
	*P(r).chain() = s.free
	s.free = i
	s.count--
}
