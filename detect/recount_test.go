package detect

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// recount counts anew, from the pairs, all that the detector counts while flows come and go, and compares.
func recount(t testing.TB, d *Detector) {
	t.Helper()
	c := counter{t: t, d: d, groups: map[groupRef]group{}, hosts: map[uint32]host{}, registrars: map[uint32]registrar{}}
	c.pairs()
	c.clientsAndExtensions()
	c.checkGroups()
	c.checkHosts()
	c.checkRegistrars()
	c.checkIncidents()
	c.checkAgeing()
}

type counter struct {
	t          testing.TB
	d          *Detector
	outside    int
	inside     int
	vouching   int
	residents  int
	indexed    int
	groups     map[groupRef]group
	hosts      map[uint32]host
	registrars map[uint32]registrar
}

// same fails where two figures differ.
func same[T comparable](c *counter, got, want T, format string, args ...any) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("%s: %v, counted anew %v", fmt.Sprintf(format, args...), got, want)
	}
}

func (c *counter) inGroup(gi groupRef, change func(g *group)) {
	if gi == 0 {
		c.t.Fatal("a pair that counts in a group has none")
	}
	g := c.groups[gi]
	change(&g)
	c.groups[gi] = g
}

// A pair that is alone may stand for the group of its client and for that of its extension: here these are told apart.
const extensionAlone = 1 << 30

func ofExtension(ref groupRef) groupRef {
	if ref.isAlone() {
		ref |= extensionAlone
	}
	return ref
}

func (c *counter) inRegistrar(n uint32, change func(r *registrar)) {
	r := c.registrars[n]
	change(&r)
	c.registrars[n] = r
}

func (c *counter) pairs() {
	d := c.d
	networkClients := map[groupRef]map[uint32]bool{}
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 {
			continue
		}
		if p.member == 0 {
			c.outside++
		} else {
			c.inside++
			same(c, d.members.At(p.member).pair, pi, "pair of member %d", p.member)
		}
		cl, x := d.clients.At(p.client), d.extensions.At(p.extension)
		same(c, cl.registrar, x.registrar, "registrar of pair %d", pi)
		if p.has(isSuspicious) && p.has(isDormant) || p.has(underSuspicion) && !p.has(runOpen|runClosed) ||
			p.has(runOpen) && p.has(runClosed) || p.has(isDormant) && p.member != 0 || p.has(good) && !p.has(hasAccepted) {
			c.t.Fatalf("pair %d has the flags %b", pi, p.flags)
		}
		of := []groupRef{cl.group, ofExtension(x.group)}
		if n, ok := networkOf(cl); ok && p.has(isSuspicious) {
			gi := groupRef(d.networks[n])
			of = append(of, gi)
			if networkClients[gi] == nil {
				networkClients[gi] = map[uint32]bool{}
			}
			networkClients[gi][p.client] = true
		}
		switch {
		case p.has(isSuspicious):
			for _, gi := range of {
				c.inGroup(gi, func(g *group) { g.suspicious++; g.rejections += uint64(p.count()) })
			}
			c.inRegistrar(cl.registrar, func(r *registrar) { r.suspects = append(r.suspects, pi) })
			same(c, d.registrars[cl.registrar].suspects[p.place], pi, "place of suspect %d", p.place)
		case p.has(isDormant):
			for _, gi := range of {
				c.inGroup(gi, func(g *group) { g.dormant++ })
			}
		}
		if p.has(good) {
			c.inRegistrar(cl.registrar, func(r *registrar) { r.good++ })
		}
		if p.has(isVouching) {
			c.vouching++
			if !p.has(good) {
				c.t.Fatalf("pair %d vouches, and is not good", pi)
			}
		}
		if p.has(isFailing) && !slices.Contains(d.registrars[cl.registrar].failing, pi) {
			c.t.Fatalf("pair %d is not among those that fail", pi)
		}
	}
	for gi, clients := range networkClients {
		c.inGroup(gi, func(g *group) { g.clients = uint32(len(clients)) })
	}
	same(c, d.outside, c.outside, "pairs outside")
	same(c, d.inside, c.inside, "pairs inside")
	same(c, d.pairs.Count, c.outside+c.inside, "pairs")
	same(c, d.members.Count, c.inside, "members")
	same(c, entries(&d.identities), c.vouching, "pairs that vouch")
}

// entries counts the entries of an index, as its segments count them.
func entries(x *store.Index) (n int) {
	segments := reflect.ValueOf(x).Elem()
	for i := range segments.Len() {
		n += int(segments.Index(i).FieldByName("count").Int())
	}
	return n
}

