package store

// An Index finds the record with a hash. It holds record numbers with 16 bits of their hash, the tag, so that a search
// looks at hardly any record but the right one, and growing or removing at none. Cells are sorted by tag: each lies at
// its home or behind it, so that a search for what is not there, as for each new pair, ends early.
// It is cut into segments that grow one at a time, so that no insertion waits for all of it.
type Index [segmentCount]segment

const (
	segmentBits   = 9
	segmentCount  = 1 << segmentBits
	firstHomes    = 8
	maxLoadEighth = 7 // eighths of the homes of a segment that are used before it grows
)

type segment struct {
	cells []cell // homes, and room behind them for what the last homes push away
	homes int
	count int
}

// cell is 6 bytes: a part of the hash, and a record number in two halves, 0 if the cell is empty.
type cell struct{ tag, low, high uint16 }

func (c cell) number() uint32 { return uint32(c.high)<<16 | uint32(c.low) }

func tagOf(hash uint64) uint16 { return uint16(hash >> (64 - segmentBits - 16)) }

func (x *Index) segment(hash uint64) *segment { return &x[hash>>(64-segmentBits)] }

// home is where the search for a tag begins: the order of homes is that of tags.
func (s *segment) home(tag uint16) int { return int(uint32(tag) * uint32(s.homes) >> 16) }

// Probe is a search: it returns the numbers of all records that may have the hash, 0 after the last.
type Probe struct {
	cells []cell // from the home on
	tag   uint16
}

// Probe begins the search for a hash.
func (x *Index) Probe(hash uint64) Probe {
	s, tag := x.segment(hash), tagOf(hash)
	return Probe{s.cells[s.home(tag):], tag}
}

// Load reads the cell where the search for a hash begins, so that it is at hand.
func (x *Index) Load(hash uint64) uint32 {
	if p := x.Probe(hash); len(p.cells) > 0 {
		return p.cells[0].number()
	}
	return 0
}

// Next returns the number of another record that may have the hash, or 0 if there is none.
func (p *Probe) Next() uint32 {
	for i, c := range p.cells {
		n := c.number()
		if n == 0 || c.tag > p.tag {
			break
		}
		if c.tag == p.tag {
			p.cells = p.cells[i+1:]
			return n
		}
	}
	return 0
}

// Insert adds a record number.
func (x *Index) Insert(hash uint64, number uint32) {
	s := x.segment(hash)
	if 8*(s.count+1) > maxLoadEighth*s.homes {
		s.grow()
	}
	c := cell{tagOf(hash), uint16(number), uint16(number >> 16)}
	for !s.put(c) {
		s.grow()
	}
	s.count++
}

// put puts a cell where its tag belongs and moves what follows. It fails where there is no room behind the homes.
func (s *segment) put(c cell) bool {
	at := s.home(c.tag)
	for at < len(s.cells) && s.cells[at].number() != 0 && s.cells[at].tag <= c.tag {
		at++
	}
	end := at
	for end < len(s.cells) && s.cells[end].number() != 0 {
		end++
	}
	if end >= len(s.cells) {
		return false
	}
	copy(s.cells[at+1:end+1], s.cells[at:end])
	s.cells[at] = c
	return true
}

// grow makes half as many homes more. What is sorted stays so.
func (s *segment) grow() {
	old := s.cells
	for fits := false; !fits; {
		s.homes = max(firstHomes, s.homes+s.homes/2)
		s.cells = make([]cell, s.homes+min(64, s.homes))
		next := 0
		fits = true
		for _, c := range old {
			if c.number() == 0 {
				continue
			}
			at := max(next, s.home(c.tag))
			if fits = at < len(s.cells); !fits {
				break
			}
			s.cells[at] = c
			next = at + 1
		}
	}
}

// Remove takes a record number out, which must be there, and moves what follows back towards its home.
func (x *Index) Remove(hash uint64, number uint32) {
	s := x.segment(hash)
	at := s.home(tagOf(hash))
	for s.cells[at].number() != number {
		at++
	}
	end := at + 1
	for end < len(s.cells) && s.cells[end].number() != 0 && s.home(s.cells[end].tag) < end {
		end++
	}
	copy(s.cells[at:], s.cells[at+1:end])
	s.cells[end-1] = cell{}
	s.count--
}
