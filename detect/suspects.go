package detect

// A pair is suspicious while its run is unexplained, and dormant once that has paused for longer than idle_timeout. Both are counted in the
// groups that the pair belongs to: its client, its extension, its registrar, the address of the client at all registrars (host.go), and
// the network of an IPv6 client. Groups exist only while something is counted in them, or an incident is their own.

// group is a client or an extension with pairs that are suspicious or dormant, or a network with pairs that are suspicious.
type group struct {
	suspicious uint32 // pairs
	dormant    uint32 // pairs
	clients    uint32 // of a network: how many have a suspicious pair
	look       uint32 // of an extension: with fewer rejections than this it need not be looked at again
	rejections uint64 // in the runs of the suspicious pairs
	incident   uint32 // the open incident that is its own, 0 if there is none
}

// Chain links the freed groups.
func (g *group) Chain() *uint32 { return &g.incident }

func (g *group) isEmpty() bool { return g.suspicious == 0 && g.dormant == 0 && g.incident == 0 }

// groupRef is the number of the group of a client or an extension, 0 if there is none. Most groups would count a single pair; there the
// pair itself stands for the group: its number, marked as alone.
type groupRef uint32

const alone = 1 << 31

func (r groupRef) isAlone() bool { return r&alone != 0 }

const underSuspicion = isSuspicious | isDormant

// groupOf returns what is counted in a group.
func (m *suspicion) groupOf(ref groupRef) group {
	switch {
	case ref == 0:
		return group{}
	case !ref.isAlone():
		return *m.groups.At(uint32(ref))
	}
	p := m.pairs.At(uint32(ref &^ alone))
	if p.has(isSuspicious) {
		return group{suspicious: 1, rejections: uint64(p.count())}
	}
	return group{dormant: 1}
}

// count counts n pairs, 1 or -1 of them, as what their flags say.
func (g *group) count(p *pair, flags pairFlags, n int) {
	if flags&isSuspicious != 0 {
		g.suspicious += uint32(n)
		g.rejections += uint64(n * p.count())
	} else if flags&isDormant != 0 {
		g.dormant += uint32(n)
	}
}

// ownGroup returns the group of a client or an extension as a record, made where there is none.
func (m *suspicion) ownGroup(ref *groupRef) *group {
	if *ref != 0 && !ref.isAlone() {
		return m.groups.At(uint32(*ref))
	}
	counted := m.groupOf(*ref)
	gi, g := m.groups.Allocate()
	*ref, *g = groupRef(gi), counted
	return g
}

// countInGroup counts a pair in the group of its client or its extension as what it becomes, no longer as what it was. Its flags still say what it was.
func (m *suspicion) countInGroup(ref *groupRef, pi uint32, p *pair, becomes pairFlags) {
	switch {
	case *ref == alone|groupRef(pi):
		if becomes == 0 {
			*ref = 0
		}
		return
	case *ref == 0:
		*ref = alone | groupRef(pi)
		return
	}
	g := m.ownGroup(ref)
	g.count(p, p.flags, -1)
	g.count(p, becomes, 1)
	if p.has(isSuspicious) {
		g.look = 0 // it may have been the strongest
	}
	m.releaseGroup(ref)
}

// releaseGroup frees the group of a client or an extension if it counts nothing.
func (m *suspicion) releaseGroup(ref *groupRef) {
	if *ref != 0 && !ref.isAlone() && m.groups.At(uint32(*ref)).isEmpty() {
		m.groups.Release(uint32(*ref))
		*ref = 0
	}
}

// suspect counts a pair as suspicious in its groups.
func (m *suspicion) suspect(pi uint32, p *pair) {
	m.regroup(pi, p, isSuspicious)
	if p.has(isResting) {
		m.restless.Add(pi, m.full(p.last))
	}
}

// unsuspect counts a pair as suspicious no longer.
func (m *suspicion) unsuspect(pi uint32, p *pair) {
	if p.has(isSuspicious) {
		m.regroup(pi, p, 0)
	}
}

// retire counts a pair that was suspicious as dormant.
func (m *suspicion) retire(pi uint32, p *pair) { m.regroup(pi, p, isDormant) }

// clear counts a pair as neither suspicious nor dormant.
func (m *suspicion) clear(pi uint32, p *pair) { m.regroup(pi, p, 0) }

// regroup counts a pair in its groups as suspicious, as dormant, or as neither.
func (m *suspicion) regroup(pi uint32, p *pair, becomes pairFlags) {
	if p.flags&underSuspicion == becomes {
		return
	}
	c, e := m.clients.At(p.client), m.extensions.At(p.extension)
	r := &m.registrars[c.registrar]
	clientWas, extensionWas := m.standingOf(c.group), m.standingOf(e.group)
	m.countInGroup(&c.group, pi, p, becomes)
	m.countInGroup(&e.group, pi, p, becomes)
	network := m.networkGroup(c, true)
	if network != nil {
		network.count(p, p.flags&isSuspicious, -1)
		network.count(p, becomes&isSuspicious, 1)
	}
	if p.has(isSuspicious) {
		m.unlist(r, p)
	}
	p.flags = p.flags&^underSuspicion | becomes
	if becomes == isSuspicious {
		p.place = uint32(len(r.suspects))
		r.suspects = append(r.suspects, pi)
	}
	clientIs, extensionIs := m.standingOf(c.group), m.standingOf(e.group)
	r.suspiciousClients += clientIs.active - clientWas.active
	r.suspiciousExtensions += extensionIs.active - extensionWas.active
	if network != nil {
		network.clients += uint32(clientIs.active - clientWas.active)
		m.releaseNetwork(c)
	}
	m.countInHost(p.client, c, clientWas, clientIs)
}

// standing tells, each by 0 or 1, whether a client or an extension has a suspicious pair, or dormant ones only.
type standing struct{ active, resting int }

func (m *suspicion) standingOf(ref groupRef) standing {
	switch g := m.groupOf(ref); {
	case g.suspicious > 0:
		return standing{active: 1}
	case g.dormant > 0:
		return standing{resting: 1}
	}
	return standing{}
}

// unlist takes a pair out of the suspects of its registrar.
func (m *suspicion) unlist(r *registrar, p *pair) {
	last := r.suspects[len(r.suspects)-1]
	r.suspects[p.place] = last
	m.pairs.At(last).place = p.place
	r.suspects = r.suspects[:len(r.suspects)-1]
	if len(r.suspects) == 0 {
		r.suspects = nil
	}
}

// addSuspicion counts n more rejections of a suspicious pair.
func (m *suspicion) addSuspicion(p *pair, n uint64) {
	c := m.clients.At(p.client)
	for _, ref := range [...]groupRef{c.group, m.extensions.At(p.extension).group} {
		if !ref.isAlone() {
			m.groups.At(uint32(ref)).rejections += n
		}
	}
	if g := m.networkGroup(c, false); g != nil {
		g.rejections += n
	}
}
