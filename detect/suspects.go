package detect

import "encoding/binary"

// A pair is suspicious while its run is unexplained, and dormant once that has paused for longer than idle_timeout. Both are counted in the groups that
// the pair belongs to: its client, its extension, its registrar, the address of the client at all registrars, and the
// network of an IPv6 client. Groups exist only while something is counted in them, or an incident is their own.

// group is a client, an extension or a network with pairs that are suspicious or dormant.
type group struct {
	owner      uint32 // the client or extension; of a network: its registrar
	suspicious uint32 // pairs
	dormant    uint32 // pairs
	clients    uint32 // of a network: how many have a suspicious pair
	rejections uint64 // in the runs of the suspicious pairs
	look       uint32 // of an extension: with fewer rejections than this it need not be looked at again
	incident   uint32 // the open incident that is its own, 0 if there is none
	host, next uint32 // of a client: the host, and the next client of that
}

// Chain links the freed groups.
func (g *group) Chain() *uint32 { return &g.next }

// host is the address of clients, whatever their registrar.
type host struct {
	address  [16]byte
	clients  uint32 // first of the groups of its clients
	active   uint32 // clients with a suspicious pair
	resting  uint32 // clients with dormant pairs only
	incident uint32 // the open horizontal scan, 0 if there is none
}

// Chain links the freed hosts.
func (h *host) Chain() *uint32 { return &h.clients }

// network is an IPv6 network of clients at a registrar.
type network struct {
	registrar uint32
	prefix    [networkBits / 8]byte
}

// networkBits is the size of a network that sites are commonly given (RFC 6177), and attackers move in.
const networkBits = 48

func networkOf(c *client) (network, bool) {
	if binary.BigEndian.Uint64(c.address[:8]) == 0 { // a mapped IPv4 address
		return network{}, false
	}
	return network{c.registrar, [networkBits / 8]byte(c.address[:])}, true
}

// clientGroup returns the group of a client, made where there is none.
func (m *memory) clientGroup(ci uint32) *group {
	c := m.clients.At(ci)
	if c.group != 0 {
		return m.groups.At(c.group)
	}
	gi, g := m.groups.Allocate()
	c.group, g.owner = gi, ci
	g.host = m.hostOf(&c.address)
	h := m.hosts.At(g.host)
	g.next, h.clients = h.clients, gi
	return g
}

// hostOf returns the host with an address, made where there is none.
func (m *memory) hostOf(address *[16]byte) uint32 {
	hi := m.findHost(address)
	if hi == 0 {
		var h *host
		hi, h = m.hosts.Allocate()
		h.address = *address
		m.hostIndex.Insert(hashAddress(address), hi)
	}
	return hi
}

func (m *memory) extensionGroup(ei uint32) *group {
	e := m.extensions.At(ei)
	if e.group == 0 {
		var g *group
		e.group, g = m.groups.Allocate()
		g.owner = ei
	}
	return m.groups.At(e.group)
}

// networkGroup returns the group of the network of a client, made where there is none and it is wanted; nil for IPv4.
func (m *memory) networkGroup(c *client, wanted bool) *group {
	n, ok := networkOf(c)
	if !ok {
		return nil
	}
	gi := m.networks[n]
	if gi == 0 {
		if !wanted {
			return nil
		}
		var g *group
		gi, g = m.groups.Allocate()
		g.owner = c.registrar
		m.networks[n] = gi
	}
	return m.groups.At(gi)
}

func (m *memory) findHost(address *[16]byte) uint32 {
	for hosts := m.hostIndex.Probe(hashAddress(address)); ; {
		if hi := hosts.Next(); hi == 0 || m.hosts.At(hi).address == *address {
			return hi
		}
	}
}

// suspect counts a pair as suspicious in its groups.
func (m *memory) suspect(pi uint32, p *pair) {
	m.rouse(p)
	p.flags |= isSuspicious
	if p.has(isResting) {
		m.restless.Add(pi, m.full(p.last))
	}
	n := uint64(p.count())
	c := m.clients.At(p.client)
	r := &m.registrars[c.registrar]
	gc, ge := m.clientGroup(p.client), m.extensionGroup(p.extension)
	if gc.suspicious == 0 {
		r.suspiciousClients++
		if g := m.networkGroup(c, true); g != nil {
			g.clients++
		}
		h := m.hosts.At(gc.host)
		h.active++
		if gc.dormant > 0 {
			h.resting--
		}
	}
	if ge.suspicious == 0 {
		r.suspiciousExtensions++
	}
	for _, g := range []*group{gc, ge, m.networkGroup(c, true)} {
		if g != nil {
			g.suspicious++
			g.rejections += n
		}
	}
	p.place = uint32(len(r.suspects))
	r.suspects = append(r.suspects, pi)
}

