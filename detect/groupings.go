package detect

import (
	"math"
)

// Attacks are groupings of unexplained runs (RULES.md, "Group"). One mechanism finds them all: a row of the table says which
// pairs belong together, and which figure reaches which threshold.

// groupedBy is what the pairs of an incident have in common.
type groupedBy uint8

const (
	byPair groupedBy = iota
	byClient
	byExtension
	byNetwork
	byHost
	byRegistrar
)

// grouping is a row: a kind of attack.
type grouping struct {
	kind Kind
	by   groupedBy
	slow bool   // counts the runs of a day, not of idle_timeout alone
	few  bool   // a scan of few extensions
	key  string // the threshold
	// reached returns the figure and the threshold that it has to reach.
	reached func(d *judge, v *view) (figure, bar int)
}

// view is a pair whose run is unexplained, and the groups that it belongs to.
type view struct {
	pi, ci, ei        uint32
	p                 *pair
	c                 *client
	e                 *extension
	r                 *registrar
	client, extension group
	network           *group // nil for IPv4
	host              host
	thresholds        *Thresholds
}

// groupings are all kinds of attack, strongest claim first.
var groupings = [...]grouping{
	{kind: HorizontalScan, by: byHost, key: "horizontal_registrars", reached: func(d *judge, v *view) (int, int) {
		return d.registrarsOfHost(v, int(v.host.active), v.thresholds.HorizontalRegistrars)
	}},
	{kind: HorizontalScan, by: byHost, slow: true, key: "horizontal_registrars", reached: func(d *judge, v *view) (int, int) {
		return d.registrarsOfHost(v, int(v.host.active+v.host.resting), 2*v.thresholds.HorizontalRegistrars)
	}},
	{kind: Scan, by: byClient, key: "scan_extensions", reached: func(_ *judge, v *view) (int, int) {
		return int(v.client.suspicious), v.allow(v.thresholds.ScanExtensions, int(v.c.good))
	}},
	{kind: Scan, by: byClient, few: true, key: "scan_attempts", reached: func(_ *judge, v *view) (int, int) {
		if v.client.suspicious < 2 {
			return 0, 1
		}
		return int(v.client.rejections), v.allow(v.thresholds.ScanAttempts, int(v.c.good))
	}},
	{kind: Scan, by: byNetwork, key: "scan_extensions", reached: func(d *judge, v *view) (int, int) {
		if v.network == nil {
			return 0, 1
		}
		return int(v.network.clients), v.allow(v.thresholds.ScanExtensions, v.r.recent.sum(d.now))
	}},
	{kind: Distributed, by: byExtension, key: "distributed_clients", reached: (*judge).distributedClients},
	{kind: DistributedScan, by: byRegistrar, key: "distributed_scan_size", reached: func(d *judge, v *view) (int, int) {
		return v.r.spread(), v.allow(v.thresholds.DistributedScanSize, v.r.recent.sum(d.now))
	}},
	{kind: Scan, by: byClient, slow: true, key: "slow_extensions", reached: func(_ *judge, v *view) (int, int) {
		return v.client.inADay(), v.allow(v.thresholds.SlowExtensions, int(v.c.good))
	}},
	{kind: Distributed, by: byExtension, slow: true, key: "slow_clients", reached: func(_ *judge, v *view) (int, int) {
		return v.extension.inADay(), v.allowOwners(v.thresholds.SlowClients)
	}},
	{kind: BruteForce, by: byPair, key: "attempts", reached: func(_ *judge, v *view) (int, int) {
		if v.p.has(runSlow) {
			return 0, 1
		}
		return v.p.count(), v.thresholds.Attempts
	}},
	{kind: BruteForce, by: byPair, slow: true, key: "slow_attempts", reached: func(_ *judge, v *view) (int, int) {
		if !v.p.has(runSlow) {
			return 0, 1
		}
		return v.p.count(), v.thresholds.SlowAttempts
	}},
}

// spread returns how widely what is suspicious at a registrar is distributed: over so many clients, or so many accounts more than one a client, and so
// many extensions.
func (r *registrar) spread() int {
	return min(max(r.suspiciousClients, len(r.suspects)-r.suspiciousClients), r.suspiciousExtensions)
}

// inADay returns the pairs of a group that the sums of a day count, 0 where more than half of them are of the last idle_timeout: what is
// fast has rows of its own.
func (g *group) inADay() int {
	if g.dormant < g.suspicious {
		return 0
	}
	return int(g.suspicious + g.dormant)
}

// allow raises a threshold by what is to be expected of those who are known good.
func (v *view) allow(bar, known int) int {
	return bar + int(math.Ceil(v.thresholds.ScanKnownRatio*float64(known)))
}

// allowOwners raises a threshold by a part of the clients that are known good on the extension, as of one who roams. A single
// owner does not raise it.
func (v *view) allowOwners(bar int) int {
	return bar + int(v.thresholds.ScanKnownRatio*float64(v.e.good))
}

