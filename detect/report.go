package detect

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// report writes an alert: a has the state and what belongs to it.
func (d *reports) report(inc *incident, a Alert) {
	a.Severity = d.severity(inc)
	inc.reported, inc.reportedAt, inc.severity = inc.attempts, d.now, max(inc.severity, a.Severity)
	a.Surer, inc.told = inc.confidence > inc.told, inc.confidence
	if d.cfg.ReportEnd && a.State != End {
		return
	}
	inc.sequence++
	d.describe(inc, &a)
	d.alerts = append(d.alerts, a)
	if inc.campaign != nil {
		c := inc.campaign.whole()
		c.severity = max(c.severity, inc.severity)
	}
}

// noteGrowth sees to it that an incident is reported at a check that has doubled, or become more severe than it ever was.
func (d *reports) noteGrowth(inc *incident) {
	if inc.severity > 0 && !inc.isGrowing && (inc.attempts >= 2*inc.reported || d.severity(inc) > inc.severity) {
		inc.isGrowing = true
		d.growing = append(d.growing, inc)
	}
}

// reportUpdates reports the incidents that have become more severe, at once, and those that have doubled, unless their
// last report is too fresh.
func (d *reports) reportUpdates() {
	waiting := d.growing[:0]
	for _, inc := range d.growing {
		switch {
		case inc.number == 0:
			inc.isGrowing = false
		case d.severity(inc) > inc.severity:
			inc.isGrowing = false
			inc.crossed.grow(inc)
			d.report(inc, Alert{State: Open, Changed: true})
		case inc.attempts < 2*inc.reported:
			inc.isGrowing = false
		case d.now-inc.reportedAt < d.updateInterval:
			waiting = append(waiting, inc)
		default:
			inc.isGrowing = false
			d.report(inc, Alert{State: Update})
		}
	}
	clear(d.growing[len(waiting):])
	d.growing = waiting
}

// grow takes the attempts of an incident that has become more severe for the figure that crossed the threshold, if that counts attempts.
func (c *Crossing) grow(inc *incident) {
	switch c.Key {
	case "attempts", "fast_attempts", "slow_attempts", "scan_attempts":
		if n := int(inc.attempts); n > c.Value {
			c.Value, c.Time = n, inc.last
		}
	}
}

// describe copies into an alert all that is known of an incident.
func (d *reports) describe(inc *incident, a *Alert) {
	a.Sequence, a.Time = inc.sequence, d.now
	a.ID, a.Kind = inc.id, inc.kind
	a.First, a.Last, a.Attempts = inc.first, inc.last, int(inc.attempts)
	for code, n := range inc.codes {
		if n > 0 {
			a.Rejections = append(a.Rejections, StatusCount{uint16(d.cfg.FailureCodes[code]), int(n)})
		}
	}
	slices.SortFunc(a.Rejections, func(x, y StatusCount) int { return cmp.Compare(x.Status, y.Status) })
	a.Successes, a.SuccessesN, a.Confidence = slices.Clone(inc.successes), inc.successesN, inc.confidence
	a.KnownClient, a.PhoneLike, a.Slow = inc.known, d.isPhoneLike(inc), inc.isSlow()
	a.UserAgents, a.Probes = slices.Sorted(slices.Values(inc.agents)), slices.Sorted(slices.Values(inc.probes))
	for _, agent := range a.UserAgents {
		a.Tools = addNew(a.Tools, toolOf(agent), MaxUserAgents)
	}
	slices.Sort(a.Tools)
	a.Crossed, a.Campaign = inc.crossed, inc.campaign.describe()
	d.describeMembers(inc, a)
	a.Thresholds = *d.registrars[inc.registrar].thresholds
}

// describeMembers fills in who attacks what.
func (d *reports) describeMembers(inc *incident, a *Alert) {
	t := d.tally(inc)
	var buf [maxName]byte
	a.Clients = members(t.clients, MaxTopClients, func(n uint32, m *Member) { m.Client = d.clientAddr(n) })
	a.Extensions = members(t.extensions, MaxTopExtensions, func(n uint32, m *Member) { m.Extension = d.nameOf(d.extensions.At(n), &buf) })
	a.Registrars = members(t.registrars, MaxTopClients, func(n uint32, m *Member) { m.Client = d.registrarAddr(n) })
	if inc.strangers != nil {
		several := &a.Extensions
		if inc.by == byExtension {
			several = &a.Clients
		}
		several.Count, several.Estimated = max(several.Count, int(inc.strangers.Estimate())), true
	}
	strongest := t.strongestClient
	if inc.client != 0 && inc.by != byNetwork {
		strongest = inc.client
	}
	r := &d.registrars[inc.registrar]
	if strongest != 0 && (inc.attempts > 0 || strongest == inc.client) { // else other incidents have taken all members, or will
		c := d.clients.At(strongest)
		r = &d.registrars[c.registrar]
		a.Client, a.Transport = Endpoint{d.clientAddr(strongest), c.port}, c.transport
		a.Forgeable = c.transport == UDP && !t.hasLogin
	}
	a.Registrar = Endpoint{netip.AddrFrom16(r.address).Unmap(), r.port}
	if len(a.Extensions.Top) > 0 {
		a.Extension = a.Extensions.Top[0].Extension
	}
}

func (d *directory) clientAddr(ci uint32) netip.Addr {
	return netip.AddrFrom16(d.clients.At(ci).address).Unmap()
}

func (d *directory) registrarAddr(n uint32) netip.Addr {
	return netip.AddrFrom16(d.registrars[n].address).Unmap()
}

func (d *directory) nameCopy(ei uint32) string {
	var buf [maxName]byte
	return strings.Clone(d.nameOf(d.extensions.At(ei), &buf))
}
