// Package alert turns a detect.Alert into a record: JSON for people and files, MessagePack for Fluent Bit.
//
// An alert goes through three stages, a file or two each:
//
//	clean.go                       what packets carried is made harmless, once, before anything reads it
//	ecs.go, ocsf.go, idea.go       a format describes the record as a tree of fields (tree.go), with what all formats say:
//	rules.go, risk.go, siphunt.go  what there is to say of each kind, the risk, what no common schema has a name for
//	message.go, outcome.go, notes.go  the sentence for a person
//	enrichment.go                  what else is known of the addresses: see the package enrich below this one
//	write.go                       one tree, two writers, so that both records always say the same
//
// A further format is one more row of formats. FIELDS.md is the reference of all fields, made of fields.go.
package alert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
)

// Options say what an Encoder cannot know from an alert.
type Options struct {
	Format       string          // of the record: "ecs", "ocsf" or "idea"
	Hostname     string          // observer.hostname, empty leaves it out
	Version      string          // observer.version
	ClientPrefix int             // ipv6_client_prefix of the detector: bits that tell IPv6 clients apart, 0 for all 128
	Sources      *enrich.Sources // what else is known of addresses, nil for nothing
	Sampling     int             // the exporter looks at 1 in so many packets; 0 and 1: at all
}

// Encoder makes records. It is safe for concurrent use.
type Encoder struct {
	options Options
	format  format
}

// input is what a record is made from.
type input struct {
	*Options
	*detect.Alert // clean already
	created       time.Time
	place         enrich.Place  // of the client
	asset         *enrich.Asset // that the registrar belongs to, nil if it is not listed
}

// format describes an alert, and what stands for the alerts left out, as the fields of a record.
type format struct {
	alert  func(in *input) object
	folded func(o *Options, f *Folded, created time.Time) object
}

// formats are the known ones, by the name that configuration uses.
var formats = map[string]format{
	"ecs":  {ecs, ecsFolded},
	"ocsf": {ocsf, ocsfFolded},
	"idea": {idea, ideaFolded},
}

// Formats returns the names of the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// NewEncoder makes an encoder. It fails if it does not know the format.
func NewEncoder(o Options) (*Encoder, error) {
	f, ok := formats[o.Format]
	if !ok {
		return nil, fmt.Errorf("unknown alert format %q: use one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	o.Hostname = clean(o.Hostname, maxText)
	o.Version = clean(o.Version, maxText)
	return &Encoder{options: o, format: f}, nil
}

func (e *Encoder) fields(a *detect.Alert, created time.Time) object {
	in := &input{Options: &e.options, Alert: cleaned(a), created: created}
	if in.Sampling > 1 {
		scale(in.Alert, in.Sampling)
	}
	in.place = e.options.Sources.Place(in.Client.Addr, created)
	in.asset = e.options.Sources.Asset(in.Registrar.Addr)
	return e.format.alert(in)
}

// AppendJSON appends the alert as one JSON object, without a newline. created is the wall time of its detection.
// But for created and the host name, the same alert gives the same bytes.
func (e *Encoder) AppendJSON(dst []byte, a *detect.Alert, created time.Time) []byte {
	return appendJSON(dst, e.fields(a, created))
}

// AppendRecord appends the alert as one Fluent Bit log event: MessagePack [[time, metadata], fields]. Its time is that
// of the report, by the detector's clock.
func (e *Encoder) AppendRecord(dst []byte, a *detect.Alert, created time.Time) []byte {
	return appendEvent(dst, a.Time, e.fields(a, created))
}
