package flow

import "unsafe"

// Records of one exporter carry the same keys in the same order, so where the fields are is found out once: a record that
// was not seen before is surveyed, key by key, and leaves its path in a tree. A node of the tree holds the bytes between
// two values (headers and keys), so that following a record costs a comparison of bytes and a step over the value for each
// field. At the end of a path stands the layout: which of the values means what.
//
//	83 a3"src" <value> a4"code" <value> ...      nested: a3"sip" 82 a4"code" <value> ...
//	└─ node ─┘         └ node ─┘                         └──── one node ────┘

const (
	maxPath  = 255  // bytes of a path; longer keys have no meaning
	maxSteps = 256  // values of a record that are looked at; those behind them are passed over
	maxNodes = 4096 // of the tree
	maxAlts  = 16   // nodes that are tried at one place
	maxBytes = 512  // of a node
	patience = 4096 // records that find no place in the tree before it is grown anew
)

// layout tells where the fields of a record are: the number of the value, counted from 1, 0 for those it does not have.
type layout struct {
	table *mapped
	sip   bool // it has one of the fields that tell SIP from other flows
	at    [numFields]uint8
}

// node is a place in the tree: bytes that precede a value, and where to go from there.
type node struct {
	bytes string
	ends  [2][16]byte // the first and the last of the bytes: 16 each of 16 to 32, 8 each of 8 to 15
	next  int32       // node behind the value; at the end -1 - the index of the layout
	alt   int32       // the next node to try at the same place, 0 for none
}

func newNode(bytes string) node {
	n := node{bytes: bytes}
	width := 16
	if len(bytes) < width {
		width = 8
	}
	copy(n.ends[0][:], bytes[:min(width, len(bytes))])
	copy(n.ends[1][:], bytes[max(0, len(bytes)-width):])
	return n
}

// same16 and same8 compare what is at p with the node's bytes of their size by the two ends, which overlap.
func (n *node) same16(p unsafe.Pointer) bool {
	return *(*[16]byte)(p) == n.ends[0] && *(*[16]byte)(unsafe.Add(p, len(n.bytes)-16)) == n.ends[1]
}

func (n *node) same8(p unsafe.Pointer) bool {
	return *(*[8]byte)(p) == *(*[8]byte)(n.ends[0][:]) && *(*[8]byte)(unsafe.Add(p, len(n.bytes)-8)) == *(*[8]byte)(n.ends[1][:])
}

type tree struct {
	nodes   []node
	layouts []layout
	missed  int // records that found no place
}

// follow runs along the record at p and notes where its values are. It returns nil if there is no such record in the tree.
//
// Most of the time of decoding goes into comparing keys here. In registers, without a call and without a check of bounds
// for each word (the switch makes one for all) it takes half as long as by comparing strings: hence unsafe, here only.
func (t *tree) follow(b []byte, p int, values *[maxSteps]int) (lay *layout, end int) {
	if len(t.nodes) == 0 {
		return nil, 0
	}
	start := unsafe.Pointer(unsafe.SliceData(b))
	n := &t.nodes[0]
	for i := 1; ; i++ {
		for {
			known := false
			switch size := len(n.bytes); {
			case p+size >= len(b): // no room for a value
			case size >= 16 && size <= 32:
				known = n.same16(unsafe.Add(start, p))
			case size >= 8 && size < 16:
				known = n.same8(unsafe.Add(start, p))
			default:
				known = string(b[p:p+size]) == n.bytes
			}
			if known {
				break
			}
			if n.alt == 0 {
				return nil, 0
			}
			n = &t.nodes[n.alt]
		}
		p += len(n.bytes)
		values[i] = p
		if size := int(sizes[b[p]]); size != 0 {
			p += size
		} else if p = skip(b, p); p < 0 {
			return nil, 0
		}
		if n.next < 0 {
			if p > len(b) {
				return nil, 0
			}
			return &t.layouts[-1-n.next], p
		}
		n = &t.nodes[n.next]
	}
}

// grow adds the path of a record that was surveyed, if there is room. Records whose keys are never the same twice would fill
// the tree, so it is bounded, and grown anew when many have found no place in it.
func (t *tree) grow(b []byte, steps []step, lay *layout) {
	if len(t.nodes)+len(steps) <= maxNodes && t.add(b, steps) {
		t.layouts = append(t.layouts, *lay)
		return
	}
	if t.missed++; t.missed == patience {
		*t = tree{nodes: t.nodes[:0], layouts: t.layouts[:0]}
	}
}

// add makes a path of the bytes that stand between the values. It adds all of it or, where a place is full, nothing:
// behind a new node all are new.
func (t *tree) add(b []byte, steps []step) bool {
	at := int32(-1) // the node we are behind
	for _, s := range steps {
		if at = t.child(at, b[s.from:s.value]); at < 0 {
			return false
		}
	}
	t.nodes[at].next = int32(-1 - len(t.layouts))
	return true
}

