package detect

// newMemory makes a memory that knows nobody.
func newMemory(now int64) memory {
	return memory{suspicion: suspicion{
		directory: directory{now: now, registrars: make([]registrar, 1), registrarByAddress: map[[16]byte]uint32{}},
		networks:  map[network]uint32{},
	}}
}

// full returns the time that a pair remembers the low 32 bits of.
func (m *directory) full(low uint32) int64 { return m.now - int64(int32(uint32(m.now)-low)) }

// addPair makes the pair of a subject, and its registrar, client and extension where they are not known.
func (d *intake) addPair(s *subject) *pair {
	if d.makeRoom() {
		d.find(s) // again: they may have gone
	}
	s.registrar = d.registrarOf(s)
	if s.client == 0 {
		var c *client
		s.client, c = d.clients.Allocate()
		c.registrar, c.address = s.registrar, s.clientAddress
		if d.agents.isTool(&s.registrarAddress, &s.clientAddress) {
			c.flags |= isTool
		}
		d.clientIndex.Insert(s.clientHash, s.client)
		d.registrars[s.registrar].users++
	}
	if s.extension == 0 {
		var e *extension
		s.extension, e = d.extensions.Allocate()
		e.registrar = s.registrar
		d.keepName(e, s.name)
		d.extensionIndex.Insert(s.extensionHash, s.extension)
		d.registrars[s.registrar].users++
	}
	var p *pair
	s.pair, p = d.pairs.Allocate()
	p.client, p.extension = s.client, s.extension
	d.linkPair(s.pair, p)
	if c := d.clients.At(s.client); c.flags&isIndexed != 0 {
		d.pairIndex.Insert(hashPair(s.clientHash, s.extensionHash), s.pair)
	} else {
		d.indexPairs(c, s.clientHash)
	}
	d.outside++
	return p
}

// fewPairs is how many pairs of a client are looked through to find one. Nearly all clients have no more.
const fewPairs = 4

// indexPairs indexes the pairs of a client that has more than few.
func (m *directory) indexPairs(c *client, clientHash uint64) {
	pi := c.pairs
	for range fewPairs {
		if pi == 0 {
			return
		}
		pi = m.pairs.At(pi).inClient.next
	}
	if pi == 0 {
		return
	}
	c.flags |= isIndexed
	var buf [maxName]byte
	for pi = c.pairs; pi != 0; {
		p := m.pairs.At(pi)
		extensionHash := hashExtension(&m.registrars[c.registrar].address, m.nameOf(m.extensions.At(p.extension), &buf))
		m.pairIndex.Insert(hashPair(clientHash, extensionHash), pi)
		pi = p.inClient.next
	}
}

// linkPair puts a pair at the head of the lists of its client and its extension.
func (m *directory) linkPair(pi uint32, p *pair) {
	c, e := m.clients.At(p.client), m.extensions.At(p.extension)
	p.inClient.next, p.inExtension.next = c.pairs, e.pairs
	if c.pairs != 0 {
		m.pairs.At(c.pairs).inClient.prev = pi
	}
	if e.pairs != 0 {
		m.pairs.At(e.pairs).inExtension.prev = pi
	}
	c.pairs, e.pairs = pi, pi
}

// removePair forgets a pair that is in no incident and in no bucket, and its client and extension if it was their last.
func (m *memory) removePair(pi uint32) {
	p := m.pairs.At(pi)
	m.clear(pi, p)
	m.setGood(pi, p, false)
	ci, ei := p.client, p.extension
	c, e := m.clients.At(ci), m.extensions.At(ei)
	registrar := &m.registrars[c.registrar].address
	var buf [maxName]byte
	clientHash, extensionHash := hashClient(registrar, &c.address), hashExtension(registrar, m.nameOf(e, &buf))
	m.unlink(&c.pairs, p.inClient, func(q *pair) *links { return &q.inClient })
	m.unlink(&e.pairs, p.inExtension, func(q *pair) *links { return &q.inExtension })
	if c.flags&isIndexed != 0 {
		m.pairIndex.Remove(hashPair(clientHash, extensionHash), pi)
	}
	m.pairs.Release(pi)
	m.outside--
	if c.pairs == 0 {
		m.releaseRegistrar(c.registrar)
		m.clientIndex.Remove(clientHash, ci)
		m.clients.Release(ci)
	}
	if e.pairs == 0 {
		m.releaseRegistrar(e.registrar)
		m.extensionIndex.Remove(extensionHash, ei)
		m.names.Remove(e.name, int(e.length))
		m.extensions.Release(ei)
	}
}

func (m *directory) unlink(head *uint32, l links, of func(*pair) *links) {
	if l.prev == 0 {
		*head = l.next
	} else {
		of(m.pairs.At(l.prev)).next = l.next
	}
	if l.next != 0 {
		of(m.pairs.At(l.next)).prev = l.prev
	}
}

// setGood says whether a pair is known good, and counts it in its client, extension and registrar.
func (m *memory) setGood(pi uint32, p *pair, is bool) {
	if p.has(good) == is {
		return
	}
	if is {
		m.vouch(pi, p)
	} else {
		m.retract(pi, p)
	}
	m.countGood(p, is)
}

// countGood counts a pair that becomes known good, or is no longer.
func (m *memory) countGood(p *pair, is bool) {
	p.flags ^= good
	c, e := m.clients.At(p.client), m.extensions.At(p.extension)
	r := &m.registrars[c.registrar]
	if is {
		if c.good == 0 {
			m.residents.Insert(hashAddress(&c.address), p.client)
		}
		c.good++
		e.good++
		r.good++
		return
	}
	c.good--
	e.good--
	r.good--
	if c.good == 0 {
		m.residents.Remove(hashAddress(&c.address), p.client)
	}
}
