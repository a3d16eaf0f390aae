package calibrate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// candidates are those whose incidents come again and again and look like no attack: a monitoring probe, a phone that was forgotten. A
// person has to judge them.
type candidates struct {
	of map[party]*habit
}

// party is a client at a registrar, on one extension or, with an empty one, on several.
type party struct {
	registrar, client netip.Addr
	extension         string
}

// habit is what a party has done so far.
type habit struct {
	incidents        int
	attempts         uint64
	first, last      int64
	known, phoneLike int // incidents
	withdrawn        int
	suspect          bool // an attack, a break-in or a tool: no candidate
}

// counters are all numbers of incidents.
func (h *habit) counters() []*int {
	return []*int{&h.incidents, &h.known, &h.phoneLike, &h.withdrawn}
}

const (
	maxCandidates  = 512
	leastIncidents = 3 // that make a habit,
	leastDays      = 2 // on so many days
)

func newCandidates() candidates { return candidates{map[party]*habit{}} }

// note takes an incident that is over.
func (c *candidates) note(a *detect.Alert) {
	p := party{a.Registrar.Addr, a.Client.Addr, ""}
	switch a.Kind {
	case detect.BruteForce:
		p.extension = a.Extension
	case detect.Scan, detect.Spray:
	default:
		return
	}
	h := c.of[p]
	if h == nil {
		if len(c.of) >= maxCandidates {
			c.forget()
		}
		h = &habit{first: a.First}
		p.extension = strings.Clone(p.extension)
		c.of[p] = h
	}
	h.incidents++
	h.attempts += uint64(a.Attempts)
	h.first, h.last = min(h.first, a.First), max(h.last, a.Last)
	switch Cause(a) {
	case "known-client":
		h.known++
	case "phone-like":
		h.phoneLike++
	case "withdrawn":
		h.withdrawn++
	default:
		h.suspect = true
	}
	h.suspect = h.suspect || len(a.Tools) > 0
}

// add takes over what others were seen doing earlier.
func (c *candidates) add(earlier *candidates) {
	for p, h := range earlier.of {
		x := c.of[p]
		if x == nil {
			x = &habit{first: h.first}
			c.of[p] = x
		}
		x.first, x.last = min(x.first, h.first), max(x.last, h.last)
		x.attempts += h.attempts
		x.suspect = x.suspect || h.suspect
		for i, n := range h.counters() {
			*x.counters()[i] += *n
		}
	}
	if len(c.of) > maxCandidates {
		c.forget()
	}
}

// forget makes room: half of them go, those with the fewest incidents, of these the oldest first.
func (c *candidates) forget() {
	all := c.sorted()
	for _, p := range all[len(all)/2:] {
		delete(c.of, p)
	}
}

// sorted returns the parties with the most incidents first.
func (c *candidates) sorted() []party {
	all := make([]party, 0, len(c.of))
	for p := range c.of {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b party) int {
		x, y := c.of[a], c.of[b]
		return cmp.Or(cmp.Compare(y.incidents, x.incidents), cmp.Compare(y.last, x.last), a.registrar.Compare(b.registrar),
			a.client.Compare(b.client), cmp.Compare(a.extension, b.extension))
	})
	return all
}

// list returns the candidates.
func (c *candidates) list() (all []Candidate) {
	for _, p := range c.sorted() {
		h := c.of[p]
		if h.suspect || h.incidents < leastIncidents || h.last-h.first < (leastDays-1)*day {
			continue
		}
		all = append(all, Candidate{
			Client: p.client, Registrar: p.registrar, Extension: p.extension, Incidents: h.incidents, Attempts: h.attempts,
			First: time.UnixMilli(h.first).UTC(), Last: time.UnixMilli(h.last).UTC(),
			KnownGood: h.known > 0, PhoneLike: h.phoneLike > 0, Evidence: h.evidence(),
		})
	}
	return all
}

// evidence says what speaks for a candidate.
func (h *habit) evidence() string {
	var parts []string
	for _, x := range []struct {
		n    int
		what string
	}{
		{h.known, "of a client that was known good on its own account"},
		{h.phoneLike, "no faster and no longer than a phone with a wrong password"},
		{h.withdrawn, "withdrawn, since most of their extensions were accepted"},
	} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return fmt.Sprintf("%d incidents in %.1f days: %s; no account was entered, no tool named itself",
		h.incidents, float64(h.last-h.first)/(24*3_600_000), strings.Join(parts, "; "))
}
