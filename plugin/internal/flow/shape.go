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
	patience = 4096 // records that find no place in the tree before it is grown anew; records before it forgets what varied
)

// layout tells where the fields of a record are: the number of the value, counted from 1, 0 for those it does not have.
type layout struct {
	table *mapped
	sip   bool // it has one of the fields that tell SIP from other flows
	at    [numFields]uint8
}

type tree struct {
	first    *node
	nodes    []*node // all of them
	missed   int     // records that found no place
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
// the tree, so it is bounded, and grown anew when many have found no place in it.
func (t *tree) grow(b []byte, steps []step, lay *layout) {
	if len(t.nodes)+len(steps) <= maxNodes && t.add(b, steps, lay) {
		return
	}
	if t.missed++; t.missed == patience {
		*t = tree{nodes: t.nodes[:0]}
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
		place = &n.next
	}
	n.end = new(*lay)
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
