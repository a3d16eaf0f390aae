package network

import (
	"fmt"
	"io"
	"net/netip"

	jsoniter "github.com/json-iterator/go"
)

// Truth is what is in a network.
type Truth struct {
	Options       Options               `json:"options"`
	Records       int                   `json:"records"`
	Attacks       []*Attack             `json:"attacks"`
	Registrations [causes]int           `json:"registrations"` // acceptances sent to good phones, by cause
	Clients       map[netip.Addr]Cause  `json:"clients"`       // good ones, as the detector names them
	Accounts      map[string]Cause      `json:"accounts"`      // of good phones
	Outages       map[netip.Addr]Outage `json:"outages"`
}

// Outage is a time in which a registrar rejects its phones.
type Outage struct {
	Cause Cause `json:"cause"`
	From  int64 `json:"from"`
	To    int64 `json:"to"`
}

// Attack is one attack: what was sent of it, less what was lost.
type Attack struct {
	Kind       string       `json:"kind"`
	Registrars []netip.Addr `json:"registrars"`
	Clients    []netip.Addr `json:"clients"` // as the detector names them
	Extensions []string     `json:"extensions"`
	Shared     []netip.Addr `json:"shared,omitempty"` // of Clients those that good phones have too

	Begin      int64     `json:"begin"` // of the first message, lost or not
	First      int64     `json:"first"` // recorded rejection, Unix milliseconds
	Last       int64     `json:"last"`
	Rejections int       `json:"rejections"`        // recorded
	Perhaps    int       `json:"perhaps,omitempty"` // recorded, too, but not to be told from a login: they may count or not
	BreakIns   []BreakIn `json:"break_ins,omitempty"`
}

// BreakIn is an account that was entered.
type BreakIn struct {
	Registrar netip.Addr `json:"registrar"`
	Extension string     `json:"extension"`
	Client    netip.Addr `json:"client"`
	Time      int64      `json:"time"`
}

func newTruth(o Options) *Truth {
	return &Truth{Options: o, Clients: map[netip.Addr]Cause{}, Accounts: map[string]Cause{}, Outages: map[netip.Addr]Outage{}}
}

// inFile is how a truth is written; the key tells it from that of a week.
type inFile struct {
	Network *Truth `json:"network"`
}

// Write gives the truth as JSON.
func (t *Truth) Write(w io.Writer) error {
	return jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(w).Encode(inFile{t})
}

// ReadTruth reads what Write wrote. It returns nil where that is something else.
func ReadTruth(r io.Reader) *Truth {
	var f inFile
	if jsoniter.ConfigCompatibleWithStandardLibrary.NewDecoder(r).Decode(&f) != nil {
		return nil
	}
	return f.Network
}

// client writes down whose address it is. The first cause stays: what comes to an address later are its neighbours.
func (t *Truth) client(addr netip.Addr, c Cause) {
	addr = named(addr)
	if _, ok := t.Clients[addr]; !ok {
		t.Clients[addr] = c
	}
}

// account writes down whose account it is.
func (t *Truth) account(extension string, c Cause) { t.Accounts[extension] = c }

// registered counts an acceptance, if it is sent before the end.
func (t *Truth) registered(c Cause, end, at int64) {
	if at < end {
		t.Registrations[c]++
	}
}

// count writes down a rejection that was recorded n times.
func (a *Attack) count(n int, at int64) {
	if n == 0 {
		return
	}
	a.Rejections += n
	if a.First == 0 {
		a.First = at
	}
	a.Last = max(a.Last, at)
}

func (a *Attack) describe() string {
	return fmt.Sprintf("%q at %v by %v, %d registrars, %d clients, %d extensions, %d rejections, %s to %s", a.Kind, a.Registrars[0],
		a.Clients[0], len(a.Registrars), len(a.Clients), len(a.Extensions), a.Rejections, utc(a.First), utc(a.Last))
}

// off is how far a count is from what was recorded, relatively. What may count or not is allowed for.
func (a *Attack) off(attempts int) float64 {
	switch {
	case attempts < a.Rejections:
		return float64(a.Rejections-attempts) / float64(a.Rejections)
	case attempts > a.Rejections+a.Perhaps:
		return float64(attempts-a.Rejections-a.Perhaps) / float64(max(1, a.Rejections))
	}
	return 0
}
