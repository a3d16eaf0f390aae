package detect

// An index finds the record with a hash. It holds record numbers with 16 bits of their hash, so that a search looks at
// hardly any record but the right one, and growing or removing at none. It probes linearly, in segments that grow one at a time, so that no
// insertion waits for all of it.
type index [segmentCount]segment

const (
	segmentBits   = 9
	segmentCount  = 1 << segmentBits
	firstCells    = 8
	maxLoadEighth = 7 // eighths of the cells of a segment that are used before it grows
)

type segment struct {
	cells []cell
	count int
}

// cell is 6 bytes: a record number in two halves, 0 if the cell is empty, and a part of the hash.
type cell struct{ tag, low, high uint16 }

func (c cell) number() uint32 { return uint32(c.high)<<16 | uint32(c.low) }

func tagOf(hash uint64) uint16 { return uint16(hash >> (64 - segmentBits - 16)) }

// home is where the search for a tag begins.
func (s *segment) home(tag uint16) int { return int(uint32(tag) * uint32(len(s.cells)) >> 16) }

func (x *index) segment(hash uint64) *segment { return &x[hash>>(64-segmentBits)] }

// probe is a search: it gives the numbers of all records that may have the hash, 0 after the last.
type probe struct {
	cells []cell
	at    int
	tag   uint16
}

func (x *index) probe(hash uint64) probe {
	s, tag := x.segment(hash), tagOf(hash)
	return probe{s.cells, s.home(tag), tag}
}

func (p *probe) next() uint32 {
	if len(p.cells) == 0 {
		return 0
	}
	for {
		c := p.cells[p.at]
		if p.at++; p.at == len(p.cells) {
			p.at = 0
		}
		if n := c.number(); n == 0 || c.tag == p.tag {
			return n
		}
	}
}

// insert adds a record number.
func (x *index) insert(hash uint64, number uint32) {
	s := x.segment(hash)
	if 8*(s.count+1) > maxLoadEighth*len(s.cells) {
		s.grow()
	}
	s.put(cell{tagOf(hash), uint16(number), uint16(number >> 16)})
	s.count++
}

func (s *segment) put(c cell) {
	at := s.home(c.tag)
	for s.cells[at].number() != 0 {
		if at++; at == len(s.cells) {
			at = 0
		}
	}
	s.cells[at] = c
}

func (s *segment) grow() {
	old := s.cells
	s.cells = make([]cell, max(firstCells, len(old)+len(old)/2))
	for _, c := range old {
		if c.number() != 0 {
			s.put(c)
		}
	}
}

// remove takes a record number out, which must be there, and closes the gap (Knuth, 6.4, algorithm R).
func (x *index) remove(hash uint64, number uint32) {
	s := x.segment(hash)
	size := len(s.cells)
	gap := s.home(tagOf(hash))
	for s.cells[gap].number() != number {
		gap = (gap + 1) % size
	}
	for at := (gap + 1) % size; s.cells[at].number() != 0; at = (at + 1) % size {
		if home := s.home(s.cells[at].tag); (at-home+size)%size >= (at-gap+size)%size {
			s.cells[gap] = s.cells[at]
			gap = at
		}
	}
	s.cells[gap] = cell{}
	s.count--
}
