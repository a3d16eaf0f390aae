package detect

// pair is one (registrar, client, extension): its run of rejections, and whether it is known good.
//
// Times are the low 32 bits of Unix milliseconds; Detector.full gives all of them back, which works as long as they
// are within 24 days of the clock. The counters hold the run while the pair is in no incident; a member of an incident counts in its
// member record.
type pair struct {
	client, extension     uint32
	inClient, inExtension links            // neighbours among the pairs of the client, of the extension
	nextAged              uint32           // in the bucket of ageing
	first, last           uint32           // of the run
	accepted              uint32           // newest acceptance
	codes                 [maxCodes]uint16 // the run's rejections by status, in the order of Config.FailureCodes
	member                uint32           // 0 if in no incident
	flags                 pairFlags
}

func (p *pair) chain() *uint32 { return &p.nextAged }

type links struct{ prev, next uint32 }

type pairFlags uint16

const (
	runOpen       pairFlags = 1 << iota // there is a run and no acceptance has closed it
	runClosed                           // the newest run was closed by an acceptance
	runKnown                            // the pair was known good when the run began
	runHard                             // the run holds a rejection that is no challenge
	runRipe                             // the run is a challenge that nothing followed in time
	hasAccepted                         // accepted is set
	good                                // the newest acceptance vouches for the pair, within known_good_ttl
	wasGood                             // the pair was known good already when the newest acceptance came
	isSuspicious                        // counted in the suspicious pairs of its client and extension
	isAged                              // linked in a bucket of ageing
	isResting                           // linked in a bucket that age looks at only when known_good_ttl has passed
	isCandidate                         // waits to be judged as a brute force
	successJudged                       // the newest acceptance was a success
)

const runFlags = runOpen | runClosed | runKnown | runHard | runRipe

func (p *pair) has(f pairFlags) bool { return p.flags&f != 0 }

// count is the number of rejections in the run of a pair that is in no incident.
func (p *pair) count() int {
	n := 0
	for _, c := range p.codes {
		n += int(c)
	}
	return n
}

// client is one (registrar, client).
type client struct {
	registrar  uint32
	address    [16]byte // masked to ipv6_client_prefix
	pairs      uint32   // first of its pairs
	suspicious uint32   // at least as many of its pairs are suspicious; judging counts exactly
	port       uint16   // last seen
	transport  Transport
	flags      groupFlags
}

func (c *client) chain() *uint32 { return &c.pairs }

// extension is one (registrar, extension).
type extension struct {
	registrar  uint32
	name       uint32 // in Detector.names; see keepName
	pairs      uint32 // first of its pairs
	suspicious uint32 // at least as many of its pairs are suspicious
	length     uint8  // of what is kept of the name
	flags      groupFlags
}

func (e *extension) chain() *uint32 { return &e.pairs }

// groupFlags are those of a client or an extension.
type groupFlags uint8

const (
	underAttack  groupFlags = 1 << iota // an open scan of this client, an open distributed brute force of this extension
	waiting                             // waits to be judged
	sharesDomain                        // the name of this extension is kept without the domain of its registrar
	isIndexed                           // the pairs of this client are in the index of pairs
)

// registrar is one server. There are few, so they live in a map.
type registrar struct {
	address    [16]byte
	users      int    // clients and extensions that refer to it
	domain     string // of most of its extensions, as it seems, with the @; empty where none is known
	thresholds Thresholds
	port       uint16 // last seen
}

