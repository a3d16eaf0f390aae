package detect

import (
	"github.com/siphunt/siphunt/detect/internal/store"
)

// memory is what the detector remembers: registrars, clients, extensions and pairs, and the groups of those that are
// suspicious. It knows how they hang together, and nothing of what they mean.
type memory struct {
	now int64 // W: the clock that is judged by, Unix milliseconds

	registrars         []registrar // by number, 0 is none
	registrarByAddress map[[16]byte]uint32
	freeRegistrars     []uint32
	busy               uint32 // the registrar that the newest pair is of

	clients        store.Slab[client, *client]
	extensions     store.Slab[extension, *extension]
	pairs          store.Slab[pair, *pair]
	names          store.Texts
	clientIndex    store.Index
	extensionIndex store.Index
	pairIndex      store.Index
	loaded         uint32 // keeps loads from being optimised away: see load

	identities store.Index // pairs that are known good, by client and extension
	residents  store.Index // clients with a pair that is known good, by address

	groups    store.Slab[group, *group]
	hosts     store.Slab[host, *host]
	hostIndex store.Index        // by address: hosts, or clients that are alone at theirs
	networks  map[network]uint32 // groups of IPv6 networks

	ageing          ageing
	restless        *store.Timer // suspicious pairs that ageing does not look at in time, by their last rejection
	outside, inside int          // pairs in no incident, pairs in one
}

func newMemory(now int64) memory {
	return memory{now: now, registrars: make([]registrar, 1), registrarByAddress: map[[16]byte]uint32{}, networks: map[network]uint32{}}
}

// full returns the time that a pair remembers the low 32 bits of.
func (m *memory) full(low uint32) int64 { return m.now - int64(int32(uint32(m.now)-low)) }

// pair is one (registrar, client, extension): its run of rejections, and whether it is known good.
//
// Times are the low 32 bits of Unix milliseconds; memory.full returns all of them, which works as long as they are
// within 24 days of the clock.
type pair struct {
	client, extension     uint32
	inClient, inExtension links            // neighbours among the pairs of the client, of the extension
	nextAged              uint32           // in the bucket of ageing
	first, last           uint32           // of the run
	accepted              uint32           // newest acceptance
	codes                 [maxCodes]uint16 // the run's rejections by status, in the order of Config.FailureCodes
	member                uint32           // 0 if in no incident
	place                 uint32           // of a suspicious pair: its place among the suspects of its registrar
	burst                 uint32           // the first rejection of the newest burst of the run
	flags                 pairFlags        // and, above burstShift, how many rejections that burst has; see also excess
}

// Chain links the freed pairs.
func (p *pair) Chain() *uint32 { return &p.nextAged }

type links struct{ prev, next uint32 }

type pairFlags uint32

const (
	runOpen      pairFlags = 1 << iota // there is a run and no acceptance has closed it
	runClosed                          // the newest run was closed by an acceptance
	runKnown                           // the client was known good on this extension when the run began
	runSlow                            // the run has a pause longer than idle_timeout
	runFast                            // the run was as fast as no login is
	runExcluded                        // an incident does not count the run: it was a login, not a guess
	hasAccepted                        // accepted is set
	good                               // the newest acceptance vouches for the pair, within known_good_ttl
	wasGood                            // the pair was known good already when the newest acceptance came
	isSuspicious                       // counted as suspicious in its groups
	isDormant                          // counted as dormant in its groups
	isVouching                         // found by client and extension, whatever the registrar
	isFailing                          // among those of its registrar that may be an outage
	isAged                             // linked in a bucket of ageing
	runPassed                          // a full distributed scan has counted the run so far, and not taken it
	isResting                          // linked in a bucket that age looks at only when known_good_ttl has passed
	runVouched                         // another registrar vouched for the client on this extension when the run began
)

// burstShift is where the counter of a burst begins among the flags.
const (
	burstShift = 20
	maxBurst   = 1<<(32-burstShift) - 1
)

// noteBurst counts a rejection at t in the newest burst of the run, or begins one, and returns how many there are in it.
func (m *memory) noteBurst(p *pair, t int64) int {
	n := p.flags >> burstShift
	switch from := t - m.full(p.burst); {
	case n == 0 || from > burstWindow:
		p.burst, n = uint32(t), 0
	case from < -burstWindow: // belated: of an earlier one
		return int(n)
	}
	n = min(n+1, maxBurst)
	p.flags = p.flags&(1<<burstShift-1) | n<<burstShift
	return int(n)
}

// burstWindow is how far the rejections of a burst are from its first one at most, in milliseconds.
const burstWindow = 2000

const runFlags = runOpen | runClosed | runKnown | runVouched | runSlow | runFast | runExcluded | runPassed | maxBurst<<burstShift

func (p *pair) has(f pairFlags) bool { return p.flags&f != 0 }

// count is the number of rejections in the run of a pair, up to what its counters hold.
func (p *pair) count() int {
	n := 0
	for _, c := range p.codes {
		n += int(c)
	}
	return n
}

// client is one (registrar, client).
type client struct {
	registrar uint32
	address   [16]byte // masked to ipv6_client_prefix
	pairs     uint32   // first of its pairs
	good      uint32   // how many of them are known good
	group     groupRef // of its pairs that are suspicious or dormant
	neighbour uint32   // next client with a group at the same address
	port      uint16   // last seen
	transport Transport
	flags     entityFlags
}

// Chain links the freed clients.
func (c *client) Chain() *uint32 { return &c.pairs }

// extension is one (registrar, extension).
type extension struct {
	registrar uint32
	name      uint32 // in memory.names; see keepName
	pairs     uint32 // first of its pairs
	good      uint32 // how many of them are known good
	group     groupRef
	length    uint8 // of what is kept of the name
	flags     entityFlags
}

// Chain links the freed extensions.
func (e *extension) Chain() *uint32 { return &e.pairs }

// entityFlags are those of a client or an extension.
type entityFlags uint8

const (
	sharesDomain entityFlags = 1 << iota // the name of this extension is kept without the domain of its registrar
	isIndexed                            // the pairs of this client are in the index of pairs
	isTool                               // this client has called itself by the name of an attack tool
	hasHost                              // this client is linked to its host: it has a group
)

// registrar is one server.
type registrar struct {
	address    [16]byte
	users      int    // clients and extensions that refer to it
	domain     string // of most of its extensions, as it seems, with the @; empty where none is known
	thresholds *Thresholds
	port       uint16 // last seen

	good                 int // pairs that are known good
	echo                 echo
	recent               recentCount // pairs that became known good lately
	suspects             []uint32    // its suspicious pairs
	suspiciousClients    int         // clients with a suspicious pair
	suspiciousExtensions int         // extensions with one
	failing              []uint32    // pairs that were known good and may be in an outage
	trustedBy            []uint32    // registrars whose sister it is
	sisters              []uint32    // registrars that serve the same clients
	attack, outage       uint32      // open incidents: a distributed scan, an outage
	recovered            int64       // since when an outage seems over, 0 if it does not
}

// addPair makes the pair of a subject, and its registrar, client and extension where they are not known.
func (d *Detector) addPair(s *subject) *pair {
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
func (m *memory) indexPairs(c *client, clientHash uint64) {
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
func (m *memory) linkPair(pi uint32, p *pair) {
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

func (m *memory) unlink(head *uint32, l links, of func(*pair) *links) {
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
