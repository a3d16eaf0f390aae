package detect

// pair is one (registrar, client, extension): its run of rejections, and whether it is known good.
//
// Times are the low 32 bits of Unix milliseconds; directory.full returns all of them, which works as long as they are
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
	flags                 pairFlags        // and, above burstShift, what is counted: see counted
}

// Chain links the freed pairs.
func (p *pair) Chain() *uint32 { return &p.nextAged }

type links struct{ prev, next uint32 }

// pairFlags are what is known of a pair and its run; above burstShift they count.
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

// burstShift is where the counter begins among the flags.
const (
	burstShift = 20
	maxBurst   = 1<<(32-burstShift) - 1
)

const runFlags = runOpen | runClosed | runKnown | runVouched | runSlow | runFast | runExcluded | runPassed | maxBurst<<burstShift

func (p *pair) has(f pairFlags) bool { return p.flags&f != 0 }

// counted is how many rejections the newest burst of a run has, or, where the run is known, what there was beyond logins (between.go).
func (p *pair) counted() int { return int(p.flags >> burstShift) }

// setCounted sets it, as far as it reaches.
func (p *pair) setCounted(n int) {
	p.flags = p.flags&(1<<burstShift-1) | pairFlags(min(max(n, 0), maxBurst))<<burstShift
}

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
