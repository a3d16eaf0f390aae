package store

import "unsafe"

// MaxText is the length of the longest text that Texts keeps, in bytes.
const MaxText = 64

// Texts keeps texts outside of the garbage collector's sight: one slab for each length, in steps of 4 bytes. A reference is
// valid together with the length of the text.
type Texts struct {
	slabs [MaxText/textStep + 1]textSlab
}

const textStep = 4

// textSlab has cells of one size, chunkSize of them in a chunk.
type textSlab struct {
	chunks [][]byte
	free   []uint32
	top    uint32
}

func slabOf(length int) int { return (length + textStep - 1) / textStep }

// Add copies a text of at most MaxText bytes.
func (n *Texts) Add(text string) uint32 {
	class := slabOf(len(text))
	if class == 0 {
		return 0
	}
	s := &n.slabs[class]
	var ref uint32
	if last := len(s.free) - 1; last >= 0 {
		ref, s.free = s.free[last], s.free[:last]
	} else {
		ref = s.top
		s.top++
	}
	copy(s.cell(class, ref), text)
	return ref
}

// Get returns a text; it is valid until it is removed.
func (n *Texts) Get(ref uint32, length int) string {
	class := slabOf(length)
	if class == 0 {
		return ""
	}
	return unsafe.String(&n.slabs[class].cell(class, ref)[0], length)
}

// Remove frees a text.
func (n *Texts) Remove(ref uint32, length int) {
	if class := slabOf(length); class != 0 {
		n.slabs[class].free = append(n.slabs[class].free, ref)
	}
}

func (s *textSlab) cell(class int, ref uint32) []byte {
	size := class * textStep
	chunk, at := int(ref>>chunkBits), int(ref&(chunkSize-1))*size
	if chunk == len(s.chunks) {
		s.chunks = append(s.chunks, make([]byte, chunkSize*size))
	}
	return s.chunks[chunk][at : at+size]
}
