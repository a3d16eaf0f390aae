package detect

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// report writes an alert: a has the state and what belongs to it.
func (d *Detector) report(inc *incident, a Alert) {
	if inc.unreported && a.State != Success {
		d.report(inc, Alert{State: Success})
	}
	inc.unreported = false
	inc.reported, inc.reportedAt = inc.attempts, d.now
	if d.cfg.ReportEnd && a.State != End {
		return
	}
	inc.sequence++
	d.describe(inc, &a)
	d.alerts = append(d.alerts, a)
}

// noteGrowth sees to it that an incident which has doubled is reported at a check.
func (d *Detector) noteGrowth(inc *incident) {
	if inc.sequence > 0 && inc.attempts >= 2*inc.reported {
		d.watchGrowth(inc)
	}
}

func (d *Detector) watchGrowth(inc *incident) {
	if !inc.isGrowing {
		inc.isGrowing = true
		d.growing = append(d.growing, inc)
	}
}

// reportUpdates reports the incidents that have doubled or have further successes, unless their last report is too fresh.
func (d *Detector) reportUpdates() {
	waiting := d.growing[:0]
	for _, inc := range d.growing {
		switch {
		case inc.number == 0 || inc.attempts < 2*inc.reported && !inc.unreported:
			inc.isGrowing = false
		case d.now-inc.reportedAt < d.updateInterval:
			waiting = append(waiting, inc)
		default:
			inc.isGrowing = false
			if inc.unreported {
				d.report(inc, Alert{State: Success})
			} else {
				d.report(inc, Alert{State: Update})
			}
		}
	}
	clear(d.growing[len(waiting):])
	d.growing = waiting
}

// describe copies into an alert all that is known of an incident.
func (d *Detector) describe(inc *incident, a *Alert) {
	r := &d.registrars[inc.registrar]
	a.Sequence, a.Time = inc.sequence, d.now
	a.ID, a.Kind = inc.id, inc.kind
	a.Registrar = Endpoint{netip.AddrFrom16(r.address).Unmap(), r.port}
	a.First, a.Last, a.Attempts = inc.first, inc.last, int(inc.attempts)
	for code, n := range inc.codes {
		if n > 0 {
			a.Rejections = append(a.Rejections, StatusCount{uint16(d.cfg.FailureCodes[code]), int(n)})
		}
	}
	slices.SortFunc(a.Rejections, func(x, y StatusCount) int { return cmp.Compare(x.Status, y.Status) })
	a.Successes, a.SuccessesN = slices.Clone(inc.successes), inc.successesN
	a.KnownClient = inc.known
	a.UserAgents, a.Probes = slices.Sorted(slices.Values(inc.agents)), slices.Sorted(slices.Values(inc.probes))
	a.Thresholds, a.Crossed = r.thresholds, inc.crossed
	d.describeMembers(inc, a)
}

// describeMembers fills in who attacks what.
func (d *Detector) describeMembers(inc *incident, a *Alert) {
	several := Members{Count: inc.size}
	if inc.strangers != nil {
		several.Count, several.Estimated = max(inc.size, int(inc.strangers.Estimate())), true
	}
	limit := MaxTopExtensions
	if inc.client == 0 {
		limit = MaxTopClients
	}
	var client uint32
	var buf [maxName]byte
	for mi := inc.members; mi != 0; {
		m := d.members.at(mi)
		p := d.pairs.at(m.pair)
		one := Member{Attempts: int(m.attempts)}
		if inc.client == 0 {
			one.Client = d.clientAddr(p.client)
		} else {
			one.Extension = d.nameOf(d.extensions.at(p.extension), &buf)
		}
		if several.Top = addTop(several.Top, one, limit); several.Top[0] == one {
			client = p.client
		}
		mi = m.next
	}
	alone := Members{Count: 1, Top: []Member{{Attempts: a.Attempts}}}
	if inc.client == 0 {
		alone.Top[0].Extension = d.nameCopy(inc.extension)
		a.Clients, a.Extensions = several, alone
	} else {
		client = inc.client
		alone.Top[0].Client = d.clientAddr(client)
		a.Clients, a.Extensions = alone, several
	}
	c := d.clients.at(client)
	a.Client, a.Transport = Endpoint{d.clientAddr(client), c.port}, c.transport
	a.Extension = a.Extensions.Top[0].Extension
}

// addTop puts a member into a list of the strongest. Its name is borrowed, and copied into the list.
func addTop(top []Member, m Member, limit int) []Member {
	at, _ := slices.BinarySearchFunc(top, m, func(x, y Member) int {
		return cmp.Or(cmp.Compare(y.Attempts, x.Attempts), x.Client.Compare(y.Client), cmp.Compare(x.Extension, y.Extension))
	})
	if at == limit {
		return top
	}
	m.Extension = strings.Clone(m.Extension)
	top = slices.Insert(top, at, m)
	return top[:min(len(top), limit)]
}

func (d *Detector) clientAddr(ci uint32) netip.Addr {
	return netip.AddrFrom16(d.clients.at(ci).address).Unmap()
}

func (d *Detector) nameCopy(ei uint32) string {
	var buf [maxName]byte
	return strings.Clone(d.nameOf(d.extensions.at(ei), &buf))
}
