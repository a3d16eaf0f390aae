package detect

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// Detector counts and judges. It is not safe for concurrent use; its clock is the flows' and what Tick is told. It has three
// parts: what it remembers (memory), which times it believes (clock), and its judgement.
type Detector struct {
	cfg      Config
	rules    *rules
	statuses [1000]statusClass
	stats    Stats
	alerts   []Alert

	// From cfg: milliseconds, and rejections by their place in FailureCodes.
	idleTimeout, checkInterval, challengeGrace, knownGoodTTL, updateInterval int64
	hardCodes, refusedCodes                                                  uint8 // no challenges; a wrong password or a barred account

	clock
	nextCheck int64 // 0 before the first record

	memory
	dedup     dedup
	agents    *agents
	tools     *toolNames
	graces    graces
	waiting   *store.Timer // runs that may be logins under way, by their first rejection
	due       []uint32     // scratch of ripenAll
	hurried   *store.Timer // those of clients that have called themselves by the name of an attack tool
	sisters   sisters
	campaigns campaigns
	attacked  []*incident // distributed scans, in the order in which they opened
	ailing    []uint32    // registrars that reject some who are known good

	members       store.Slab[member, *member]
	incidents     []*incident // by number, 0 is none
	freeIncidents []uint32
	openIncidents int
	horizontal    int          // horizontal scans among them
	ends          *store.Timer // incidents, by their last activity
	growing       []*incident  // have doubled, or are more severe, since their last report
	viewed        view         // what judge looks at
	watch         *watch
	scratch       [maxName]byte // for a name that is hashed
}

// Stats are the figures of a detector: totals since New, or where it says so, the state now.
type Stats struct {
	Rejections   uint64
	Acceptances  uint64
	Late         uint64 // records dropped: older than the clock by more than idle_timeout
	TimeRejected uint64 // records dropped: from the future
	Allowed      uint64 // answers that the allowlist covers
	Duplicates   uint64 // answers dropped: another probe has seen them
	Evicted      uint64 // pairs forgotten for max_pairs
	EndedEarly   uint64 // incidents ended for max_incidents
	Pairs        int    // now, outside incidents and inside
	Incidents    int    // open now
	Clock        int64  // now, Unix milliseconds, 0 before the first record
	Grace        int64  // now: how long the acceptance after a challenge is waited for, milliseconds
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
		cfg: d.cfg, rules: d.rules, statuses: d.statuses, stats: d.stats, alerts: d.alerts, clock: clock{wall: d.wall}, watch: d.watch,
		idleTimeout: d.idleTimeout, checkInterval: d.checkInterval, challengeGrace: d.challengeGrace,
		knownGoodTTL: d.knownGoodTTL, updateInterval: d.updateInterval, hardCodes: d.hardCodes, refusedCodes: d.refusedCodes,

		memory: newMemory(0), agents: new(agents), tools: new(toolNames), incidents: make([]*incident, 1),
		sisters: newSisters(), campaigns: newCampaigns(), graces: graces{grace: initialGrace},
	}
}

// Alerts returns the reports since the last call, oldest first. The caller owns them.
func (d *Detector) Alerts() []Alert {
	a := d.alerts
	d.alerts = nil
	return a
}

// Stats returns the counters.
func (d *Detector) Stats() Stats {
	s := d.stats
	s.Pairs, s.Incidents, s.Clock = d.outside+d.inside, d.openIncidents, d.now
	s.Grace = max(min(d.graces.grace, d.idleTimeout), d.challengeGrace)
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
		if n > 0 && r.users > 0 {
			d.linkConfigured(uint32(n))
		}
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
	d.hardCodes, d.refusedCodes = 0, 0
	for i, status := range cfg.FailureCodes {
		if !isChallenge(status) {
			d.hardCodes |= 1 << i
			if status != statusNotFound {
				d.refusedCodes |= 1 << i
			}
		}
	}
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
	d.restless = store.NewTimer(check-d.idleTimeout, d.idleTimeout+d.checkInterval)
	d.ends = store.NewTimer(check-d.idleTimeout, slowPauses*d.idleTimeout+d.checkInterval)
	d.ageing = newAgeing(check, d.horizon(), d.idleTimeout, d.checkInterval)
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		p.flags &^= isAged
		if p.client == 0 {
			continue
		}
		if p.member == 0 {
			d.place(pi, p)
		}
		if p.has(isSuspicious) && (p.member != 0 || p.has(isResting|runClosed)) {
			d.restless.Add(pi, d.full(p.last))
		}
	}
	d.startGraces()
	for n, inc := range d.incidents {
		if inc != nil {
			d.ends.Add(uint32(n), inc.active)
		}
	}
}

// check is one round of judging; RULES.md, "The clock", has its order.
func (d *Detector) check() {
	d.ends.Drain(d.now-d.idleTimeout, d.endIdle)
	d.graces.measure(d.now, d.challengeGrace)
	d.ripenAll()
	d.age()
	d.checkAttacks()
	d.checkOutages()
	d.reportUpdates()
	if d.now%campaignAge < d.checkInterval {
		d.campaigns.forget(d.now - campaignAge)
		d.sisters.prune(d.now - d.knownGoodTTL)
	}
}
