package detect_test

import (
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// The reference, chapter Group.

const distributedScan = detect.DistributedScan

// refRow is a row of the table: a group of pairs, and the figures that have to reach thresholds.
type refRow struct {
	kind      detect.Kind
	group     refKey
	slow, few bool
	pairs     []*refPair
	crossed   []detect.Crossing
}

func (row *refRow) reached() bool {
	return !slices.ContainsFunc(row.crossed, func(c detect.Crossing) bool { return c.Value < c.Threshold })
}

// place looks for the incident of an unexplained run.
func (r *reference) place(p *refPair, t int64) {
	if in := r.taker(p); in != nil {
		r.join(in, p)
		return
	}
	p.suspicious, p.dormant = true, false
	r.openFirst(p, t)
	if in := r.opened(distributedScan, p.key.ofRegistrar()); in != nil && p.incident == nil {
		r.join(in, p)
	}
}

// openFirst opens an incident on the first row that is reached.
func (r *reference) openFirst(p *refPair, t int64) {
	for _, row := range r.rows(p) {
		if row.reached() && r.opened(row.kind, row.group) == nil {
			r.openOn(row, t)
			return
		}
	}
}

func (r *reference) rejectionOfKnown(p *refPair, t int64) {
	outage := r.opened(detect.Outage, p.key.ofRegistrar())
	attempts := r.thresholds(p.key.registrar).Attempts
	switch n := p.run.n(); {
	case n >= 3 && outage != nil:
		r.join(outage, p)
	case n >= attempts:
		r.openOn(refRow{kind: detect.BruteForce, group: p.key, pairs: []*refPair{p}, slow: p.run.slow,
			crossed: []detect.Crossing{{Key: "attempts", Threshold: attempts, Value: n}}}, t)
	}
}

func (r *reference) opened(kind detect.Kind, group refKey) *refIncident {
	for _, in := range r.open {
		if in.group == group && (in.kind == kind || kind == detect.Scan && in.kind == detect.Spray) {
			return in
		}
	}
	return nil
}

// taker is the open incident that an unexplained run goes into.
func (r *reference) taker(p *refPair) *refIncident {
	for _, in := range []*refIncident{
		r.opened(detect.HorizontalScan, p.key.everywhere()), r.opened(detect.Scan, p.key.ofClient()),
		r.opened(detect.Scan, p.key.ofNetwork()), r.opened(detect.Distributed, p.key.ofExtension()),
	} {
		if in != nil {
			return in
		}
	}
	return nil
}

// rows are those of the table for a pair.
func (r *reference) rows(p *refPair) []refRow {
	bars := r.thresholds(p.key.registrar)
	raised := func(bar, known int) int { return bar + int(math.Ceil(bars.ScanKnownRatio*float64(known))) }
	group := func(key refKey, dormantToo bool) (pairs []*refPair) {
		for _, q := range r.groups[key] {
			if q.suspicious || dormantToo && q.dormant {
				pairs = append(pairs, q)
			}
		}
		return pairs
	}
	everywhere, client, network, extension, registrar :=
		p.key.everywhere(), p.key.ofClient(), p.key.ofNetwork(), p.key.ofExtension(), p.key.ofRegistrar()
	a, b := len(r.knownGoodOf(client)), r.newcomers(p)
	roaming := func(bar int) int { return bar + int(bars.ScanKnownRatio*float64(len(r.knownGoodOf(extension)))) }

	var rows []refRow
	row := func(kind detect.Kind, of refKey, slow bool, key string, bar int, figure func(pairs []*refPair) int) *refRow {
		pairs := group(of, slow)
		rows = append(rows, refRow{kind: kind, group: of, slow: slow, pairs: pairs,
			crossed: []detect.Crossing{{Key: key, Threshold: bar, Value: figure(pairs)}}})
		return &rows[len(rows)-1]
	}
	also := func(row *refRow, bar, figure int) {
		row.crossed = append(row.crossed, detect.Crossing{Threshold: bar, Value: figure})
	}

	residents := len(r.knownGoodOf(everywhere))
	mostlyAccepted := func(row *refRow) {
		suspicious, accepted := 0, 0
		for _, q := range row.pairs {
			if q.suspicious {
				suspicious++
				if !q.run.open && !r.isOwnedElsewhere(q) {
					accepted++
				}
			}
		}
		also(row, 2*accepted, suspicious)
	}
	mostlyAccepted(row(detect.HorizontalScan, everywhere, false, "horizontal_registrars", raised(bars.HorizontalRegistrars, residents), registrarsOf))
	mostlyAccepted(row(detect.HorizontalScan, everywhere, true, "horizontal_registrars", raised(2*bars.HorizontalRegistrars, residents), registrarsOf))
	row(detect.Scan, client, false, "scan_extensions", raised(bars.ScanExtensions, a), count)
	few := row(detect.Scan, client, false, "scan_attempts", raised(bars.ScanAttempts, a), attemptsOf)
	few.few = true
	also(few, 2, len(few.pairs))
	if p.key.client.Is6() {
		row(detect.Scan, network, false, "scan_extensions", raised(bars.ScanExtensions, b), clientsOf)
	}
	distributed := row(detect.Distributed, extension, false, "distributed_clients", roaming(bars.DistributedClients), clientsOf)
	also(distributed, bars.Attempts, attemptsOf(distributed.pairs)-strongestOf(distributed.pairs))
	if p.incident == nil {
		row(detect.DistributedScan, registrar, false, "distributed_scan_size", raised(bars.DistributedScanSize, b),
			spreadOf)
	}
	halfDormant := func(slow *refRow) {
		dormant := 0
		for _, q := range slow.pairs {
			if q.dormant {
				dormant++
			}
		}
		also(slow, len(slow.pairs), 2*dormant)
	}
	halfDormant(row(detect.Scan, client, true, "slow_extensions", raised(bars.SlowExtensions, a), count))
	halfDormant(row(detect.Distributed, extension, true, "slow_clients", roaming(bars.SlowClients), clientsOf))
	key, bar := "attempts", bars.Attempts
	if p.run.slow {
		key, bar = "slow_attempts", bars.SlowAttempts
	}
	if p.run.slow && p.incident != nil {
		return rows
	}
	rows = append(rows, refRow{kind: detect.BruteForce, group: p.key, slow: p.run.slow, pairs: []*refPair{p},
		crossed: []detect.Crossing{{Key: key, Threshold: bar, Value: p.run.n()}}})
	return rows
}

func count(pairs []*refPair) int { return len(pairs) }
func spreadOf(pairs []*refPair) int {
	return min(max(clientsOf(pairs), len(pairs)-clientsOf(pairs)), extensionsOf(pairs))
}
func registrarsOf(pairs []*refPair) int {
	return distinct(pairs, func(p *refPair) netip.Addr { return p.key.registrar })
}
func clientsOf(pairs []*refPair) int {
	return distinct(pairs, func(p *refPair) netip.Addr { return p.key.client })
}
func extensionsOf(pairs []*refPair) int {
	return distinct(pairs, func(p *refPair) string { return p.key.extension })
}

func distinct[T comparable](pairs []*refPair, of func(p *refPair) T) int {
	all := map[T]bool{}
	for _, p := range pairs {
		all[of(p)] = true
	}
	return len(all)
}

func attemptsOf(pairs []*refPair) (n int) {
	for _, p := range pairs {
		n += p.run.n()
	}
	return n
}

func strongestOf(pairs []*refPair) (n int) {
	for _, p := range pairs {
		n = max(n, p.run.n())
	}
	return n
}

// newcomers are the pairs that became known good at the registrar of a pair in the last 30 to 40 minutes.
func (r *reference) newcomers(p *refPair) (n int) {
	ten := ms(10 * time.Minute)
	for _, at := range r.registrarOf(p).newcomers {
		if r.clock/ten-at/ten <= 3 {
			n++
		}
	}
	return n
}

// openOn opens the incident of a row, whose threshold a rejection at t has crossed.
func (r *reference) openOn(row refRow, t int64) {
	in := newIncident(row, t, r.clock)
	r.open = append(r.open, in)
	var taken []*refPair // of no other incident
	for _, p := range row.pairs {
		if p.incident != nil && p.incident.kind == distributedScan && row.kind != distributedScan {
			r.leave(p)
		}
		if p.incident == nil {
			taken = append(taken, p)
			in.first = min(in.first, p.run.first)
		}
	}
	others := slices.DeleteFunc(slices.Clone(r.open), func(other *refIncident) bool { return !r.takesIn(in, other) })
	for _, other := range others {
		in.first = min(in.first, other.first)
	}
	if in.isOfClient() {
		in.homes = r.homes(in)
	}
	for _, p := range taken {
		r.enter(in, p)
	}
	for _, other := range others {
		r.merge(other, in)
	}
	r.noteSpray(in)
	r.report(in, detect.Open, detect.NotEnded)
	r.concludeEarlier(in, taken)
}

// homes are the extensions of a scan's client that are known good for longer than the scan goes on.
func (r *reference) homes(in *refIncident) (n int) {
	for _, p := range r.knownGoodOf(in.group) {
		if p.before || p.accepted < in.first {
			n++
		}
	}
	return n
}

// takesIn says whether an incident that opens takes another one in.
func (r *reference) takesIn(in, other *refIncident) bool {
	if other.kind == detect.BruteForce {
		p := r.pairs[other.group]
		if !slices.Contains(p.groups(), in.group) {
			return false
		}
		switch in.kind {
		case detect.Scan, detect.Spray, detect.Distributed:
			return p.suspicious || !in.group.network.IsValid()
		case detect.HorizontalScan:
			return p.suspicious
		case detect.Outage:
			return other.knownClient && r.isFailing(p)
		}
	}
	return in.kind == detect.HorizontalScan && other.isOfClient() && other.group.client == in.group.client
}

// ---- Outages

// isFailing says whether a pair speaks for an outage of its registrar.
func (r *reference) isFailing(p *refPair) bool {
	return p.run != nil && p.run.open && p.run.known && p.run.n() >= 3 && r.alive(p.run) && r.clock-p.run.last <= ms(10*time.Minute)
}

func (r *reference) judgeOutages() {
	for registrar, reg := range r.registrars {
		group := refKey{registrar: registrar}
		bars, outage := r.thresholds(registrar), r.opened(detect.Outage, group)
		var failing, free []*refPair // pairs; those in no incident
		known := 0                   // those in brute forces of known clients
		for _, p := range r.groups[group] {
			if r.isFailing(p) {
				failing = append(failing, p)
				if p.incident == nil {
					free = append(free, p)
				} else if p.incident.knownClient {
					known++
				}
			}
		}
		n := len(failing)
		bar := max(bars.OutageClients, int(math.Ceil(bars.OutageRatio*float64(len(r.knownGoodOf(group))))))
		switch {
		case outage == nil && n >= bar && clientsOf(failing) >= 3 && len(free)+known > 0:
			r.openOn(refRow{kind: detect.Outage, group: group, pairs: free,
				crossed: []detect.Crossing{{Key: "outage_clients", Threshold: bar, Value: n}}}, r.clock)
		case outage == nil || 2*n >= bar:
			reg.wellSince = 0
		case reg.wellSince == 0:
			reg.wellSince = r.clock
		case r.clock-reg.wellSince >= ms(5*time.Minute):
			reg.wellSince = 0
			r.end(outage, detect.End, detect.EndRecovered)
		}
	}
}
