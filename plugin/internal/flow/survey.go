package flow

import "strconv"

// survey is one look at a record of unknown shape.
type survey struct {
	names  *names
	from   int // end of the value before
	steps  []step
	found  []layout // by table
	rank   []ranks  // by table: which candidate of a field was found
	around layout
	oddity bool // the shape depends on values: not to be learnt

	inside     uint8 // number of the value that may hold another record
	insideRank uint8

	messages int    // of those in a list of maps, how many there are
	list     int    // and where the present one is
	listed   *place // what the list is
	base     int    // number of steps without those of its elements but the first
}

type (
	step struct {
		from, value int
		scalar      bool // there are meanings inside, were it a map or list
	}
	ranks [numFields]uint8
)

// record surveys the map at p and returns its layout, in the table that knows most of its keys, and the position behind it,
// -1 if b ends before or it is no map.
func (s *survey) record(b []byte, p int) (lay *layout, end int) {
	s.steps, s.from, s.oddity = s.steps[:0], p, false
	s.inside, s.messages = 0, 0
	for i := range s.found {
		s.found[i] = layout{table: &s.names.tables[i]}
	}
	if end = s.object(b, p, &s.names.root); end < 0 {
		return nil, -1
	}
	s.base = len(s.steps)
	return s.best(), end
}

// next surveys the next message of a list of maps.
func (s *survey) next(b []byte) *layout {
	for i := range s.found {
		s.found[i].forget(firstSIPField, lastSIPField)
	}
	s.steps = s.steps[:s.base]
	s.list = skip(b, s.list)
	s.object(b, s.list, s.listed)
	return s.best()
}

// best is the layout in the table that knows most keys of the record, the first one of those.
func (s *survey) best() (lay *layout) {
	lay = &s.found[0]
	for i := range s.found {
		if l := &s.found[i]; l.found > lay.found {
			lay = l
		}
	}
	if s.inside != 0 && (!lay.isSIP() || lay.at[fieldMessage] == s.inside && lay.at[fieldSource] == 0) {
		lay.kind, lay.inside = wrapped, s.inside
		return lay
	}
	switch {
	case lay.at[fieldMessage] != 0:
		lay.kind = textMessages
		s.around = *lay
		s.around.forget(firstSIPField, lastSIPField)
		lay.around = &s.around
	case !lay.isSIP():
		lay.kind = noMessage
	case s.messages > 1:
		lay.kind = listedMessages
	default:
		lay.kind = oneMessage
	}
	if at := lay.at[fieldSourcePort]; at != 0 && lay.table.carriers != nil {
		lay.carrier = lay.table.carriers[s.rank[lay.table.number][fieldSourcePort]]
	}
	return lay
}

// forget takes fields out, from the first to the last.
func (l *layout) forget(first, last field) {
	for f := first; f <= last; f++ {
		if l.at[f] != 0 {
			l.at[f] = 0
			l.found--
		}
	}
}

// isSIP says whether the record has one of the fields that tell SIP from other flows.
func (l *layout) isSIP() bool {
	return l.at[fieldStatus]|l.at[fieldCSeq]|l.at[fieldMethod]|l.at[fieldMessageType]|l.at[fieldMessage] != 0
}

// object surveys a map, of whose keys it knows what they mean. It descends only where a table has a path further down, so not
// deeper than those.
func (s *survey) object(b []byte, p int, of *place) int {
	n, p, ok := mapAt(b, p)
	if !ok {
		return -1
	}
	for ; n > 0; n-- {
		if p >= len(b) {
			return -1
		}
		var what *place
		value := p + 1 + int(b[p]&0x1f)
		if b[p]&0xe0 == 0xa0 && value < len(b) { // as nearly all keys are
			what = of.keys.of(b, p+1, value)
		} else if value = skip(b, p); value < 0 || value >= len(b) {
			return -1
		} else if isString(b[p]) {
			key, _ := stringAt(b, p)
			what = of.keys.of(b, value-len(key), value)
		}
		if p = s.member(b, value, what); p < 0 {
			return -1
		}
	}
	return p
}

// member surveys a value, and returns the position behind it, -1 if b ends before.
func (s *survey) member(b []byte, p int, what *place) (end int) {
	if what != nil && what.inside != 0 {
		if end, is := s.inner(b, p, what); is {
			return end
		}
	}
	if end = p + int(sizes[b[p]]); end == p || end > len(b) {
		if end = skip(b, p); end < 0 {
			return -1
		}
	}
	s.value(p, end, what)
	return end
}

// inner surveys what is in a map, or in a list if there are paths into it. Of a list of maps it takes one: the first, if they
// are messages, else the last, which is the innermost where packets are tunnelled.
func (s *survey) inner(b []byte, p int, what *place) (end int, is bool) {
	if n, _, isMap := mapAt(b, p); isMap && n > 0 {
		return s.object(b, p, what), true
	}
	n, at, isList := arrayAt(b, p)
	if !isList || n == 0 {
		return 0, false
	}
	if end = skip(b, p); end < 0 {
		return -1, true
	}
	if what.inside&numbered != 0 {
		return s.elements(b, at, n, what), true
	}
	if _, _, isMap := mapAt(b, at); !isMap {
		s.oddity = true
		return 0, false
	}
	s.oddity = s.oddity || n > 1
	if what.inside&notOnlyMessage == 0 {
		s.messages, s.list, s.listed = n, at, what
	} else {
		at = last(b, p)
	}
	if _, _, isMap := mapAt(b, at); !isMap || s.object(b, at, what) < 0 {
		return -1, true
	}
	s.from = end
	return end, true
}

// elements surveys a list by the numbers of its elements.
func (s *survey) elements(b []byte, p, n int, what *place) int {
	var number [20]byte
	for i := range n {
		key := strconv.AppendInt(number[:0], int64(i), 10)
		if p = s.member(b, p, what.keys.of(key, 0, len(key))); p < 0 {
			return -1
		}
	}
	return p
}

// value notes a value and what it means to each table.
func (s *survey) value(at, end int, what *place) {
	if len(s.steps) == maxSteps-1 {
		s.oddity = true
		return
	}
	s.oddity = s.oddity || at-s.from > maxBytes
	s.steps = append(s.steps, step{s.from, at, what != nil && what.inside != 0})
	s.from = end
	if what == nil {
		return
	}
	for _, m := range what.means {
		if m.field == fieldInside {
			if s.inside == 0 || m.rank <= s.insideRank {
				s.inside, s.insideRank = uint8(len(s.steps)), m.rank
			}
			continue
		}
		l, r := &s.found[m.table], &s.rank[m.table]
		if l.at[m.field] == 0 {
			l.found++
		}
		if l.at[m.field] == 0 || m.rank <= r[m.field] { // of a key that comes twice the last one counts
			l.at[m.field], r[m.field] = uint8(len(s.steps)), m.rank
		}
	}
}
