package flow

import (
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// Explainer tells how records are read, for people: which format a record is, which fields it has, and what is missing.
type Explainer struct {
	decoder *Decoder // as configured
	all     *Decoder // of all formats
}

// Explanation is how one record was read.
type Explanation struct {
	Format  string      // that was taken, empty if the record is none
	Nearest []Nearness  // all formats, the nearest first
	Inside  []string    // the fields of other records that it was in, the outermost first
	Fields  []FieldNote // of the format, found or not, in the order of the configuration's keys
	Leaves  []Leaf      // all values of the record
	Flows   []detect.Flow
	Stats   Stats
}

// Nearness is how much of a format is in a record.
type Nearness struct {
	Format  string
	Found   int      // fields
	Missing []string // keys of fields without which it cannot be read
}

// FieldNote is what became of one field.
type FieldNote struct {
	Key   string   // in the configuration
	Path  string   // where it was found, empty if it was not
	Value string   // escaped
	Paths []string // where it was looked for
}

// Leaf is a value of a record that is no map.
type Leaf struct{ Path, Value string }

// NewExplainer makes an explainer of what a decoder with these options does.
func NewExplainer(o Options) (*Explainer, error) {
	decoder, err := NewDecoder(o)
	if err != nil {
		return nil, err
	}
	o.Format, o.Custom = formatAuto, nil
	all, err := NewDecoder(o)
	return &Explainer{decoder, all}, err
}

// Line explains a record that is a line, as Decoder.Line reads it.
func (x *Explainer) Line(line []byte) *Explanation {
	var b Batch
	x.decoder.Line(&b, line)
	e := &Explanation{Flows: b.Flows, Stats: b.Stats}
	var own Batch
	buf, p, ok := x.locate(&own, strings.Trim(string(line), " \t\r\n"), e)
	if !ok {
		return e
	}
	x.nearness(e)
	if lay, _ := x.decoder.survey.record(buf, p); lay.isSIP() {
		e.Format = lay.table.name
		x.fields(e, lay, buf)
	}
	e.Leaves = leaves(nil, "", buf, p)
	return e
}

// locate finds the map that is read in the end: that of the line, or one within it.
func (x *Explainer) locate(own *Batch, text string, e *Explanation) (buf []byte, p int, ok bool) {
	if p, ok = x.transcoded(own, text); !ok {
		return nil, 0, false
	}
	for range maxWrappings {
		buf = own.scratch
		lay, _ := x.all.survey.record(buf, p)
		if lay.kind != wrapped {
			return buf, p, true
		}
		inside := x.all.survey.steps[lay.inside-1].value
		e.Inside = append(e.Inside, wrappings[x.all.survey.insideRank])
		if _, _, isMap := mapAt(buf, inside); isMap {
			p = inside
		} else if text, isText := stringAt(buf, inside); !isText {
			return buf, p, true
		} else if in, ok := x.transcoded(own, strings.TrimLeft(strings.Clone(text), " \t\r\n")); ok {
			p = in
		} else {
			return buf, p, true
		}
	}
	return own.scratch, p, true
}

func (x *Explainer) transcoded(own *Batch, text string) (p int, ok bool) {
	if strings.HasPrefix(text, "{") {
		return x.all.transcode(own, text)
	}
	return own.securityEvent(text)
}

// nearness ranks the formats by what was found of them in the record that was surveyed last.
func (x *Explainer) nearness(e *Explanation) {
	for i := range x.all.survey.found {
		l := &x.all.survey.found[i]
		e.Nearest = append(e.Nearest, Nearness{Format: l.table.name, Found: int(l.found), Missing: missing(l)})
	}
	slices.SortStableFunc(e.Nearest, func(a, b Nearness) int { return b.Found - a.Found })
}

// missing are the fields of which a record has too few to be read.
func missing(l *layout) (keys []string) {
	has := func(fields ...field) bool {
		return slices.ContainsFunc(fields, func(f field) bool {
			return l.at[f] != 0 || l.table.constants != nil && l.table.constants[f].text != ""
		})
	}
	if !has(fieldSource, fieldRegistrar) {
		keys = append(keys, "source")
	}
	if !has(fieldDestination, fieldClient) {
		keys = append(keys, "destination")
	}
	if has(fieldMessage) {
		return keys
	}
	if !has(fieldStatus) {
		keys = append(keys, "status")
	}
	if !has(fieldCSeq, fieldMethod, fieldMessageType) {
		keys = append(keys, "cseq")
	}
	if !has(fieldTo, fieldFrom) {
		keys = append(keys, "to")
	}
	return keys
}

// fields notes what was found of the format that was taken, and what its message says, if it is text.
func (x *Explainer) fields(e *Explanation, lay *layout, buf []byte) {
	s := &x.decoder.survey
	t := tableOf(x.decoder, lay)
	text := ""
	if at := lay.at[fieldMessage]; at != 0 {
		text, _ = stringAt(buf, s.steps[at-1].value)
	}
	var message sipText
	_, isText := message.read(text)
	for f, paths := range t.paths() {
		if isText && field(f) >= firstSIPField && field(f) <= lastSIPField {
			continue
		}
		note := FieldNote{Key: fieldNames[f], Paths: paths}
		if at := lay.at[f]; at != 0 {
			note.Path = paths[s.rank[lay.table.number][f]]
			note.Value = shown(buf, s.steps[at-1].value)
		}
		if len(paths) > 0 {
			e.Fields = append(e.Fields, note)
		}
	}
	for f := firstSIPField; isText && f <= lastSIPField; f++ {
		if value := message.field(f); value != "" {
			var b Batch
			b.showString(value)
			e.Fields = append(e.Fields, FieldNote{Key: fieldNames[f], Path: "in the message", Value: string(b.scratch)})
		}
	}
}

// tableOf is the mapping behind a layout.
func tableOf(d *Decoder, lay *layout) *Mapping {
	if i := slices.IndexFunc(tables, func(t table) bool { return t.name == lay.table.name }); i >= 0 {
		return &tables[i].Mapping
	}
	return d.custom
}

// shown is a value as examples show it.
func shown(buf []byte, p int) string {
	var b Batch
	b.showValue(buf, p)
	return string(b.scratch)
}

// maxLeaves is how many values of a record are listed.
const maxLeaves = 200

// leaves lists the values in a map, with their paths.
func leaves(all []Leaf, path string, b []byte, p int) []Leaf {
	n, p, ok := mapAt(b, p)
	for ; ok && n > 0 && len(all) < maxLeaves; n-- {
		value := skip(b, p)
		if key, isText := stringAt(b, p); isText && len(path)+len(key) < maxPath {
			inner := path + key
			if members, _, isMap := mapAt(b, value); isMap && members > 0 {
				all = leaves(all, inner+".", b, value)
			} else {
				all = append(all, Leaf{inner, shown(b, value)})
			}
		}
		p = skip(b, value)
	}
	return all
}
