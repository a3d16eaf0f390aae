package flow

import (
	"strconv"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// names is the tables turned round: from paths to meanings.
type names struct {
	tables []mapped
	places [maxPath + 1][]place // by the length of the path
}

// place is what a path means: to tables, and as the path of a map or list that has meanings inside.
type place struct {
	path   string
	means  []meaning
	inside innerUse
}

// of returns what a path means, or nil if it means nothing. Of one length there are few paths, and hardly any with the same last
// byte: this is several times as quick as a map, and exporters whose keys come in any order are surveyed record by record.
func (n *names) of(path []byte) *place {
	if len(path) == 0 || len(path) > maxPath {
		return nil
	}
	last := path[len(path)-1]
	for i := range n.places[len(path)] {
		if p := &n.places[len(path)][i]; p.path[len(p.path)-1] == last && p.path == string(path) {
			return p
		}
	}
	return nil
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
	n := &names{}
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
	n.at(path).means = append(n.at(path).means, m)
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
		n.at(outside).inside |= use
		use &^= numbered
		if !more {
			break
		}
		k += 1 + len(key)
	}
}

// at returns the place of a path, which it makes if there is none.
func (n *names) at(path string) *place {
	if p := n.of([]byte(path)); p != nil {
		return p
	}
	all := &n.places[len(path)]
	*all = append(*all, place{path: path})
	return &(*all)[len(*all)-1]
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
