package network

import (
	"net/netip"
)

// Truth is what is in a network.
type Truth struct {
	Attacks       []*Attack
	Registrations [causes]int // acceptances sent to good phones

	clients  map[netip.Addr]Cause // good ones, as the detector names them
	accounts map[string]Cause     // of good phones
	outages  map[netip.Addr]Outage
}

// Outage is a time in which a registrar rejects its phones.
type Outage struct {
	Cause    Cause
	From, To int64
}

// Attack is one attack: what was sent of it, less what was lost.
type Attack struct {
	Kind       string
	Registrars []netip.Addr
	Clients    []netip.Addr // as the detector names them
	Extensions []string
	Shared     []netip.Addr // of Clients those that good phones have too

	Begin      int64 // of the first message, lost or not
	First      int64 // recorded rejection, Unix milliseconds
	Last       int64
	Rejections int // recorded
	Perhaps    int // recorded, too, but not to be told from a login: they may count or not
	BreakIns   []BreakIn
}

// BreakIn is an account that was entered.
type BreakIn struct {
	Registrar netip.Addr
	Extension string
	Client    netip.Addr
	Time      int64
}

func newTruth() *Truth {
	return &Truth{clients: map[netip.Addr]Cause{}, accounts: map[string]Cause{}, outages: map[netip.Addr]Outage{}}
}

// client writes down whose address it is. The first cause stays: what comes to an address later are its neighbours.
func (t *Truth) client(addr netip.Addr, c Cause) {
	addr = named(addr)
	if _, ok := t.clients[addr]; !ok {
		t.clients[addr] = c
	}
}

// account writes down whose account it is.
func (t *Truth) account(extension string, c Cause) { t.accounts[extension] = c }

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
