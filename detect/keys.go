package detect

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"
)

// The seeds make hashes differ from process to process: nobody outside can choose addresses or names that collide. No
// result depends on them.
var (
	seed    = maphash.MakeSeed()
	mixSeed = [2]uint64{maphash.String(seed, "high"), maphash.String(seed, "low")}
)

// mix is the folded multiplication of wyhash: each bit of the result depends on all of a and b.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func hashAddress(a *[16]byte) uint64 {
	return mix(binary.NativeEndian.Uint64(a[:8])^mixSeed[0], binary.NativeEndian.Uint64(a[8:])^mixSeed[1])
}

// hashOf hashes a client or an extension by the hash of its registrar and its own.
func hashOf(registrar, own uint64) uint64 { return mix(registrar^mixSeed[1], own^mixSeed[0]) }

func hashClient(registrar, client *[16]byte) uint64 {
	return hashOf(hashAddress(registrar), hashAddress(client))
}

func hashExtension(registrar *[16]byte, name string) uint64 {
	return hashOf(hashAddress(registrar), maphash.String(seed, name))
}

func hashPair(client, extension uint64) uint64 {
	return mix(client^mixSeed[0], extension^mixSeed[1])
}

// subject is whom an answer concerns: what the detector knows of them, and what it needs to know them from now on.
type subject struct {
	flow                               *Flow
	name                               string   // of the extension, as it is kept
	registrarAddress, clientAddress    [16]byte // the client's is masked
	clientHash, extensionHash          uint64
	registrar, client, extension, pair uint32 // set by find; 0 where not known yet
}

// identify makes s, whose name is set, the subject of a flow. It is not looked up yet.
func (d *settings) identify(s *subject, f *Flow) {
	s.flow, s.registrarAddress, s.clientAddress = f, f.Registrar.As16(), d.maskClient(f.Client)
	s.hash()
}

// hash sets the hashes of a subject whose name and addresses are set.
func (s *subject) hash() {
	registrar := hashAddress(&s.registrarAddress)
	s.clientHash = hashOf(registrar, hashAddress(&s.clientAddress))
	s.extensionHash = hashOf(registrar, maphash.String(seed, s.name))
}

// maskClient gives the address that stands for a client.
func (d *settings) maskClient(a netip.Addr) [16]byte {
	b := a.As16()
	if a.Is4() || a.Is4In6() {
		return b
	}
	bit := d.cfg.IPv6ClientPrefix
	for i := range b {
		switch left := bit - 8*i; {
		case left <= 0:
			b[i] = 0
		case left < 8:
			b[i] &= ^byte(0xff >> left)
		}
	}
	return b
}

// find looks a subject up: its client, and among the pairs of that its pair. Where s.client is set already, by load, the
// client was found there a moment ago.
func (m *directory) find(s *subject) {
	if s.client == 0 || !m.isClient(s.client, s) {
		s.client = m.findClient(s)
	}
	s.registrar, s.pair = 0, 0
	if s.client != 0 {
		s.pair = m.findPair(s)
	}
	if s.pair == 0 {
		s.extension = m.findExtension(s)
		return
	}
	s.registrar, s.extension = m.clients.At(s.client).registrar, m.pairs.At(s.pair).extension
}

func (m *directory) findClient(s *subject) uint32 {
	for clients := m.clientIndex.Probe(s.clientHash); ; {
		if ci := clients.Next(); ci == 0 || m.isClient(ci, s) {
			return ci
		}
	}
}

func (m *directory) findExtension(s *subject) uint32 {
	for extensions := m.extensionIndex.Probe(s.extensionHash); ; {
		if ei := extensions.Next(); ei == 0 || m.isExtension(ei, s) {
			return ei
		}
	}
}

// findPair finds the pair of a subject whose client is known.
func (m *directory) findPair(s *subject) uint32 {
	c := m.clients.At(s.client)
	if c.flags&isIndexed == 0 {
		pi := c.pairs
		for pi != 0 && !m.isPair(pi, s) {
			pi = m.pairs.At(pi).inClient.next
		}
		return pi
	}
	for pairs := m.pairIndex.Probe(hashPair(s.clientHash, s.extensionHash)); ; {
		if pi := pairs.Next(); pi == 0 || m.isPair(pi, s) {
			return pi
		}
	}
}

// isPair tells whether a pair is that of a subject whose client is known.
func (m *directory) isPair(pi uint32, s *subject) bool {
	p := m.pairs.At(pi)
	return p.client == s.client && m.isCalled(m.extensions.At(p.extension), s.name)
}

func (m *directory) isClient(ci uint32, s *subject) bool {
	c := m.clients.At(ci)
	return c.registrar != 0 && c.address == s.clientAddress && m.registrars[c.registrar].address == s.registrarAddress
}

func (m *directory) isExtension(ei uint32, s *subject) bool {
	e := m.extensions.At(ei)
	return m.isCalled(e, s.name) && m.registrars[e.registrar].address == s.registrarAddress
}

// registrarOf gives the number of a subject's registrar, which is made where it is not known.
func (d *relations) registrarOf(s *subject) uint32 {
	if r := &d.registrars[d.busy]; r.users > 0 && r.address == s.registrarAddress {
		return d.busy
	}
	n, ok := d.registrarByAddress[s.registrarAddress]
	if !ok {
		n = d.addRegistrar(s)
	}
	d.busy = n
	return n
}

func (d *relations) addRegistrar(s *subject) (n uint32) {
	if last := len(d.freeRegistrars) - 1; last >= 0 {
		n, d.freeRegistrars = d.freeRegistrars[last], d.freeRegistrars[:last]
	} else {
		d.registrars = append(d.registrars, registrar{})
		n = uint32(len(d.registrars) - 1)
	}
	d.registrars[n] = registrar{address: s.registrarAddress, thresholds: d.rules.thresholds(s.flow.Registrar)}
	d.registrarByAddress[s.registrarAddress] = n
	d.linkConfigured(n)
	return n
}

func (m *memory) releaseRegistrar(n uint32) {
	r := &m.registrars[n]
	if r.users--; r.users == 0 {
		m.forgetSisters(n)
		delete(m.registrarByAddress, r.address)
		m.freeRegistrars = append(m.freeRegistrars, n)
	}
}
