package flow

import (
	"strconv"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// names is the tables turned round: from paths to meanings.
type names struct {
	tables []mapped
	places map[string]place
	filter [256]uint64 // by the last byte of a path, the lengths (modulo 64) of those that have a place
}

// place is what a path means: to tables, and as the path of a map or list that has meanings inside.
type place struct {
	means  []meaning
	inside innerUse
}

// of gives what a path means. Most keys of a record have no meaning, which the filter tells without a look into the map.
func (n *names) of(path []byte) place {
	if size := len(path); size == 0 || n.filter[path[size-1]]>>(size&63)&1 == 0 {
		return place{}
	}
	return n.places[string(path)]
}

// mapped is a table in the form that decoding needs.
type mapped struct {
	name      string
	number    int // in names.tables
	unit      timeUnit
	methods   []string
	codes     map[string]int
	services  []string
	unknown   string
	carriers  []detect.Transport
	constants *[numFields]constant
}

// constant is a field that is the same in all records, as text and, if it is one, as a number.
type constant struct {
	text   string
	number int64
}

type meaning struct {
	table int
	field field
	rank  uint8
}

// innerUse says what is inside of a value.
type innerUse uint8

const (
	someInside     innerUse = 1 << iota
	notOnlyMessage          // fields of the record, not only of the message
	numbered                // elements of a list, by their numbers
)

// wrappings are the paths of values that may be records, or hold them as text, best first: Kafka's payload and Elasticsearch's
// _source, Asterisk's log in JSON, and what Fluent Bit and others call a line that nothing has parsed.
var wrappings = Paths{"payload", "_source", "logmsg.message", "log", "message", "MESSAGE"}

func newNames(tables []table) *names {
	n := &names{places: map[string]place{}}
	for i, t := range tables {
		n.tables = append(n.tables, mapped{
			name: t.name, number: i, unit: timeFormats[t.TimeFormat], methods: t.Methods, codes: t.StatusCodes, services: t.Services, unknown: t.Unknown,
			carriers: t.Carriers, constants: t.constants(),
		})
		for f, paths := range t.paths() {
			for rank, path := range paths {
				n.add(path, meaning{i, field(f), uint8(rank)})
			}
		}
	}
	for rank, path := range wrappings {
		n.add(path, meaning{0, fieldInside, uint8(rank)})
	}
	return n
}

func (n *names) add(path string, m meaning) {
	n.change(path, func(p *place) { p.means = append(p.means, m) })
	use := someInside
	if m.field < firstSIPField || m.field > lastSIPField {
		use |= notOnlyMessage
	}
	for k := strings.IndexByte(path, '.'); k >= 0; {
		outside, rest := path[:k], path[k+1:]
		key, _, more := strings.Cut(rest, ".")
		if _, err := strconv.ParseUint(key, 10, 8); err == nil {
			use |= numbered
		}
		n.change(outside, func(p *place) { p.inside |= use })
		use &^= numbered
		if !more {
			break
		}
		k += 1 + len(key)
	}
}

func (n *names) change(path string, change func(*place)) {
	if path == "" {
		return
	}
	p := n.places[path]
	change(&p)
	n.places[path] = p
	n.filter[path[len(path)-1]] |= 1 << (len(path) & 63)
}

// constants are the fields that the mapping itself has values for, nil if there are none.
func (m *Mapping) constants() *[numFields]constant {
	if len(m.Constants) == 0 {
		return nil
	}
	var all [numFields]constant
	for f, name := range fieldNames {
		if text, ok := m.Constants[name]; ok {
			n, _ := strconv.ParseInt(text, 10, 64) // 0 of what is no number, which nobody reads as one
			all[f] = constant{text, n}
		}
	}
	return &all
}
