package report

import (
	"bytes"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// record is an alert in ECS, as far as the report needs it.
type record struct {
	Message string
	Event   struct {
		Action     string
		Dataset    string
		Severity   int
		Risk       int `json:"risk_score"`
		Start, End time.Time
		Created    time.Time
		Sequence   int
		Reason     string
	}
	Source struct {
		IP, Address string
		Geo         struct {
			Country string `json:"country_name"`
			City    string `json:"city_name"`
		}
		AS struct {
			Number       int
			Organization struct{ Name string }
		}
	}
	Destination struct{ IP string }
	Siphunt     struct {
		Incident   status
		Attempts   int
		Rate       float64 // a minute
		Campaign   struct{ ID string }
		Registrars members
		Clients    members
		Extensions members
		SuccessN   int `json:"success_count"`
		Successes  []success
		Crossed    struct{ Timestamp time.Time }
		Tools      []string
		Asset      Asset
		Folded     []struct{ Count int }
	}

	// How alerts of other formats are told.
	Metadata struct{ Product struct{ Name string } } // OCSF
	Node     []struct{ SW []string }                 // IDEA
}

// status is what an incident is, and in which state.
type status struct {
	ID, State, Kind string
	EndReason       string `json:"end_reason"`
	Confidence      string
	KnownClient     bool `json:"known_client"`
	PhoneLike       bool `json:"phone_like"`
	Slow            bool
	Forgeable       bool
	Estimated       bool
}

// members are the clients, registrars or extensions of an incident: how many, and the strongest.
type members struct {
	Count int
	Top   []member
}

// member has an address or a name.
type member struct {
	IP, Name string
	Attempts int
}

// success is an acceptance that ended a run of rejections.
type success struct {
	Extension, Client, Registrar, Confidence string
	Timestamp                                time.Time
	Attempts                                 int
}

// Bounds of what is taken of one record: those of siphunt's own alerts, which a file from elsewhere need not keep.
const (
	maxMembers   = 20
	maxSuccesses = 100
	maxTools     = 10
	maxName      = 128
	maxSentence  = 1024
	maxAttempts  = 1_000_000_000
)

// The times that are believed. What is between them is a time.Duration.
var (
	earliest = time.Unix(0, 0)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// signature is in every alert, and makes a line worth a closer look.
var signature = []byte(`siphunt`)

// parseRecord returns the record in a line, or nil if there is none. Around it there may be what Fluent Bit's file output writes.
func parseRecord(line []byte) *record {
	from, to := bytes.IndexByte(line, '{'), bytes.LastIndexByte(line, '}')
	if from < 0 || to < from || !bytes.Contains(line, signature) {
		return nil
	}
	r := new(record)
	if jsoniter.Unmarshal(line[from:to+1], r) != nil {
		return nil
	}
	return r
}

// isAlert tells whether it is about an incident.
func (r *record) isAlert() bool {
	return r.Event.Dataset == "siphunt.alert" && r.Siphunt.Incident.ID != ""
}

// isSane tells whether its figures can be those of an alert.
func (r *record) isSane() bool {
	for _, t := range []time.Time{r.Event.Start, r.Event.End} {
		if t.Before(earliest) || t.After(latest) {
			return false
		}
	}
	for _, m := range []members{r.Siphunt.Clients, r.Siphunt.Extensions, r.Siphunt.Registrars} {
		for _, one := range m.Top {
			if one.Attempts < 0 || one.Attempts > maxAttempts {
				return false
			}
		}
	}
	return !r.Event.End.Before(r.Event.Start) && r.Siphunt.Attempts >= 0 && r.Siphunt.Attempts <= maxAttempts
}

// isFolded tells whether it stands for alerts that were left out.
func (r *record) isFolded() bool {
	return r.Event.Dataset == "siphunt.alert" && len(r.Siphunt.Folded) > 0
}

// isOtherFormat tells whether it is an alert in OCSF or IDEA. No flow record looks like that: what packets carry is in its values,
// never in its structure.
func (r *record) isOtherFormat() bool {
	return r.Metadata.Product.Name == "siphunt" || len(r.Node) > 0 && len(r.Node[0].SW) > 0 && r.Node[0].SW[0] == "siphunt"
}

// clean makes all of it harmless and bounded, and keeps nothing of the line.
func (r *record) clean() {
	r.Message = alert.Clean(r.Message, maxSentence)
	h := &r.Siphunt
	for _, s := range []*string{
		&r.Event.Action, &r.Event.Reason, &r.Source.IP, &r.Source.Address, &r.Source.Geo.Country, &r.Source.Geo.City,
		&r.Source.AS.Organization.Name, &r.Destination.IP, &h.Incident.ID, &h.Incident.State, &h.Incident.Kind,
		&h.Incident.EndReason, &h.Incident.Confidence, &h.Campaign.ID, &h.Asset.Name, &h.Asset.Owner, &h.Asset.Contact,
	} {
		*s = alert.Clean(*s, maxName)
	}
	for _, m := range []*members{&h.Registrars, &h.Clients, &h.Extensions} {
		m.Top = m.Top[:min(len(m.Top), maxMembers):min(len(m.Top), maxMembers)]
		for i := range m.Top {
			m.Top[i].IP, m.Top[i].Name = alert.Clean(m.Top[i].IP, maxName), alert.Clean(m.Top[i].Name, maxName)
		}
	}
	h.Successes = h.Successes[:min(len(h.Successes), maxSuccesses)]
	for i := range h.Successes {
		s := &h.Successes[i]
		s.Extension, s.Client = alert.Clean(s.Extension, maxName), alert.Clean(s.Client, maxName)
		s.Registrar, s.Confidence = alert.Clean(s.Registrar, maxName), alert.Clean(s.Confidence, maxName)
	}
	h.Tools = h.Tools[:min(len(h.Tools), maxTools)]
	for i := range h.Tools {
		h.Tools[i] = alert.Clean(h.Tools[i], maxName)
	}
}
