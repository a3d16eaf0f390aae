package detect

import (
	"cmp"
	"slices"
	"strings"
)

// tally adds up the attempts of an incident by client, extension and registrar, for an alert.
type tally struct {
	clients, extensions, registrars []share
	strongestClient                 uint32 // with the most attempts on one extension
	hasLogin                        bool   // a client of it was accepted
}

// share is what one client, extension or registrar has of the attempts, by its number.
type share struct {
	number   uint32
	attempts uint64
}

// tally adds up an incident. A member without attempts has only logged in beside the attack.
func (d *reports) tally(inc *incident) tally {
	var t tally
	strongest := uint64(0)
	for _, m := range d.membersOf(inc) {
		p := d.pairs.At(m.pair)
		c := d.clients.At(p.client)
		t.hasLogin = t.hasLogin || p.has(hasAccepted) || c.good > 0
		if t.strongestClient == 0 || m.attempts > strongest || m.attempts == strongest && d.comesBefore(p.client, t.strongestClient) {
			t.strongestClient, strongest = p.client, m.attempts
		}
		if m.attempts > 0 {
			t.clients = append(t.clients, share{p.client, m.attempts})
			t.extensions = append(t.extensions, share{p.extension, m.attempts})
			t.registrars = append(t.registrars, share{c.registrar, m.attempts})
		}
	}
	if inc.by == byHost { // one client, whatever its registrars
		for i := range t.clients {
			t.clients[i].number = t.strongestClient
		}
	}
	t.clients, t.extensions, t.registrars = merge(t.clients), merge(t.extensions), merge(t.registrars)
	return t
}

// comesBefore tells which of two clients is named first where both are as strong.
func (d *reports) comesBefore(a, b uint32) bool {
	x, y := d.clients.At(a), d.clients.At(b)
	return cmp.Or(d.clientAddr(a).Compare(d.clientAddr(b)), d.registrarAddr(x.registrar).Compare(d.registrarAddr(y.registrar))) < 0
}

// merge makes one of the shares with the same number.
func merge(shares []share) []share {
	slices.SortFunc(shares, func(x, y share) int { return cmp.Compare(x.number, y.number) })
	merged := shares[:0]
	for _, s := range shares {
		if last := len(merged) - 1; last >= 0 && merged[last].number == s.number {
			merged[last].attempts += s.attempts
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// members returns how many shares there are, and the strongest of them, by attempts, then by address or name. name fills
// in who a number is; a name may be borrowed.
func members(shares []share, limit int, name func(number uint32, m *Member)) Members {
	several := Members{Count: len(shares)}
	for _, s := range shares {
		if len(several.Top) == limit && int(s.attempts) < several.Top[limit-1].Attempts {
			continue
		}
		m := Member{Attempts: int(s.attempts)}
		name(s.number, &m)
		at, _ := slices.BinarySearchFunc(several.Top, m, compareMembers)
		if at == limit {
			continue
		}
		m.Extension = strings.Clone(m.Extension)
		several.Top = slices.Insert(several.Top, at, m)
		several.Top = several.Top[:min(len(several.Top), limit)]
	}
	return several
}

func compareMembers(x, y Member) int {
	return cmp.Or(cmp.Compare(y.Attempts, x.Attempts), x.Client.Compare(y.Client), strings.Compare(x.Extension, y.Extension))
}
