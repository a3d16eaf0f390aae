package detect

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// Detector counts and judges. It is not safe for concurrent use; its clock is the flows' and what Tick is told. It has three
// parts: what it remembers, which times it believes, and its judgement (layers.go).
type Detector struct {
	intake
	clock
	dedup dedup
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
	kept, stats, alerts, watch, wall := d.settings, d.stats, d.alerts, d.watch, d.wall
	*d = Detector{}
	d.settings, d.stats, d.alerts, d.watch, d.wall = kept, stats, alerts, watch, wall
	d.memory = newMemory(0)
	d.graces = graces{grace: initialGrace}
	d.agents, d.tools = new(agents), new(toolNames)
	d.sisters, d.campaigns = newSisters(), newCampaigns()
	d.incidents = make([]*incident, 1)
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
func (d *settings) configure(cfg Config) {
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
