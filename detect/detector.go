package detect

import "net/netip"

// Detector counts and judges. It is not safe for concurrent use; its clock is the flows' and what Tick is told.
type Detector struct {
	cfg      Config
	rules    rules
	statuses [1000]statusClass
	stats    Stats
	alerts   []Alert

	// From cfg, in milliseconds.
	idleTimeout, checkInterval, challengeGrace, knownGoodTTL, updateInterval int64

	clock
	now       int64 // W: the clock that is judged by
	nextCheck int64 // 0 before the first record

	registrars         []registrar // by number, 0 is none
	registrarByAddress map[[16]byte]uint32
	freeRegistrars     []uint32
	busy               uint32 // the registrar that the newest pair is of
	clients            slab[client, *client]
	extensions         slab[extension, *extension]
	pairs              slab[pair, *pair]
	names              names
	clientIndex        index
	extensionIndex     index
	pairIndex          index
	loaded             uint32 // keeps loads from being optimised away: see load
	ageing             ageing
	agents             *agents
	graces             *timer // pairs with a single challenge, by its time
	restless           *timer // suspicious pairs that ageing does not look at in time, by their last rejection

	outside, inside int // pairs in no incident, pairs in one
	members         slab[member, *member]
	incidents       []*incident // by number, 0 is none
	freeIncidents   []uint32
	open            int                  // incidents
	scans           map[uint32]*incident // open, by client
	distributed     map[uint32]*incident // open, by extension
	ends            *timer               // incidents, by their last activity
	growing         []*incident          // have doubled since their last report

	// What may cross a threshold, with the time of the rejection that brought it here.
	scanCandidates, distributedCandidates, bruteForceCandidates candidates
	sprays                                                      []*incident // scans that may be a spray now
}

// Stats are the figures of a detector: totals since New, or where it says so, the state now.
type Stats struct {
	Rejections   uint64
	Acceptances  uint64
	Late         uint64 // records dropped: older than the clock by more than idle_timeout
	TimeRejected uint64 // records dropped: from the future
	Allowed      uint64 // answers that the allowlist covers
	Evicted      uint64 // pairs forgotten for max_pairs
	EndedEarly   uint64 // incidents ended for max_incidents
	Pairs        int    // now, outside incidents and inside
	Incidents    int    // open now
	Clock        int64  // now, Unix milliseconds, 0 before the first record
}

// New makes a detector. It fails where cfg.Validate does.
func New(cfg Config) (*Detector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d := &Detector{}
	d.reset()
	d.configure(cfg)
	return d, nil
}

// reset forgets everything but the configuration and the totals.
func (d *Detector) reset() {
	*d = Detector{
		cfg: d.cfg, rules: d.rules, statuses: d.statuses, stats: d.stats, alerts: d.alerts, clock: clock{wall: d.wall},
		idleTimeout: d.idleTimeout, checkInterval: d.checkInterval, challengeGrace: d.challengeGrace,
		knownGoodTTL: d.knownGoodTTL, updateInterval: d.updateInterval,

		agents: new(agents), registrars: make([]registrar, 1), registrarByAddress: map[[16]byte]uint32{},
		incidents: make([]*incident, 1), scans: map[uint32]*incident{}, distributed: map[uint32]*incident{},
		scanCandidates: candidates{}, distributedCandidates: candidates{}, bruteForceCandidates: candidates{},
	}
}

// Alerts gives the reports since the last call, oldest first. The caller owns them.
func (d *Detector) Alerts() []Alert {
	a := d.alerts
	d.alerts = nil
	return a
}

// Stats gives the counters.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Pairs, s.Incidents, s.Clock = d.outside+d.inside, d.open, d.now
	return s
}

// SetConfig puts new rules in force: thresholds, overrides, allowlist, times and bounds. Open incidents that the
// allowlist covers end; all else goes on. It fails, and changes nothing, where cfg.Validate does.
func (d *Detector) SetConfig(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	codes := d.cfg.FailureCodes
	d.configure(cfg)
	d.remapCodes(codes)
	for n := range d.registrars {
		r := &d.registrars[n]
		r.thresholds = d.rules.thresholds(netip.AddrFrom16(r.address))
	}
	if d.nextCheck != 0 {
		d.startTimers()
	}
	d.endAllowed()
	return nil
}

// configure takes a valid configuration over.
func (d *Detector) configure(cfg Config) {
	d.cfg = cfg
	d.rules = compileRules(&cfg)
	d.statuses = classify(cfg.FailureCodes)
	d.idleTimeout = cfg.IdleTimeout.Milliseconds()
	d.checkInterval = cfg.CheckInterval.Milliseconds()
	d.challengeGrace = cfg.ChallengeGrace.Milliseconds()
	d.knownGoodTTL = cfg.KnownGoodTTL.Milliseconds()
	d.updateInterval = cfg.UpdateInterval.Milliseconds()
}

// startTimers makes the timers for the clock and the times as they are, as they were after the last check, and puts all
// that is known into them.
func (d *Detector) startTimers() {
	check := d.now - d.now%d.checkInterval
	d.nextCheck = check + d.checkInterval
	d.restless = newTimer(check, d.idleTimeout, d.checkInterval)
	d.ends = newTimer(check, d.idleTimeout, d.checkInterval)
	d.ageing = newAgeing(check, d.horizon(), d.idleTimeout, d.checkInterval)
	for pi := uint32(1); pi <= d.pairs.top; pi++ {
		p := d.pairs.at(pi)
		if p.client == 0 || p.member != 0 {
			p.flags &^= isAged
			continue
		}
		d.place(pi, p)
	}
	d.startGraces()
	for n, inc := range d.incidents {
		if inc != nil {
			d.ends.add(uint32(n), inc.active)
		}
	}
}

// startGraces makes the timer of the single challenges.
func (d *Detector) startGraces() {
	d.graces = newTimer(d.nextCheck-d.checkInterval, d.challengeGrace, d.checkInterval)
	for pi := uint32(1); pi <= d.pairs.top; pi++ {
		if p := d.pairs.at(pi); p.client != 0 && !d.isClaimed(p) && p.has(runOpen) && d.runCount(p) == 1 {
			d.graces.add(pi, d.full(p.last))
		}
	}
}

// awaitGrace remembers that a pair has a single challenge, of the time t. Pairs that were forgotten leave hints behind; when a
// flood has left too many, all are made anew.
func (d *Detector) awaitGrace(pi uint32, t int64) {
	if d.graces.waiting > 4*chunkSize+2*d.cfg.MaxPairs {
		d.startGraces()
	}
	d.graces.add(pi, t)
}

// full gives the time that a pair remembers the low 32 bits of.
func (d *Detector) full(low uint32) int64 { return d.now - int64(int32(uint32(d.now)-low)) }
