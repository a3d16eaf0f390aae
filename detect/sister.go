package detect

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
)

// Sisters are registrars that serve the same clients: a pool that answers in turn, a backup, the old one and the new one. Who is known good at
// one is known at the other. They are configured, or learnt: ten clients or more were accepted at both on the same extension.
//
// A registrar that has accepted nobody for known_good_ttl, as an empty backup, takes the word of any other: there is nobody at it whom an
// attacker's own registrar could vouch against. So does one that rejects as many clients of another as make a sister.
type sisters struct {
	shared map[[2][16]byte]*relation
	failed map[[2][16]byte]*relation // clients that the first registrar rejects and the second one has accepted
}

func newSisters() sisters {
	return sisters{shared: map[[2][16]byte]*relation{}, failed: map[[2][16]byte]*relation{}}
}

// relation is how many clients were accepted at two registrars.
type relation struct {
	clients [4]uint64 // a bit for each, by hash
	last    int64
}

const (
	maxRelations  = 4096
	sharedClients = 10
	manyShared    = 100 // clients that are enough, however many are known good
	// sharesOfClient is as how many clients one with many extensions counts at most.
	sharesOfClient = 4
	maxSisters     = 16 // of one registrar, and registrars that vouch for the same client and extension
)

// fixedHash hashes a client, the same in every process.
func fixedHash(client *[16]byte) uint64 {
	return mix(binary.BigEndian.Uint64(client[:8])^0x9e3779b97f4a7c15, binary.BigEndian.Uint64(client[8:])^0xd1342543de82ef95)
}

// learnSister notes that a pair has become known good at its registrar: those that vouch for the same may be its sisters.
func (d *relations) learnSister(s *subject) {
	d.eachVouching(&s.clientAddress, s.name, func(pi uint32) bool {
		if other := d.registrarOfPair(pi); other != s.registrar && d.isGood(d.pairs.At(pi)) {
			d.shareClient(d.registrars[other].address, s.registrarAddress, s)
		}
		return false
	})
}

// shareClient counts a client that was accepted at two registrars.
func (d *relations) shareClient(a, b [16]byte, s *subject) {
	if slices.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	n, _ := note(d.sisters.shared, [2][16]byte{a, b}, s, d.now)
	one, other := d.registrarByAddress[a], d.registrarByAddress[b]
	d.trust(one, other, n)
	d.trust(other, one, n)
}

// trust makes another registrar the sister of one that shares n clients with it, if that is enough.
func (d *relations) trust(registrar, other uint32, n int) {
	if registrar != 0 && other != 0 && n >= sharesOfSister(&d.registrars[registrar]) {
		d.addSister(registrar, other)
	}
}

// sharesOfSister is how many clients another registrar has to share with one whose sister it is. The more are known good at it, the more it takes: a few
// accounts of an attacker do not make his own registrar a sister.
func sharesOfSister(r *registrar) int { return max(sharedClients, min(r.good/10, manyShared)) }

// note counts a client in a relation. It returns how many it has, about, and whether this one is new. The phones of a NAT count as a few clients.
func note(relations map[[2][16]byte]*relation, key [2][16]byte, s *subject, now int64) (clients int, isNew bool) {
	r := relations[key]
	if r == nil {
		if len(relations) >= maxRelations {
			return 0, false
		}
		r = new(relation)
		relations[key] = r
	}
	bit := (fixedHash(&s.clientAddress) + shareOf(s.name)*(256/sharesOfClient)) % 256
	word := &r.clients[bit/64]
	isNew = *word&(1<<(bit%64)) == 0
	*word |= 1 << (bit % 64)
	r.last = now
	for _, word := range r.clients {
		clients += bits.OnesCount64(word)
	}
	return clients, isNew
}

// shareOf returns which of the shares of its client an extension is, the same in every process.
func shareOf(name string) uint64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return uint64(h.Sum32() % sharesOfClient)
}

// link makes two registrars sisters.
func (d *relations) link(a, b uint32) {
	d.addSister(a, b)
	d.addSister(b, a)
}

// addSister has a registrar take the word of another one.
func (d *relations) addSister(registrar, other uint32) {
	r, o := &d.registrars[registrar], &d.registrars[other]
	if registrar != other && len(r.sisters) < maxSisters && len(o.trustedBy) < maxSisters && !slices.Contains(r.sisters, other) {
		r.sisters = append(r.sisters, other)
		o.trustedBy = append(o.trustedBy, registrar)
	}
}

// linkConfigured makes a new registrar the sister of those that the configuration names together with it, and of those that
// it was a sister of before.
func (d *relations) linkConfigured(n uint32) {
	own := netip.AddrFrom16(d.registrars[n].address).Unmap()
	for _, group := range d.cfg.Sisters {
		if !matchAddr(group, own) {
			continue
		}
		for other := range d.registrars {
			if r := &d.registrars[other]; r.users > 0 && uint32(other) != n && matchAddr(group, netip.AddrFrom16(r.address)) {
				d.link(n, uint32(other))
			}
		}
	}
}

