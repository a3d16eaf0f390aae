package detect

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
)

// Sisters are registrars that serve the same clients: a pool that answers in turn, a backup, the old one and the new one. Who is known good at
// one is known at the other. They are configured, or learnt: ten clients or more were accepted at both on the same extension.
//
// A registrar that has accepted nobody for known_good_ttl, as an empty backup, takes the word of any other: there is nobody at it whom an
// attacker's own registrar could vouch against.
type sisters struct {
	recent []vouch // by hash of client and extension: where they were accepted last
	shared map[[2][16]byte]*relation
}

// vouch is an acceptance.
type vouch struct {
	key       uint64
	time      int64
	registrar [16]byte
}

// relation is how many clients were accepted at two registrars.
type relation struct {
	clients [4]uint64 // a bit for each, by hash
	last    int64
}

const (
	vouchPlaces   = 1 << 15
	maxRelations  = 4096
	sharedClients = 10
	maxSisters    = 16 // of one registrar
)

// fixedHash hashes a client and an extension, the same in every process.
func fixedHash(client *[16]byte, name string) uint64 {
	h := mix(binary.BigEndian.Uint64(client[:8])^0x9e3779b97f4a7c15, binary.BigEndian.Uint64(client[8:])^0xd1342543de82ef95)
	for len(name) >= 8 {
		h = mix(h^0x8ebc6af09c88c6e3, binary.BigEndian.Uint64([]byte(name[:8]))^0x589965cc75374cc3)
		name = name[8:]
	}
	var rest [8]byte
	copy(rest[:], name)
	return mix(h^uint64(len(name)), binary.BigEndian.Uint64(rest[:])^0xa0761d6478bd642f)
}

// learnSister notes that a pair has become known good at its registrar.
func (d *Detector) learnSister(s *subject) {
	x := &d.sisters
	if x.recent == nil {
		x.recent = make([]vouch, vouchPlaces)
	}
	key := fixedHash(&s.clientAddress, s.name)
	v := &x.recent[key%vouchPlaces]
	if v.key == key && v.registrar != s.registrarAddress && v.time >= d.now-d.knownGoodTTL {
		d.shareClient(v.registrar, s.registrarAddress, &s.clientAddress)
	}
	*v = vouch{key, d.now, s.registrarAddress}
}

// shareClient counts a client that was accepted at two registrars.
func (d *Detector) shareClient(a, b [16]byte, client *[16]byte) {
	if slices.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	x := &d.sisters
	r := x.shared[[2][16]byte{a, b}]
	if r == nil {
		if len(x.shared) >= maxRelations {
			return
		}
		r = new(relation)
		x.shared[[2][16]byte{a, b}] = r
	}
	bit := fixedHash(client, "") % 256
	r.clients[bit/64] |= 1 << (bit % 64)
	r.last = d.now
	n := 0
	for _, word := range r.clients {
		n += bits.OnesCount64(word)
	}
	if n >= sharedClients {
		d.link(d.registrarByAddress[a], d.registrarByAddress[b])
	}
}

// link makes two registrars sisters.
func (d *Detector) link(a, b uint32) {
	if a == 0 || b == 0 || a == b {
		return
	}
	for _, one := range [2][2]uint32{{a, b}, {b, a}} {
		r := &d.registrars[one[0]]
		if len(r.sisters) < maxSisters && !slices.Contains(r.sisters, one[1]) {
			r.sisters = append(r.sisters, one[1])
		}
	}
}

// linkConfigured makes a new registrar the sister of those that the configuration names together with it, and of those that
// it was a sister of before.
func (d *Detector) linkConfigured(n uint32) {
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
	for _, other := range m.registrars[n].sisters {
		r := &m.registrars[other]
		r.sisters = slices.DeleteFunc(r.sisters, func(x uint32) bool { return x == n })
	}
	m.registrars[n].sisters = nil
}

// isKnownElsewhere tells whether a client is known good on its extension at a sister of its registrar.
func (d *Detector) isKnownElsewhere(s *subject) bool {
	r := &d.registrars[s.registrar]
	for _, n := range r.sisters {
		if pi := d.pairAt(s, n); pi != 0 && d.isGood(d.pairs.At(pi)) {
			return true
		}
	}
	if r.good > 0 || d.sisters.recent == nil {
		return false
	}
	key := fixedHash(&s.clientAddress, s.name)
	v := &d.sisters.recent[key%vouchPlaces]
	return v.key == key && v.registrar != s.registrarAddress && v.time >= d.now-d.knownGoodTTL
}

// excuseSisters explains the runs of a client on its extension at the sisters of a registrar that has accepted it.
func (d *Detector) excuseSisters(s *subject) {
	for _, n := range d.registrars[s.registrar].sisters {
		pi := d.pairAt(s, n)
		if pi == 0 {
			continue
		}
		if p := d.pairs.At(pi); p.member == 0 && p.has(runOpen) && !p.has(runKnown) {
			d.unsuspect(pi, p)
			d.rouse(p)
			p.flags |= runKnown
		}
	}
}

// pairAt returns the pair of the same client and extension at another registrar, 0 if there is none.
func (d *Detector) pairAt(s *subject, registrar uint32) uint32 {
	other := subject{flow: s.flow, name: s.name, registrarAddress: d.registrars[registrar].address, clientAddress: s.clientAddress}
	other.hash()
	d.find(&other)
	return other.pair
}

// prune forgets relations that are older than known_good_ttl.
func (x *sisters) prune(before int64) {
	for key, r := range x.shared {
		if r.last < before {
			delete(x.shared, key)
		}
	}
}

func (x *sisters) encode(e *encoder) {
	used := 0
	for i := range x.recent {
		if x.recent[i].time > 0 {
			used++
		}
	}
	e.uint(uint64(used))
	for i := range x.recent {
		if v := &x.recent[i]; v.time > 0 {
			e.uint(v.key)
			e.int(v.time)
			e.bytes(v.registrar[:])
		}
	}
	keys := make([][2][16]byte, 0, len(x.shared))
	for key := range x.shared {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b [2][16]byte) int {
		return strings.Compare(string(a[0][:])+string(a[1][:]), string(b[0][:])+string(b[1][:]))
	})
	e.list(len(keys), func(i int) {
		r := x.shared[keys[i]]
		e.bytes(keys[i][0][:])
		e.bytes(keys[i][1][:])
		for _, word := range r.clients {
			e.uint(word)
		}
		e.int(r.last)
	})
}

func (x *sisters) decode(in *decoder) {
	in.list(vouchPlaces, func(int) {
		if x.recent == nil {
			x.recent = make([]vouch, vouchPlaces)
		}
		v := vouch{in.uint(1<<64 - 1), in.time(), in.address()}
		x.recent[v.key%vouchPlaces] = v
	})
	in.list(maxRelations, func(int) {
		key := [2][16]byte{in.address(), in.address()}
		r := new(relation)
		for i := range r.clients {
			r.clients[i] = in.uint(1<<64 - 1)
		}
		r.last = in.time()
		x.shared[key] = r
	})
}
