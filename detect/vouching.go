package detect

import "hash/maphash"

// identity hashes a client and an extension, whatever their registrar.
func identity(client *[16]byte, name string) uint64 {
	return mix(hashAddress(client)^mixSeed[1], maphash.String(seed, name)^mixSeed[0])
}

// vouch has a pair that is known good found by its client and extension, whatever its registrar.
func (m *memory) vouch(pi uint32, p *pair) {
	c := m.clients.At(p.client)
	var buf [maxName]byte
	name := m.nameOf(m.extensions.At(p.extension), &buf)
	others := 0
	m.eachVouching(&c.address, name, func(uint32) bool { others++; return false })
	if others < maxSisters {
		m.identities.Insert(identity(&c.address, name), pi)
		p.flags |= isVouching
	}
}

// retract undoes vouch.
func (m *memory) retract(pi uint32, p *pair) {
	if !p.has(isVouching) {
		return
	}
	p.flags &^= isVouching
	var buf [maxName]byte
	m.identities.Remove(identity(&m.clients.At(p.client).address, m.nameOf(m.extensions.At(p.extension), &buf)), pi)
}

// eachVouching calls do for the pairs that are known good of a client and an extension at any registrar, until it returns true. It
// tells whether it did.
func (m *memory) eachVouching(client *[16]byte, name string, do func(pi uint32) bool) bool {
	for pairs := m.identities.Probe(identity(client, name)); ; {
		pi := pairs.Next()
		if pi == 0 {
			return false
		}
		p := m.pairs.At(pi)
		if m.clients.At(p.client).address == *client && m.isCalled(m.extensions.At(p.extension), name) && do(pi) {
			return true
		}
	}
}

func (m *directory) registrarOfPair(pi uint32) uint32 {
	return m.clients.At(m.pairs.At(pi).client).registrar
}

// eachElsewhere calls do for the other registrars at which a client is known good on an extension, until it returns true. It tells
// whether it did.
func (d *runs) eachElsewhere(client *[16]byte, name string, registrar uint32, do func(other uint32) bool) bool {
	return d.eachVouching(client, name, func(pi uint32) bool {
		other := d.registrarOfPair(pi)
		return other != registrar && d.isGood(d.pairs.At(pi)) && do(other)
	})
}

// pairAt returns the pair of the same client and extension at another registrar, 0 if there is none.
func (m *memory) pairAt(s *subject, registrar uint32) uint32 {
	other := subject{name: s.name, registrarAddress: m.registrars[registrar].address, clientAddress: s.clientAddress}
	other.hash()
	m.find(&other)
	return other.pair
}