// forgetSisters takes a registrar out of the lists of others, before it is forgotten.
func (m *memory) forgetSisters(n uint32) {
	isForgotten := func(x uint32) bool { return x == n }
	for _, other := range m.registrars[n].sisters {
		r := &m.registrars[other]
		r.trustedBy = slices.DeleteFunc(r.trustedBy, isForgotten)
	}
	for _, other := range m.registrars[n].trustedBy {
		r := &m.registrars[other]
		r.sisters = slices.DeleteFunc(r.sisters, isForgotten)
	}
	m.registrars[n].sisters, m.registrars[n].trustedBy = nil, nil
}

// isKnownElsewhere tells whether a client is known good on its extension at a registrar whose word its own registrar takes, and whether there is any
// other at which it is.
func (d *relations) isKnownElsewhere(s *subject) (known, vouched bool) {
	r := &d.registrars[s.registrar]
	for _, n := range r.sisters {
		if pi := d.pairAt(s, n); pi != 0 && d.isGood(d.pairs.At(pi)) {
			return true, true
		}
	}
	if d.extensions.At(s.extension).good > 0 { // its owner is here
		return false, false
	}
	moved := false
	d.eachElsewhere(&s.clientAddress, s.name, s.registrar, func(other uint32) bool {
		vouched = true
		if r.good == 0 || d.isHomeOfMany(s) {
			known = true
			return true
		}
		n, isNew := note(d.sisters.failed, [2][16]byte{s.registrarAddress, d.registrars[other].address}, s, d.now)
		if n >= sharesOfSister(r) {
			known, moved = true, moved || isNew
		}
		return false
	})
	if moved {
		d.excuseVouched(s.registrar)
	}
	return known, vouched
}

// isKnownNow asks once more, when the grace is over, whether the client of a pair is known good elsewhere.
func (d *relations) isKnownNow(p *pair) bool {
	var buf [maxName]byte
	c := d.clients.At(p.client)
	s := subject{
		name: d.nameOf(d.extensions.At(p.extension), &buf), registrarAddress: d.registrars[c.registrar].address, clientAddress: c.address,
		registrar: c.registrar, client: p.client, extension: p.extension,
	}
	known, _ := d.isKnownElsewhere(&s)
	return known
}

// isHomeOfMany tells whether a client has several extensions that are known good at the registrar, while the detector is new and can't have learnt
// which registrars answer in turn.
func (d *relations) isHomeOfMany(s *subject) bool {
	return d.now-d.graces.since < settledAfter && s.client != 0 && d.clients.At(s.client).good >= severalHomes
}

// excuseVouched explains the runs at a registrar of clients that others have accepted.
func (d *relations) excuseVouched(registrar uint32) {
	r := &d.registrars[registrar]
	for _, pi := range slices.Sorted(slices.Values(r.suspects)) {
		p := d.pairs.At(pi)
		if p.member != 0 || !p.has(runOpen) {
			continue
		}
		var buf [maxName]byte
		name := d.nameOf(d.extensions.At(p.extension), &buf)
		if d.eachElsewhere(&d.clients.At(p.client).address, name, registrar, func(uint32) bool { return true }) {
			d.excuse(pi, p)
		}
	}
}

// excuse explains the run of a pair: its client is known good on its extension elsewhere.
func (d *relations) excuse(pi uint32, p *pair) {
	d.clear(pi, p)
	p.flags |= runKnown
	if p.count() >= outageAttempts {
		d.noteFailing(pi, p, d.clients.At(p.client).registrar)
	}
}

// excuseSisters explains the runs of a client on its extension at the registrars whose sister has accepted it.
func (d *relations) excuseSisters(s *subject) {
	for _, n := range d.registrars[s.registrar].trustedBy {
		pi := d.pairAt(s, n)
		if pi == 0 {
			continue
		}
		if p := d.pairs.At(pi); p.member == 0 && p.has(runOpen) && !p.has(runKnown) {
			d.excuse(pi, p)
		}
	}
}

// prune forgets relations that are older than known_good_ttl.
func (x *sisters) prune(before int64) {
	for _, relations := range []map[[2][16]byte]*relation{x.shared, x.failed} {
		maps.DeleteFunc(relations, func(_ [2][16]byte, r *relation) bool { return r.last < before })
	}
}

func (x *sisters) encode(e *encoder) {
	for _, relations := range []map[[2][16]byte]*relation{x.shared, x.failed} {
		keys := slices.SortedFunc(maps.Keys(relations), func(a, b [2][16]byte) int {
			return strings.Compare(string(a[0][:])+string(a[1][:]), string(b[0][:])+string(b[1][:]))
		})
		e.list(len(keys), func(i int) {
			r := relations[keys[i]]
			e.bytes(keys[i][0][:])
			e.bytes(keys[i][1][:])
			for _, word := range r.clients {
				e.uint(word)
			}
			e.int(r.last)
		})
	}
}

func (x *sisters) decode(in *decoder) {
	for _, relations := range []map[[2][16]byte]*relation{x.shared, x.failed} {
		in.list(maxRelations, func(int) {
			key := [2][16]byte{in.address(), in.address()}
			r := new(relation)
			for i := range r.clients {
				r.clients[i] = in.uint(1<<64 - 1)
			}
			r.last = in.time()
			relations[key] = r
		})
	}
}
