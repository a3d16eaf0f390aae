package flow

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"sync"

	"github.com/siphunt/siphunt/detect"
)

// names is the tables turned round: from the keys of a record to meanings.
type names struct {
	tables []mapped
	root   place // the record itself
}

// place is what a path means: to tables, and as the path of a map or list that has meanings inside.
type place struct {
	means  []meaning
	inside innerUse
	keys   keys
}

// keys are the places inside of one, by what is left of their paths: in "sip" there are "code", "to", "to.uri" and "to.uri.original".
// Exporters whose keys come in any order are looked up record by record, so it is a hash table of its own: few instructions for a
// key that means nothing, which most do.
type keys struct {
	slots []slot // a power of two, most of them empty
	n     int
}

type slot struct {
	sign  uint64 // of the key
	key   string
	place *place
}

// of returns the place of a key, or nil if it means nothing. The key is b[from:to].
func (k *keys) of(b []byte, from, to int) *place {
	if len(k.slots) == 0 {
		return nil
	}
	sign := signOf(b, from, to)
	for i := sign >> 32; ; i++ {
		s := &k.slots[i&uint64(len(k.slots)-1)]
		if s.sign == sign && s.key == string(b[from:to]) || s.place == nil {
			return s.place
		}
	}
}

// signOf mixes the length and the first and last eight bytes of b[from:to], which tells nearly all keys.
func signOf(b []byte, from, to int) (sign uint64) {
	n := to - from
	switch {
	case n >= 8:
		sign = binary.LittleEndian.Uint64(b[from:]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[to-8:]), 29)
	case from+8 <= len(b):
		sign = binary.LittleEndian.Uint64(b[from:]) & (1<<(8*n) - 1)
	default:
		var short [8]byte
		copy(short[:], b[from:to])
		sign = binary.LittleEndian.Uint64(short[:])
	}
	return (sign + uint64(n)) * 0x9E3779B97F4A7C15
}

func (k *keys) add(key string, p *place) {
	if 8*(k.n+1) > len(k.slots) {
		old := k.slots
		k.slots, k.n = make([]slot, max(8, 2*len(old))), 0
		for _, s := range old {
			if s.place != nil {
				k.add(s.key, s.place)
			}
		}
	}
	sign := signOf([]byte(key), 0, len(key))
	i := sign >> 32
	for k.slots[i&uint64(len(k.slots)-1)].place != nil {
		i++
	}
	k.slots[i&uint64(len(k.slots)-1)] = slot{sign, key, p}
	k.n++
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

// wrappings are the paths of values that may be records, or hold them as text, best first: Kafka's payload, Elasticsearch's
// _source and fields, Splunk's result and _raw, Asterisk's log in JSON, and what Fluent Bit and others call a line that nothing has
// parsed, or what they have made of one.
var wrappings = Paths{
	"payload", "_source", "fields", "result", "logmsg.message", "log", "message", "MESSAGE", "_raw", "body", "data", "json", "record", "event",
}

// allNames are those of all exporters known by name, which take a while to turn round. All decoders share them.
var allNames = sync.OnceValue(func() *names { return newNames(tables) })

// namesOf returns the names of some tables.
func namesOf(some []table) *names {
	if len(some) == len(tables) {
		return allNames()
	}
	return newNames(some)
}

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

// at returns the place of a path, which it makes if there is none, inside of all that it goes through.
func (n *names) at(path string) *place {
	if p := n.root.keys.of([]byte(path), 0, len(path)); p != nil {
		return p
	}
	p := &place{}
	n.root.keys.add(path, p)
	for k := 0; k < len(path); k++ {
		if path[k] == '.' {
			n.at(path[:k]).keys.add(path[k+1:], p)
		}
	}
	return p
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
