package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unsafe"
)

// maxName is the length of the longest extension that is kept as it is, in bytes.
const maxName = 64

// shortName gives the extension as it is kept: itself, or a form of maxName bytes that still tells long ones apart.
// The result lives in buf or in the argument.
func shortName(extension string, buf *[maxName]byte) string {
	if len(extension) <= maxName {
		return extension
	}
	const kept = maxName - 1 - 16
	sum := sha256.Sum256(unsafe.Slice(unsafe.StringData(extension), len(extension)))
	copy(buf[:kept], extension)
	buf[kept] = '~'
	hex.Encode(buf[kept+1:], sum[:8])
	return unsafe.String(&buf[0], maxName)
}

// keepName keeps the name of an extension. Most accounts of a server share its domain, which makes most of their names:
// the registrar remembers the first domain that it is given, and names that end in it are kept without it. What another one
// chooses to begin with costs memory, no more; no result depends on it.
func (d *Detector) keepName(e *extension, name string) {
	r := &d.registrars[e.registrar]
	if r.domain == "" {
		if at := strings.LastIndexByte(name, '@'); at >= 0 {
			r.domain = strings.Clone(name[at:])
		}
	}
	if r.domain != "" && strings.HasSuffix(name, r.domain) {
		e.flags |= sharesDomain
		name = name[:len(name)-len(r.domain)]
	}
	e.name, e.length = d.names.add(name), uint8(len(name))
}

// nameOf gives the whole name of an extension. It lives in buf, or as long as the extension.
func (d *Detector) nameOf(e *extension, buf *[maxName]byte) string {
	kept := d.names.get(e.name, int(e.length))
	if e.flags&sharesDomain == 0 {
		return kept
	}
	n := copy(buf[:], kept)
	n += copy(buf[n:], d.registrars[e.registrar].domain)
	return unsafe.String(&buf[0], n)
}

// isCalled tells whether name is the whole name of an extension.
func (d *Detector) isCalled(e *extension, name string) bool {
	if e.flags&sharesDomain != 0 {
		user := int(e.length)
		if len(name) < user || name[user:] != d.registrars[e.registrar].domain {
			return false
		}
		name = name[:user]
	}
	return int(e.length) == len(name) && d.names.get(e.name, len(name)) == name
}

// names keeps texts outside of the garbage collector's sight: one slab for each length, in steps of 4 bytes. A reference is
// valid together with the length of the text.
type names struct {
	slabs [maxName/nameStep + 1]nameSlab
}

const nameStep = 4

// nameSlab has cells of one size, chunkSize of them in a chunk.
type nameSlab struct {
	chunks [][]byte
	free   []uint32
	top    uint32
}

func slabOf(length int) int { return (length + nameStep - 1) / nameStep }

// add copies a text of at most maxName bytes.
func (n *names) add(text string) uint32 {
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

// get gives a text back; it is valid until it is removed.
func (n *names) get(ref uint32, length int) string {
	class := slabOf(length)
	if class == 0 {
		return ""
	}
	return unsafe.String(&n.slabs[class].cell(class, ref)[0], length)
}

func (n *names) remove(ref uint32, length int) {
	if class := slabOf(length); class != 0 {
		n.slabs[class].free = append(n.slabs[class].free, ref)
	}
}

func (s *nameSlab) cell(class int, ref uint32) []byte {
	size := class * nameStep
	chunk, at := int(ref>>chunkBits), int(ref&(chunkSize-1))*size
	if chunk == len(s.chunks) {
		s.chunks = append(s.chunks, make([]byte, chunkSize*size))
	}
	return s.chunks[chunk][at : at+size]
}
