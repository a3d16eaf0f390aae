package detect

import "github.com/siphunt/siphunt/detect/internal/store"

// The detector is built in layers, in the order of RULES.md. Each is the detector as far as it goes: it knows those before it, and
// nothing of those behind it, so that a rule can be read with what is above it on this page.

// settings are the configuration in force.
type settings struct {
	cfg      Config
	rules    *rules
	statuses [1000]statusClass

	// From cfg: milliseconds, and rejections by their place in FailureCodes.
	idleTimeout, checkInterval, challengeGrace, knownGoodTTL, updateInterval int64
	hardCodes, refusedCodes                                                  uint8 // no challenges; a wrong password or a barred account
}

// directory is who there is: registrars, their clients and extensions, and the pairs of these. It finds them.
type directory struct {
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
}

// suspicion is the groups of the pairs that are suspicious or dormant.
type suspicion struct {
	directory
	groups    store.Slab[group, *group]
	hosts     store.Slab[host, *host]
	hostIndex store.Index        // by address: hosts, or clients that are alone at theirs
	networks  map[network]uint32 // groups of IPv6 networks
	residents store.Index        // clients with a pair that is known good, by address
	restless  *store.Timer       // suspicious pairs that ageing does not look at in time, by their last rejection
}

// memory is all that is remembered, who is known good, and what is forgotten when.
type memory struct {
	suspicion
	identities      store.Index // pairs that are known good, by client and extension
	members         store.Slab[member, *member]
	ageing          ageing
	outside, inside int // pairs in no incident, pairs in one
}

// runs explain rejections by themselves: a login under way, and how long that may take.
type runs struct {
	settings
	memory
	nextCheck int64 // 0 before the first record
	agents    *agents
	graces    graces
	waiting   *store.Timer // runs that may be logins under way, by their first rejection
	hurried   *store.Timer // those of clients that have called themselves by the name of an attack tool
	due       []uint32     // scratch of ripenAll
	watch     *watch
}

// relations explain them by what other registrars know, or by all that a registrar rejects.
type relations struct {
	runs
	sisters sisters
	ailing  []uint32 // registrars that reject some who are known good
}

// evidence weighs what there is against a pair, or in an incident.
type evidence struct {
	relations
	incidents []*incident // by number, 0 is none
}

// reports tell of incidents, and of the campaigns that they belong to.
type reports struct {
	evidence
	alerts    []Alert
	campaigns campaigns
	growing   []*incident // have doubled, or are more severe, since their last report
}

// casebook has the open incidents, and counts what belongs to them.
type casebook struct {
	reports
	stats         Stats
	freeIncidents []uint32
	openIncidents int
	horizontal    int           // horizontal scans among them
	ends          *store.Timer  // incidents, by their last activity
	scratch       [maxName]byte // for a name that is hashed
}

// judge groups what is unexplained into incidents, and concludes from acceptances.
type judge struct {
	casebook
	attacked []*incident // distributed scans, in the order in which they opened
	viewed   view        // what weigh looks at
}

// intake takes each answer, and what time brings: the end of a grace, a run that lapses, an outage.
type intake struct {
	judge
	tools *toolNames
}