func (c *counter) clientsAndExtensions() {
	d := c.d
	for ci := uint32(1); ci <= d.clients.Top; ci++ {
		cl := d.clients.At(ci)
		if cl.registrar == 0 {
			continue
		}
		c.inRegistrar(cl.registrar, func(r *registrar) { r.users++ })
		pairs, goods := 0, uint32(0)
		for pi := cl.pairs; pi != 0; pi = d.pairs.At(pi).inClient.next {
			same(c, d.pairs.At(pi).client, ci, "client of pair %d", pi)
			pairs++
			if d.pairs.At(pi).has(good) {
				goods++
			}
		}
		if pairs == 0 {
			c.t.Fatalf("client %d has no pairs", ci)
		}
		if cl.flags&isIndexed != 0 {
			c.indexed += pairs
		}
		same(c, cl.good, goods, "good pairs of client %d", ci)
		if goods > 0 {
			c.residents++
		}
		same(c, cl.group != 0, cl.flags&hasHost != 0, "host of client %d, which has a group", ci)
		if cl.group == 0 {
			continue
		}
		c.inGroup(cl.group, func(g *group) {})
		if n := c.groups[cl.group]; n.suspicious > 0 {
			c.inRegistrar(cl.registrar, func(r *registrar) { r.suspiciousClients++ })
		}
		hi := d.findHost(&cl.address)
		if hi&alone != 0 {
			same(c, hi&^alone, ci, "client that is alone at its address")
		}
		h := c.hosts[hi]
		h.clients++
		if c.groups[cl.group].suspicious > 0 {
			h.active++
		} else if c.groups[cl.group].dormant > 0 {
			h.resting++
		}
		h.address = cl.address
		c.hosts[hi] = h
	}
	for xi := uint32(1); xi <= d.extensions.Top; xi++ {
		x := d.extensions.At(xi)
		if x.registrar == 0 {
			continue
		}
		c.inRegistrar(x.registrar, func(r *registrar) { r.users++ })
		pairs, goods := 0, uint32(0)
		for pi := x.pairs; pi != 0; pi = d.pairs.At(pi).inExtension.next {
			same(c, d.pairs.At(pi).extension, xi, "extension of pair %d", pi)
			pairs++
			if d.pairs.At(pi).has(good) {
				goods++
			}
		}
		if pairs == 0 {
			c.t.Fatalf("extension %d has no pairs", xi)
		}
		same(c, x.good, goods, "good pairs of extension %d", xi)
		if x.group != 0 {
			c.inGroup(ofExtension(x.group), func(g *group) {})
			if c.groups[ofExtension(x.group)].suspicious > 0 {
				c.inRegistrar(x.registrar, func(r *registrar) { r.suspiciousExtensions++ })
			}
		}
	}
	same(c, entries(&d.residents), c.residents, "clients with a pair that is known good")
	same(c, entries(&d.clientIndex), d.clients.Count, "indexed clients")
	same(c, entries(&d.extensionIndex), d.extensions.Count, "indexed extensions")
	same(c, entries(&d.pairIndex), c.indexed, "indexed pairs")
}

func (c *counter) checkGroups() {
	d := c.d
	for _, gi := range d.networks {
		c.inGroup(groupRef(gi), func(g *group) {})
	}
	records := 0
	for ref, want := range c.groups {
		if !ref.isAlone() {
			records++
		}
		g := d.groupOf(ref &^ extensionAlone)
		same(c, [3]uint32{g.suspicious, g.dormant, g.clients}, [3]uint32{want.suspicious, want.dormant, want.clients}, "suspicious, dormant, clients of group %d", ref)
		same(c, g.rejections, want.rejections, "rejections of group %d", ref)
		if g.isEmpty() {
			c.t.Fatalf("group %d is empty", ref)
		}
		if g.incident != 0 && d.incidents[g.incident] == nil {
			c.t.Fatalf("group %d has an incident that is over", ref)
		}
	}
	same(c, d.groups.Count, records, "groups")
}

func (c *counter) checkHosts() {
	d := c.d
	for _, inc := range d.incidents {
		if inc != nil && inc.by == byHost {
			h := c.hosts[inc.host]
			h.address = d.hosts.At(inc.host).address
			c.hosts[inc.host] = h
			same(c, d.hosts.At(inc.host).incident, inc.number, "incident of host %d", inc.host)
		}
	}
	same(c, entries(&d.hostIndex), len(c.hosts), "indexed hosts")
	records := 0
	for hi, want := range c.hosts {
		if hi&alone != 0 {
			same(c, want.clients, 1, "clients of host %d", hi)
			continue
		}
		records++
		h := d.hosts.At(hi)
		same(c, h.address, want.address, "address of host %d", hi)
		same(c, [2]uint32{h.active, h.resting}, [2]uint32{want.active, want.resting}, "active and resting clients of host %d", hi)
		clients := uint32(0)
		for ci := h.clients; ci != 0; ci = d.clients.At(ci).neighbour {
			clients++
			same(c, d.clients.At(ci).address, h.address, "address of client %d", ci)
		}
		same(c, clients, want.clients, "clients of host %d", hi)
	}
	same(c, d.hosts.Count, records, "hosts")
}