// registrarsOfHost counts the registrars where an address makes unexplained attempts. Many people behind it have accounts at many registrars,
// and are accepted there in the end.
func (d *judge) registrarsOfHost(v *view, figure, bar int) (int, int) {
	if figure < bar {
		return 0, bar
	}
	enough := math.MaxInt
	if v.thresholds.ScanKnownRatio > 0 {
		enough = int(float64(figure-bar+1)/v.thresholds.ScanKnownRatio) + 1
	}
	bar = v.allow(bar, d.goodOfHost(&v.c.address, enough))
	if figure >= bar && d.isMostlyAcceptedHost(&v.host) {
		return 0, bar
	}
	return figure, bar
}

// isMostlyAcceptedHost tells whether more than half of the pairs of an address that are suspicious have been accepted: they are in doubt, no more.
func (d *judge) isMostlyAcceptedHost(h *host) bool {
	suspicious, accepted := 0, 0
	for ci := h.clients; ci != 0; ci = d.clients.At(ci).neighbour {
		d.eachOfClient(d.clients.At(ci), func(pi uint32) {
			p := d.pairs.At(pi)
			if p.has(isSuspicious) {
				suspicious++
				if p.has(runClosed) && !d.isOwnedElsewhere(p) {
					accepted++
				}
			}
		})
	}
	return 2*accepted > suspicious
}

// distributedClients counts the clients that guess on an extension, where one of them alone did not make the attempts.
func (d *judge) distributedClients(v *view) (figure, bar int) {
	g := &v.extension
	bar = v.allowOwners(v.thresholds.DistributedClients)
	attempts := uint64(v.thresholds.Attempts)
	if int(g.suspicious) < bar || g.rejections < attempts || g.rejections < uint64(g.look) {
		return 0, bar
	}
	strongest := 0
	for pi := v.e.pairs; pi != 0; {
		p := d.pairs.At(pi)
		if p.has(isSuspicious) {
			strongest = max(strongest, p.count())
		}
		pi = p.inExtension.next
	}
	if others := g.rejections - uint64(strongest); others < attempts {
		d.ownGroup(&v.e.group).look = uint32(min(g.rejections+attempts-others, math.MaxUint32))
		return 0, bar
	}
	return int(g.suspicious), bar
}

// weigh looks whether a suspicious pair makes one of its groups cross a threshold, by a rejection at t.
func (d *judge) weigh(pi uint32, p *pair, t int64) {
	if d.isLostInFlood(p) {
		return
	}
	d.viewed = d.viewOf(pi, p)
	v := &d.viewed
	if d.watch != nil {
		d.tellGroups(v)
	}
	for i := range groupings {
		g := &groupings[i]
		figure, bar := g.reached(d, v)
		if figure < bar || d.isTaken(g.by, v) || p.member != 0 && (g.by == byRegistrar || g.by == byPair && (g.slow || d.incidentOf(p).kind == BruteForce)) {
			continue
		}
		d.open(g, v, Crossing{g.key, bar, figure, t})
		return
	}
}

// isTaken tells whether there is an open incident already of what the pairs of a grouping have in common.
func (d *judge) isTaken(by groupedBy, v *view) bool {
	switch by {
	case byClient:
		return v.client.incident != 0
	case byExtension:
		return v.extension.incident != 0
	case byNetwork:
		return v.network.incident != 0
	case byHost:
		return v.host.incident != 0
	case byRegistrar:
		return v.r.attack != 0
	}
	return false
}

// isLostInFlood tells whether no grouping can be reached by a pair: it has few rejections, is the only suspicious or dormant one of its client, its
// extension and its host, and its registrar is under a distributed scan already. Most pairs of a flood are.
func (d *judge) isLostInFlood(p *pair) bool {
	c, e := d.clients.At(p.client), d.extensions.At(p.extension)
	r := &d.registrars[c.registrar]
	if r.attack == 0 || !c.group.isAlone() || !e.group.isAlone() || d.findHost(&c.address)&alone == 0 {
		return false
	}
	_, ipv6 := networkOf(c)
	return !ipv6 && r.thresholds.ScanExtensions > 1 && p.count() < min(r.thresholds.Attempts, r.thresholds.SlowAttempts)
}

func (d *judge) viewOf(pi uint32, p *pair) view {
	v := view{pi: pi, ci: p.client, ei: p.extension, p: p, c: d.clients.At(p.client), e: d.extensions.At(p.extension)}
	v.r = &d.registrars[v.c.registrar]
	v.client, v.extension, v.network = d.groupOf(v.c.group), d.groupOf(v.e.group), d.networkGroup(v.c, false)
	v.host, v.thresholds = d.hostOf(v.c), v.r.thresholds
	return v
}
