package flow

import (
	"unsafe"

	"github.com/siphunt/siphunt/detect"
)

// Records of one exporter carry the same keys in the same order, so where the fields are is found out once: a record that
// was not seen before is surveyed, key by key, and leaves its path in a tree. A node of the tree holds the bytes between
// two values (headers and keys), so that following a record costs a comparison of bytes and a step over the value for each
// field. At the end of a path stands the layout: which of the values means what.
//
//	83 a3"src" <value> a4"code" <value> ...      nested: a3"sip" 82 a4"code" <value> ...
//	└─ node ─┘         └ node ─┘                         └──── one node ────┘

const (
	maxPath    = 255  // bytes of a path; longer keys have no meaning
	maxSteps   = 256  // values of a record that are looked at; those behind them are passed over
	maxNodes   = 4096 // of the tree
	maxAlts    = 16   // nodes that are tried at one place
	maxBytes   = 512  // of a node
	patience   = 4096 // records that find no place in the tree before it is grown anew; records before it forgets what varied
	maxRegrown = 10
)

// layout tells where the fields of a record are: the number of the value, counted from 1, 0 for those it does not have.
type layout struct {
	table   *mapped
	kind    kind
	found   uint8            // fields
	carrier detect.Transport // which one the names of the ports tell
	inside  uint8            // of a wrapped record, number of the value that it is wrapped in
	around  *layout          // of messages as text, the fields that are not in the text
	at      [numFields]uint8
}

// kind is how a record holds messages.
type kind uint8

const (
	oneMessage     kind = iota // in fields of its own
	noMessage                  // nothing in it says SIP
	textMessages               // in a field that holds them as they were sent
	listedMessages             // in a list of maps
	wrapped                    // in another record, which is in one of its fields
)

type tree struct {
	first    *node
	nodes    []*node // all of them
	missed   int     // records that found no place
	regrown  int     // how often that made it grow anew
	followed int     // records since the nodes forgot which values vary
}

// follow runs along the record at p and notes where its values are. It returns nil if there is no such record in the tree.
func (t *tree) follow(b []byte, p int, values *[maxSteps]int) (lay *layout, end int) {
	if t.followed++; t.followed == patience {
		t.forget()
	}
	start := unsafe.Pointer(unsafe.SliceData(b))
	n := t.first
	for i := uint8(1); n != nil; i++ { // no path has more steps
		size := len(n.bytes)
		for at := unsafe.Add(start, p); ; size = len(n.bytes) {
			diff := uint64(1)
			switch {
			case p+size >= len(b): // no room for a value
			case size > 32:
				diff = n.differ16(at) | n.differInside(at)
			case size >= 16:
				diff = n.differ16(at)
			case size >= 8:
				diff = n.differ8(at)
			case p+8 <= len(b):
				diff = n.differ1(at)
			case string(b[p:p+size]) == n.bytes:
				diff = 0
			}
			if diff == 0 {
				break
			}
			if n = n.alt; n == nil {
				return nil, 0
			}
		}
		p += size
		values[i] = p
		switch size := sizes[*(*byte)(unsafe.Add(start, p))]; {
		case size == n.steady:
			p += int(n.steady) // not size, which may still be on its way: see node.go
		case size != 0:
			p += int(size)
			n.steady = size | varies
		default:
			if n.scalar && !isString(b[p]) {
				return nil, 0
			}
			if p = skip(b, p); p < 0 {
				return nil, 0
			}
		}
		if n.end != nil {
			if p > len(b) {
				return nil, 0
			}
			return n.end, p
		}
		n = n.next
	}
	return nil, 0
}

// forget gives each value that varied another chance to be steady: one record in a million must not slow down the rest.
func (t *tree) forget() {
	t.followed = 0
	for _, n := range t.nodes {
		n.steady &^= varies
	}
}

// grow adds the path of a record that was surveyed, if there is room. Records whose keys are never the same twice would fill
// the tree, so it is bounded, and grown anew when many have found no place in it, after twice as many each time.
func (t *tree) grow(b []byte, steps []step, lay *layout) {
	if len(t.nodes)+len(steps) <= maxNodes && t.add(b, steps, lay) {
		return
	}
	if t.missed++; t.missed >= patience<<t.regrown {
		*t = tree{nodes: t.nodes[:0], regrown: min(t.regrown+1, maxRegrown)}
	}
}

// add makes a path of the bytes that stand between the values. It adds all of it or, where a place is full, nothing:
// behind a new node all are new.
func (t *tree) add(b []byte, steps []step, lay *layout) bool {
	place := &t.first
	var n *node
	for _, s := range steps {
		if n = t.child(place, b[s.from:s.value], b[s.value]); n == nil {
			return false
		}
		n.scalar = s.scalar
		place = &n.next
	}
	n.end = new(*lay)
	if lay.around != nil {
		n.end.around = new(*lay.around)
	}
	return true
}

// child finds or adds the node with these bytes, before a value with this first byte, at a place. It returns nil if the place
// is full.
func (t *tree) child(place **node, bytes []byte, value byte) *node {
	for tried := 0; *place != nil; tried++ {
		n := *place
		if n.bytes == string(bytes) {
			return n
		}
		if tried == maxAlts-1 {
			return nil
		}
		place = &n.alt
	}
	n := newNode(string(bytes), value)
	*place, t.nodes = n, append(t.nodes, n)
	return n
}