// child finds or adds the node with these bytes behind another one; behind -1 it is the first of a path. It returns -1 if
// the place is full.
func (t *tree) child(parent int32, bytes []byte) int32 {
	added := int32(len(t.nodes))
	n := int32(0) // the first node of the place
	if parent >= 0 {
		n = t.nodes[parent].next
	}
	if parent >= 0 && n == 0 {
		t.nodes[parent].next = added
	} else if added > 0 {
		for tried := 1; t.nodes[n].bytes != string(bytes); tried++ {
			if tried == maxAlts {
				return -1
			}
			if t.nodes[n].alt == 0 {
				t.nodes[n].alt = added
				break
			}
			n = t.nodes[n].alt
		}
		if t.nodes[n].bytes == string(bytes) {
			return n
		}
	}
	t.nodes = append(t.nodes, newNode(string(bytes)))
	return added
}

// survey is one look at a record of unknown shape.
type survey struct {
	names  *names
	path   []byte
	from   int // end of the value before
	steps  []step
	found  []layout // by table
	rank   []ranks  // by table: which candidate of a field was found
	oddity bool     // the shape depends on values: not to be learnt
}

type (
	step  struct{ from, value int }
	ranks [numFields]uint8
)

// record surveys the map at p and returns its layout, in the table that knows most of its keys, and the position behind it,
// -1 if b ends before or it is no map.
func (s *survey) record(b []byte, p int) (lay *layout, end int) {
	s.path, s.steps, s.from, s.oddity = s.path[:0], s.steps[:0], p, false
	for i := range s.found {
		s.found[i] = layout{table: &s.names.tables[i]}
	}
	if end = s.object(b, p); end < 0 {
		return nil, -1
	}
	most := -1
	for i := range s.found {
		l := &s.found[i]
		n := 0
		for _, at := range l.at {
			if at != 0 {
				n++
			}
		}
		if n > most {
			lay, most = l, n
		}
	}
	lay.sip = lay.at[fieldStatus]|lay.at[fieldCSeq]|lay.at[fieldMethod]|lay.at[fieldMessageType] != 0
	return lay, end
}

// object surveys a map. It descends only where a table has a path further down, so not deeper than those.
func (s *survey) object(b []byte, p int) int {
	n, p, ok := mapAt(b, p)
	if !ok {
		return -1
	}
	outside := len(s.path)
	for ; n > 0; n-- {
		value := skip(b, p)
		if value < 0 || value >= len(b) {
			return -1
		}
		s.path = s.path[:outside]
		if key, ok := stringAt(b, p); ok && isString(b[p]) && outside+len(key) <= maxPath {
			s.path = append(s.path, key...)
		}
		if len(s.path) > outside && s.names.inner[string(s.path)] {
			if members, _, ok := mapAt(b, value); ok && members > 0 {
				s.path = append(s.path, '.')
				if p = s.object(b, value); p < 0 {
					return -1
				}
				continue
			}
			s.oddity = true
		}
		if p = skip(b, value); p < 0 {
			return -1
		}
		s.value(value, p, len(s.path) > outside)
	}
	return p
}

// value notes a value and what it means to each table.
func (s *survey) value(at, end int, named bool) {
	if len(s.steps) == maxSteps-1 {
		s.oddity = true
		return
	}
	s.oddity = s.oddity || at-s.from > maxBytes
	s.steps = append(s.steps, step{s.from, at})
	s.from = end
	if !named {
		return
	}
	for _, m := range s.names.means[string(s.path)] {
		l, r := &s.found[m.table], &s.rank[m.table]
		if l.at[m.field] == 0 || m.rank <= r[m.field] { // of a key that comes twice the last one counts
			l.at[m.field], r[m.field] = uint8(len(s.steps)), m.rank
		}
	}
}

// names is the tables turned round: from paths to meanings.
type names struct {
	tables []mapped
	means  map[string][]meaning
	inner  map[string]bool // paths of maps that have meanings inside
}

// mapped is a table in the form that decoding needs.
type mapped struct {
	unit    timeUnit
	methods []string
}

type meaning struct {
	table int
	field field
	rank  uint8
}

func newNames(tables []table) *names {
	n := &names{means: map[string][]meaning{}, inner: map[string]bool{}}
	for i, t := range tables {
		n.tables = append(n.tables, mapped{unit: timeFormats[t.TimeFormat], methods: t.Methods})
		for f, paths := range t.paths() {
			for rank, path := range paths {
				n.means[path] = append(n.means[path], meaning{i, field(f), uint8(rank)})
				for k, c := range path {
					if c == '.' {
						n.inner[path[:k]] = true
					}
				}
			}
		}
	}
	return n
}