// addSuspicion counts n more rejections of a suspicious pair.
func (m *memory) addSuspicion(p *pair, n uint64) {
	c := m.clients.At(p.client)
	m.groups.At(c.group).rejections += n
	m.groups.At(m.extensions.At(p.extension).group).rejections += n
	if g := m.networkGroup(c, false); g != nil {
		g.rejections += n
	}
}

// unsuspect counts a pair as suspicious no longer.
func (m *memory) unsuspect(pi uint32, p *pair) {
	if !p.has(isSuspicious) {
		return
	}
	p.flags &^= isSuspicious
	n := uint64(p.count())
	c, e := m.clients.At(p.client), m.extensions.At(p.extension)
	r := &m.registrars[c.registrar]
	gc, ge := m.groups.At(c.group), m.groups.At(e.group)
	for _, g := range []*group{gc, ge, m.networkGroup(c, false)} {
		if g != nil {
			g.suspicious--
			g.rejections -= n
		}
	}
	if gc.suspicious == 0 {
		r.suspiciousClients--
		if g := m.networkGroup(c, false); g != nil {
			g.clients--
		}
		h := m.hosts.At(gc.host)
		h.active--
		if gc.dormant > 0 {
			h.resting++
		}
	}
	if ge.suspicious == 0 {
		r.suspiciousExtensions--
	}
	ge.look = 0 // it may have been the strongest
	last := r.suspects[len(r.suspects)-1]
	r.suspects[p.place] = last
	m.pairs.At(last).place = p.place
	r.suspects = r.suspects[:len(r.suspects)-1]
	if len(r.suspects) == 0 {
		r.suspects = nil
	}
	m.releaseGroups(c, e)
}

// retire counts a pair that was suspicious as dormant.
func (m *memory) retire(pi uint32, p *pair) {
	gc, ge := m.clientGroup(p.client), m.extensionGroup(p.extension)
	p.flags |= isDormant
	gc.dormant++
	ge.dormant++
	if gc.suspicious == 0 && gc.dormant == 1 {
		m.hosts.At(gc.host).resting++
	}
	m.unsuspect(pi, p)
}

// rouse counts a pair as dormant no longer.
func (m *memory) rouse(p *pair) {
	if !p.has(isDormant) {
		return
	}
	p.flags &^= isDormant
	c, e := m.clients.At(p.client), m.extensions.At(p.extension)
	gc, ge := m.groups.At(c.group), m.groups.At(e.group)
	gc.dormant--
	ge.dormant--
	if gc.suspicious == 0 && gc.dormant == 0 {
		m.hosts.At(gc.host).resting--
	}
	m.releaseGroups(c, e)
}

// releaseGroups frees the groups of a client, its network and an extension that count nothing.
func (m *memory) releaseGroups(c *client, e *extension) {
	if c.group != 0 && m.groups.At(c.group).isEmpty() {
		m.leaveHost(c.group)
		m.groups.Release(c.group)
		c.group = 0
	}
	if e.group != 0 && m.groups.At(e.group).isEmpty() {
		m.groups.Release(e.group)
		e.group = 0
	}
	if n, ok := networkOf(c); ok {
		if gi := m.networks[n]; gi != 0 && m.groups.At(gi).isEmpty() {
			m.groups.Release(gi)
			delete(m.networks, n)
		}
	}
}

func (g *group) isEmpty() bool { return g.suspicious == 0 && g.dormant == 0 && g.incident == 0 }

// leaveHost takes the group of a client out of its host, and forgets that if it was the last.
func (m *memory) leaveHost(gi uint32) {
	g := m.groups.At(gi)
	h := m.hosts.At(g.host)
	at := &h.clients
	for *at != gi {
		at = &m.groups.At(*at).next
	}
	*at = g.next
	m.releaseHost(g.host)
}

func (m *memory) releaseHost(hi uint32) {
	if h := m.hosts.At(hi); h.clients == 0 && h.incident == 0 {
		m.hostIndex.Remove(hashAddress(&h.address), hi)
		m.hosts.Release(hi)
	}
}

// recentCount counts what happened lately: in the last half an hour, give or take a part of it.
type recentCount struct {
	part   int64
	counts [recentParts]uint32
}

const (
	recentParts = 4
	recentPart  = 10 * 60_000 // milliseconds
)

func (r *recentCount) turn(now int64) {
	part := now / recentPart
	for r.part < part {
		r.part = max(r.part+1, part-recentParts+1)
		r.counts[r.part%recentParts] = 0
	}
}

func (r *recentCount) add(now int64) {
	r.turn(now)
	r.counts[now/recentPart%recentParts]++
}

func (r *recentCount) sum(now int64) (n int) {
	r.turn(now)
	for _, c := range r.counts {
		n += int(c)
	}
	return n
}
