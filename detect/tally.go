package detect

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// tally counts the attempts of an incident by client, extension and registrar, for an alert.
type tally struct {
	d                               *Detector
	clients, extensions, registrars counts
	someone                         uint32 // the client with the least address
	hasLogin                        bool   // a client of it was accepted
}

// counts are attempts by number of what they are counted of, or none by number where there is one only: most incidents have one
// client or one extension.
type counts struct {
	by   map[uint32]uint64
	name func(n uint32) Member
}

func newTally(d *Detector) *tally {
	return &tally{
		d:          d,
		clients:    counts{map[uint32]uint64{}, func(n uint32) Member { return Member{Client: d.clientAddr(n)} }},
		extensions: counts{map[uint32]uint64{}, func(n uint32) Member { return Member{Extension: d.nameCopy(n)} }},
		registrars: counts{map[uint32]uint64{}, func(n uint32) Member { return Member{Client: d.registrarAddr(n)} }},
	}
}

// add counts a member. One without attempts has only logged in beside the attack.
func (t *tally) add(p *pair, m *member) {
	c := t.d.clients.At(p.client)
	t.hasLogin = t.hasLogin || p.has(hasAccepted) || c.good > 0
	if t.someone == 0 || t.d.compareClients(p.client, t.someone) < 0 {
		t.someone = p.client
	}
	if m.attempts == 0 {
		return
	}
	t.clients.by[p.client] += m.attempts
	t.extensions.by[p.extension] += m.attempts
	t.registrars.by[c.registrar] += m.attempts
}

// strongest returns the client with the most attempts.
func (t *tally) strongest() uint32 {
	strongest := t.someone
	for ci, attempts := range t.clients.by {
		most := t.clients.by[strongest]
		if attempts > most || attempts == most && t.d.compareClients(ci, strongest) < 0 {
			strongest = ci
		}
	}
	return strongest
}

// compareClients orders clients by their address, and by that of their registrar.
func (d *Detector) compareClients(a, b uint32) int {
	x, y := d.clients.At(a), d.clients.At(b)
	return cmp.Or(bytes.Compare(x.address[:], y.address[:]), bytes.Compare(d.registrars[x.registrar].address[:], d.registrars[y.registrar].address[:]))
}

// members returns how many there are, and the strongest of them.
func (c *counts) members(limit int) Members {
	type one struct {
		n        uint32
		attempts uint64
	}
	all := make([]one, 0, len(c.by))
	for n, attempts := range c.by {
		all = append(all, one{n, attempts})
	}
	// By attempts first, so that names are made for those only that may be among the strongest.
	slices.SortFunc(all, func(x, y one) int { return cmp.Compare(y.attempts, x.attempts) })
	cut := min(limit, len(all))
	for cut > 0 && cut < len(all) && all[cut].attempts == all[limit-1].attempts {
		cut++
	}
	several := Members{Count: len(all)}
	for _, x := range all[:cut] {
		m := c.name(x.n)
		m.Attempts = int(x.attempts)
		several.Top = append(several.Top, m)
	}
	slices.SortFunc(several.Top, compareMembers)
	several.Top = several.Top[:min(len(several.Top), limit)]
	return several
}

func compareMembers(x, y Member) int {
	return cmp.Or(cmp.Compare(y.Attempts, x.Attempts), compareAddr(x.Client, y.Client), strings.Compare(x.Extension, y.Extension))
}

func compareAddr(x, y netip.Addr) int { return x.Compare(y) }