// addPair makes the pair of a subject, and its registrar, client and extension where they are not known.
func (d *Detector) addPair(s *subject) *pair {
	if d.makeRoom() {
		d.find(s) // again: they may have gone
	}
	s.registrar = d.registrarOf(s)
	if s.client == 0 {
		var c *client
		s.client, c = d.clients.allocate()
		c.registrar, c.address = s.registrar, s.clientAddress
		d.clientIndex.insert(s.clientHash, s.client)
		d.registrars[s.registrar].users++
	}
	if s.extension == 0 {
		var e *extension
		s.extension, e = d.extensions.allocate()
		e.registrar = s.registrar
		d.keepName(e, s.name)
		d.extensionIndex.insert(s.extensionHash, s.extension)
		d.registrars[s.registrar].users++
	}
	var p *pair
	s.pair, p = d.pairs.allocate()
	p.client, p.extension = s.client, s.extension
	d.linkPair(s.pair, p)
	if c := d.clients.at(s.client); c.flags&isIndexed != 0 {
		d.pairIndex.insert(hashPair(s.clientHash, s.extensionHash), s.pair)
	} else {
		d.indexPairs(c, s.clientHash)
	}
	d.outside++
	return p
}

// fewPairs is how many pairs of a client are looked through to find one. Nearly all clients have no more.
const fewPairs = 4

// indexPairs indexes the pairs of a client that has more than few.
func (d *Detector) indexPairs(c *client, clientHash uint64) {
	pi := c.pairs
	for range fewPairs {
		if pi == 0 {
			return
		}
		pi = d.pairs.at(pi).inClient.next
	}
	if pi == 0 {
		return
	}
	c.flags |= isIndexed
	var buf [maxName]byte
	for pi = c.pairs; pi != 0; {
		p := d.pairs.at(pi)
		extensionHash := hashExtension(&d.registrars[c.registrar].address, d.nameOf(d.extensions.at(p.extension), &buf))
		d.pairIndex.insert(hashPair(clientHash, extensionHash), pi)
		pi = p.inClient.next
	}
}

// linkPair puts a pair at the head of the lists of its client and its extension.
func (d *Detector) linkPair(pi uint32, p *pair) {
	c, e := d.clients.at(p.client), d.extensions.at(p.extension)
	p.inClient.next, p.inExtension.next = c.pairs, e.pairs
	if c.pairs != 0 {
		d.pairs.at(c.pairs).inClient.prev = pi
	}
	if e.pairs != 0 {
		d.pairs.at(e.pairs).inExtension.prev = pi
	}
	c.pairs, e.pairs = pi, pi
}

// removePair forgets a pair that is in no incident and in no bucket, and its client and extension if it was their last.
func (d *Detector) removePair(pi uint32) {
	p := d.pairs.at(pi)
	d.forgetRun(p)
	if p.has(isCandidate) {
		delete(d.bruteForceCandidates, pi)
	}
	ci, ei := p.client, p.extension
	c, e := d.clients.at(ci), d.extensions.at(ei)
	registrar := &d.registrars[c.registrar].address
	var buf [maxName]byte
	clientHash, extensionHash := hashClient(registrar, &c.address), hashExtension(registrar, d.nameOf(e, &buf))
	d.unlink(&c.pairs, p.inClient, func(q *pair) *links { return &q.inClient })
	d.unlink(&e.pairs, p.inExtension, func(q *pair) *links { return &q.inExtension })
	if c.flags&isIndexed != 0 {
		d.pairIndex.remove(hashPair(clientHash, extensionHash), pi)
	}
	d.pairs.release(pi)
	d.outside--
	if c.pairs == 0 {
		if c.flags&waiting != 0 {
			delete(d.scanCandidates, ci)
		}
		d.releaseRegistrar(c.registrar)
		d.clientIndex.remove(clientHash, ci)
		d.clients.release(ci)
	}
	if e.pairs == 0 {
		if e.flags&waiting != 0 {
			delete(d.distributedCandidates, ei)
		}
		d.releaseRegistrar(e.registrar)
		d.extensionIndex.remove(extensionHash, ei)
		d.names.remove(e.name, int(e.length))
		d.extensions.release(ei)
	}
}

func (d *Detector) unlink(head *uint32, l links, of func(*pair) *links) {
	if l.prev == 0 {
		*head = l.next
	} else {
		of(d.pairs.at(l.prev)).next = l.next
	}
	if l.next != 0 {
		of(d.pairs.at(l.next)).prev = l.prev
	}
}