func (c *counter) checkRegistrars() {
	d := c.d
	for n := range d.registrars {
		if r := &d.registrars[n]; n > 0 && r.users > 0 {
			want := c.registrars[uint32(n)]
			same(c, r.users, want.users, "users of registrar %d", n)
			same(c, r.good, want.good, "good pairs of registrar %d", n)
			same(c, len(r.suspects), len(want.suspects), "suspects of registrar %d", n)
			same(c, r.suspiciousClients, want.suspiciousClients, "suspicious clients of registrar %d", n)
			same(c, r.suspiciousExtensions, want.suspiciousExtensions, "suspicious extensions of registrar %d", n)
			for _, number := range []uint32{r.attack, r.outage} {
				if number != 0 && (d.incidents[number] == nil || d.incidents[number].registrar != uint32(n)) {
					c.t.Fatalf("registrar %d has an incident that is over", n)
				}
			}
		}
	}
	same(c, len(d.registrarByAddress)+len(d.freeRegistrars)+1, len(d.registrars), "registrars")
}

func (c *counter) checkIncidents() {
	d := c.d
	open := 0
	for number, inc := range d.incidents {
		if inc == nil {
			continue
		}
		open++
		same(c, inc.number, uint32(number), "number of an incident")
		size, guessed, attempts := 0, 0, uint64(0)
		for mi := inc.members; mi != 0; mi = d.members.At(mi).next {
			m := d.members.At(mi)
			same(c, m.incident, inc.number, "incident of member %d", mi)
			size++
			attempts += m.attempts
			if m.guessed {
				guessed++
			}
		}
		same(c, inc.size, size, "size of incident %d, a %v", number, inc.kind)
		same(c, inc.guessed, guessed, "guessed of incident %d, a %v", number, inc.kind)
		byCode := uint64(0)
		for _, n := range inc.codes {
			byCode += n
		}
		same(c, inc.attempts, byCode, "attempts by code of incident %d, a %v", number, inc.kind)
		if inc.strangers == nil && !hasForgotten(d) {
			same(c, inc.attempts, attempts, "attempts of incident %d, a %v", number, inc.kind)
		}
		if inc.size == 0 {
			c.t.Fatalf("incident %d, a %v, has no members", number, inc.kind)
		}
		if len(inc.successes) != min(inc.successesN, MaxSuccesses) {
			c.t.Fatalf("incident %d lists %d successes of %d", number, len(inc.successes), inc.successesN)
		}
	}
	same(c, d.openIncidents, open, "open incidents")
}

// hasForgotten tells whether status codes were rejections that are none any more: who had how many of them is not known.
func hasForgotten(d *Detector) bool { return len(d.cfg.FailureCodes) < 3 }

// checkAgeing sees to it that each pair outside is where it is forgotten from, once, and none is older than it may get.
func (c *counter) checkAgeing() {
	d := c.d
	if d.nextCheck == 0 {
		return
	}
	aged := map[uint32]int{}
	for _, pi := range d.ageing.buckets {
		for ; pi != 0; pi = d.pairs.At(pi).nextAged {
			if aged[pi]++; aged[pi] > 1 {
				c.t.Fatalf("pair %d is in two buckets", pi)
			}
		}
	}
	last := d.nextCheck - d.checkInterval
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 {
			continue
		}
		same(c, aged[pi] == 1, p.has(isAged), "pair %d is in a bucket", pi)
		if p.member != 0 {
			continue
		}
		if !p.has(isAged) {
			c.t.Fatalf("pair %d is in no bucket", pi)
		}
		if at := max(d.full(p.last), d.full(p.accepted)); at < last-d.horizon()-2000 {
			c.t.Fatalf("pair %d was touched last %d ms ago", pi, d.now-at)
		}
		if p.has(isSuspicious) && d.full(p.last) < last-d.idleTimeout-d.checkInterval-2000 { // of a late record at the next check
			c.t.Fatalf("pair %d is suspicious after %d ms of %d, flags %b, touched %d", pi, d.now-d.full(p.last), d.idleTimeout, p.flags, d.now-d.touched(p))
		}
	}
}
