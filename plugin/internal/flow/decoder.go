package flow

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// Options say how records are read.
type Options struct {
	Format      string                // a name of Formats, default "auto": each record by its key names
	Custom      *Mapping              // of Format "custom"
	Methods     []string              // SIP methods whose answers count, default REGISTER
	Wants       func(status int) bool // whether answers with this status count: detect.Config.Wants
	ExtensionBy string                // "user@domain" (default), or "user" for registrars that ignore the domain
}

// Decoder reads records. It is not safe for concurrent use: one for each worker.
type Decoder struct {
	methods []string
	wants   [1000]bool
	domain  bool // extensions carry their domain

	custom *Mapping

	tree      tree
	survey    survey
	values    [maxSteps]int // where the values of the present record are, from 1; 0 for those it does not have
	clock     clock
	registrar lastEndpoint
	text      sipText     // the message that is being read
	recent    recentTexts // of the chunk
	json      *jsoniter.Iterator
	wrappings int // around the present record
}

// NewDecoder checks the options and makes a decoder. Errors name the key of the option in siphunt.toml, its value, and
// what to write instead.
func NewDecoder(o Options) (*Decoder, error) {
	chosen, err := choose(o)
	if err != nil {
		return nil, err
	}
	d := &Decoder{methods: o.Methods, domain: true, custom: o.Custom}
	switch o.ExtensionBy {
	case "", "user@domain":
	case "user":
		d.domain = false
	default:
		return nil, fmt.Errorf("extension_by: %q is none: write \"user@domain\" or \"user\"", o.ExtensionBy)
	}
	if len(d.methods) == 0 {
		d.methods = []string{"REGISTER"}
	}
	for _, method := range d.methods {
		if cseqMethod(method) != method || method == "" {
			return nil, fmt.Errorf("methods: %q is no SIP method: write for example [\"REGISTER\"]", method)
		}
	}
	if o.Wants == nil {
		return nil, fmt.Errorf("flow: Options.Wants is missing")
	}
	for status := 100; status < len(d.wants); status++ {
		d.wants[status] = o.Wants(status)
	}
	d.survey = survey{names: namesOf(chosen), found: make([]layout, len(chosen)), rank: make([]ranks, len(chosen))}
	return d, nil
}

// choose gives the tables that a format stands for.
func choose(o Options) ([]table, error) {
	switch o.Format {
	case "", formatAuto:
		return tables, nil
	case formatCustom:
		if o.Custom == nil {
			return nil, fmt.Errorf("format: \"custom\" needs a table that names the fields")
		}
		custom := o.Custom.withConstants()
		return []table{{formatCustom, custom}}, custom.Validate()
	}
	i := slices.IndexFunc(tables, func(t table) bool { return t.name == o.Format })
	if i < 0 {
		return nil, fmt.Errorf("format: %q is none: write one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	return tables[i : i+1], nil
}

// Chunk reads a Fluent Bit chunk: msgpack records [[time, metadata], map] or [time, map], one after the other. What is
// wrong is counted and passed over; where a frame is broken, the rest of the chunk is lost with it, as one record.
func (d *Decoder) Chunk(b *Batch, chunk []byte) {
	d.recent = recentTexts{} // a chunk that comes again is read as before
	for p := 0; p < len(chunk); {
		event, body := envelope(chunk, p)
		if body <= 0 { // no record
			end := skip(chunk, p)
			if body == groupMarker && end > 0 {
				p = end
				continue
			}
			b.Stats.Records++
			b.drop(Malformed, chunk, p)
			if end < 0 {
				return
			}
			p = end
			continue
		}
		b.Stats.Records++
		if p = d.record(b, chunk, body, event); p < 0 {
			return
		}
	}
}

const (
	noRecord    = 0
	groupMarker = -1
)

// envelope reads what stands around a record's map: its event time in milliseconds, and where the map is (or noRecord,
// or groupMarker: Fluent Bit brackets groups of records with the times -1 and -2).
func envelope(b []byte, p int) (event int64, body int) {
	if len(b)-p > 13 && binary.BigEndian.Uint32(b[p:]) == 0x9292d700 && b[p+12] == 0x80 { // as Fluent Bit writes it
		sec, nsec := binary.BigEndian.Uint32(b[p+4:]), binary.BigEndian.Uint32(b[p+8:])
		if sec >= 1<<32-2 {
			return 0, groupMarker
		}
		return int64(sec)*1000 + int64(nsec/1e6), p + 13
	}
	n, at, ok := arrayAt(b, p)
	if !ok || n != 2 || at >= len(b) {
		return 0, noRecord
	}
	body = skip(b, at)
	if body < 0 || body >= len(b) {
		return 0, noRecord
	}
	if n, inner, ok := arrayAt(b, at); ok {
		if n == 0 || inner >= len(b) {
			return 0, noRecord
		}
		at = inner
	}
	return eventTime(b, at, body)
}

// eventTime reads a record's time: Fluent Bit's extension (type 0: seconds, nanoseconds), seconds as integer or float.
func eventTime(b []byte, at, body int) (event int64, _ int) {
	var sec int64
	switch c := b[at]; {
	case c == 0xd7 && b[at+1] == 0, c == 0xc7 && b[at+1] == 8 && b[at+2] == 0:
		ext := b[at+2:]
		if c == 0xc7 {
			ext = b[at+3:]
		}
		sec = int64(int32(binary.BigEndian.Uint32(ext)))
		event = int64(binary.BigEndian.Uint32(ext))*1000 + int64(binary.BigEndian.Uint32(ext[4:])/1e6)
	case isFloat(c):
		event = timeUnit(1).millisFloat(floatAt(b, at))
		sec = int64(max(-3, min(0, floatAt(b, at))))
	default:
		n, ok := intAt(b, at)
		if !ok {
			return 0, noRecord
		}
		sec, event = n, timeUnit(1).millis(n)
	}
	if sec == -1 || sec == -2 {
		return 0, groupMarker
	}
	return event, body
}
