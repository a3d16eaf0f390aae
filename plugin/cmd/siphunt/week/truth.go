package week

import (
	"fmt"
	"io"
	"net/netip"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
)

// Truth is what is in a week.
type Truth struct {
	Seed    uint64  `json:"seed"`
	Scale   float64 `json:"scale"`
	Table   Table   `json:"table"`
	Further int     `json:"further"` // answers 403 and 404 that attacks got

	Attacks       []*Attack `json:"attacks"`
	Misconfigured []*Attack `json:"misconfigured"` // phones with a stale password: no attacks, but they look like brute force
}

// Attack is one attack as the detector should report it.
type Attack struct {
	Kind       string     `json:"kind"` // as in alerts: extension-scan, password-spray, distributed-brute-force, brute-force
	Registrar  netip.Addr `json:"registrar"`
	Client     netip.Addr `json:"client"`    // none for a distributed one; of IPv6 the first of its /64
	Extension  string     `json:"extension"` // none for a scan
	Clients    int        `json:"clients"`
	Extensions int        `json:"extensions"`
	Attempts   int        `json:"attempts"`   // rejections
	Rejections Statuses   `json:"rejections"` // the same by status code
	First      int64      `json:"first"`      // time of the first rejection, Unix milliseconds
	Last       int64      `json:"last"`       // and of the last
	Successes  []Success  `json:"successes,omitempty"`

	// KnownClient says that the client was accepted before: a phone with a stale password.
	KnownClient bool `json:"known_client,omitempty"`
}

// String names an attack in a line.
func (a *Attack) String() string {
	return fmt.Sprintf("%s on %s by %s at %s: %d clients, %d extensions, %d attempts %v, %s to %s, %d successes, known client %t",
		a.Kind, single(a.Extension), single(a.Client), a.Registrar, a.Clients, a.Extensions, a.Attempts, a.Rejections,
		utc(a.First), utc(a.Last), len(a.Successes), a.KnownClient)
}

// single writes one; a zero is what a scan has no single extension for, or a distributed attack no single client.
func single[T comparable](v T) string {
	if v == *new(T) {
		return "many"
	}
	return fmt.Sprint(v)
}

func utc(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// Statuses is how many answers carried a status code.
type Statuses map[uint16]int

// Success is an account that an attack entered.
type Success struct {
	Extension string     `json:"extension"`
	Client    netip.Addr `json:"client"`
	Time      int64      `json:"time"` // Unix milliseconds
}

// count writes down what a source gives away; client is as the detector names it.
func (a *Attack) count(f *detect.Flow, client netip.Addr) {
	if f.Status == 200 {
		a.Successes = append(a.Successes, Success{Extension: f.Extension, Client: client, Time: f.Time})
		return
	}
	if a.Attempts == 0 {
		a.First = f.Time
	}
	a.Last = f.Time
	a.Attempts++
	a.Rejections[f.Status]++
}

// Write gives the truth as JSON.
func (t *Truth) Write(w io.Writer) error {
	enc := jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(t)
}

// ReadTruth reads what Write wrote.
func ReadTruth(r io.Reader) (*Truth, error) {
	t := new(Truth)
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.NewDecoder(r).Decode(t); err != nil {
		return nil, fmt.Errorf("no truth of a week, as `siphunt generate week --truth` writes it: %w", err)
	}
	return t, nil
}
