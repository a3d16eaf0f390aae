package detect

// host is the address of clients, whatever their registrar. Clients that are alone at their address, as most are, have none: the index holds
// the client itself, marked as alone.
type host struct {
	address  [16]byte
	clients  uint32 // first of its clients with a group
	active   uint32 // clients with a suspicious pair
	resting  uint32 // clients with dormant pairs only
	incident uint32 // the open horizontal scan, 0 if there is none
}

// Chain links the freed hosts.
func (h *host) Chain() *uint32 { return &h.clients }

// findHost returns what the index holds for an address: the number of a host, that of a client alone, or 0.
func (m *suspicion) findHost(address *[16]byte) uint32 {
	for hosts := m.hostIndex.Probe(hashAddress(address)); ; {
		n := hosts.Next()
		if n == 0 || n&alone == 0 && m.hosts.At(n).address == *address || n&alone != 0 && m.clients.At(n&^alone).address == *address {
			return n
		}
	}
}

// hostOf returns what is counted of the address of a client with a group.
func (m *suspicion) hostOf(c *client) host {
	n := m.findHost(&c.address)
	if n&alone == 0 {
		return *m.hosts.At(n)
	}
	is := m.standingOf(m.clients.At(n &^ alone).group)
	return host{address: c.address, clients: n &^ alone, active: uint32(is.active), resting: uint32(is.resting)}
}

// ownHost returns the host with an address as a record, made where there is none.
func (m *suspicion) ownHost(address *[16]byte) (uint32, *host) {
	n := m.findHost(address)
	if n != 0 && n&alone == 0 {
		return n, m.hosts.At(n)
	}
	hi, h := m.hosts.Allocate()
	h.address = *address
	if n != 0 {
		m.hostIndex.Remove(hashAddress(address), n)
		is := m.standingOf(m.clients.At(n &^ alone).group)
		h.clients, h.active, h.resting = n&^alone, uint32(is.active), uint32(is.resting)
	}
	m.hostIndex.Insert(hashAddress(address), hi)
	return hi, h
}

// countInHost counts a client, whose group was one thing and is another, in its host.
func (m *suspicion) countInHost(ci uint32, c *client, was, is standing) {
	if c.group != 0 && c.flags&hasHost == 0 && m.joinHost(ci, c) {
		return
	}
	if n := m.findHost(&c.address); n&alone == 0 {
		h := m.hosts.At(n)
		h.active += uint32(is.active - was.active)
		h.resting += uint32(is.resting - was.resting)
	}
	if c.group == 0 && c.flags&hasHost != 0 {
		m.leaveHost(ci, c)
	}
}

// joinHost links a client that has a group now to its host. It tells whether the client is alone there.
func (m *suspicion) joinHost(ci uint32, c *client) (isAlone bool) {
	c.flags |= hasHost
	if m.findHost(&c.address) == 0 {
		m.hostIndex.Insert(hashAddress(&c.address), ci|alone)
		return true
	}
	_, h := m.ownHost(&c.address)
	c.neighbour, h.clients = h.clients, ci
	return false
}

// leaveHost takes a client without a group out of its host, and forgets that if it was the last.
func (m *suspicion) leaveHost(ci uint32, c *client) {
	c.flags &^= hasHost
	n := m.findHost(&c.address)
	if n&alone != 0 {
		m.hostIndex.Remove(hashAddress(&c.address), n)
		return
	}
	at := &m.hosts.At(n).clients
	for *at != ci {
		at = &m.clients.At(*at).neighbour
	}
	*at, c.neighbour = c.neighbour, 0
	m.releaseHost(n)
}

// goodOfHost returns how many pairs of an address are known good, at all registrars, up to a number that is enough.
func (m *suspicion) goodOfHost(address *[16]byte, enough int) (n int) {
	for clients := m.residents.Probe(hashAddress(address)); n < enough; {
		ci := clients.Next()
		if ci == 0 {
			break
		}
		if c := m.clients.At(ci); c.address == *address {
			n += int(c.good)
		}
	}
	return min(n, enough)
}

func (m *suspicion) releaseHost(hi uint32) {
	if h := m.hosts.At(hi); h.clients == 0 && h.incident == 0 {
		m.hostIndex.Remove(hashAddress(&h.address), hi)
		m.hosts.Release(hi)
	}
}
