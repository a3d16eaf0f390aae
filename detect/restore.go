package detect

import (
	"bufio"
	"io"
	"math"
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// maxRecords bounds what a snapshot may promise.
const maxRecords = math.MaxInt32

// Restore takes over what Snapshot wrote, all that r gives, in place of all that the detector knows. The configuration
// stays its own. On an error, which bytes that Snapshot did not write give, the detector knows nothing.
func (d *Detector) Restore(r io.Reader) error { return snapshot{d}.read(r) }

func (d snapshot) read(r io.Reader) error {
	d.reset()
	d.stats = Stats{}
	in := &decoder{r: bufio.NewReaderSize(r, 1<<16)}
	if magic := in.text(len(snapshotMagic)); in.err == nil && magic != snapshotMagic {
		in.fail("begins with %q", magic)
	}
	if version := in.uint(math.MaxUint64); in.err == nil && version != snapshotVersion {
		in.fail("version %d is not known, only %d", version, snapshotVersion)
	}
	d.decodeClock(in)
	d.agents.decode(in)
	d.dedup.decode(in)
	d.graces.decode(in)
	d.sisters.decode(in)
	var codes []int
	in.list(maxCodes, func(int) { codes = append(codes, int(in.uint(999))) })
	d.registrars = d.registrars[:0]
	in.list(maxRecords, func(i int) { d.decodeRegistrar(in, uint32(i)) })
	decodeSlab(in, &d.clients, d.decodeClient)
	decodeSlab(in, &d.extensions, d.decodeExtension)
	decodeSlab(in, &d.pairs, d.decodePair)
	decodeSlab(in, &d.members, d.decodeMember)
	d.campaigns.decode(in)
	d.incidents = d.incidents[:0]
	in.list(maxRecords, func(i int) { d.decodeIncident(in, uint32(i)) })
	d.decodeWaiting(in)
	in.end()
	d.reconnect(in)
	if in.err != nil {
		d.reset()
		d.stats = Stats{}
		return in.err
	}
	d.remapCodes(codes)
	if d.accepted > 0 {
		d.startTimers()
	}
	return nil
}

func (d snapshot) decodeClock(in *decoder) {
	for _, t := range []*int64{&d.now, &d.newest, &d.future, &d.wall, &d.arrived} {
		*t = in.time()
	}
	d.accepted, d.streak = int(in.int()), int(in.int())
	s := &d.stats
	for _, n := range []*uint64{&s.Rejections, &s.Acceptances, &s.Late, &s.TimeRejected, &s.Allowed, &s.Duplicates, &s.Evicted, &s.EndedEarly} {
		*n = in.uint(math.MaxUint64)
	}
}

func (d snapshot) decodeRegistrar(in *decoder, n uint32) {
	var r registrar
	if in.used() {
		r.address = in.address()
		r.port = uint16(in.uint(math.MaxUint16))
		r.echo = echo{uint16(in.uint(math.MaxUint16)), uint16(in.uint(math.MaxUint16))}
		r.recent.part = in.int()
		for i := range r.recent.counts {
			r.recent.counts[i] = uint32(in.uint(math.MaxUint32))
		}
		r.recovered = in.int()
		in.list(maxRecords, func(int) { r.failing = append(r.failing, uint32(in.uint(math.MaxUint32))) })
		in.list(maxSisters, func(int) { r.sisters = append(r.sisters, uint32(in.uint(math.MaxUint32))) })
		r.thresholds = d.rules.thresholds(netip.AddrFrom16(r.address))
		if _, twice := d.registrarByAddress[r.address]; twice || n == 0 {
			in.fail("registrar %d", n)
		}
		d.registrarByAddress[r.address] = n
	} else if n > 0 {
		d.freeRegistrars = append(d.freeRegistrars, n)
	}
	d.registrars = append(d.registrars, r)
}

// decodeSlab reads records to their places, and frees the places between.
func decodeSlab[T any, P store.Record[T]](in *decoder, s *store.Slab[T, P], decode func(in *decoder, i uint32, r *T)) {
	var free []uint32
	in.list(maxRecords, func(int) {
		i, r := s.Allocate()
		if in.used() {
			decode(in, i, r)
		} else {
			free = append(free, i)
		}
	})
	for _, i := range slices.Backward(free) {
		s.Release(i)
	}
}

// registrar reads the number of a registrar that is in use.
func (d snapshot) registrar(in *decoder) uint32 {
	n := uint32(in.uint(math.MaxUint32))
	if int(n) >= len(d.registrars) || d.registrarByAddress[d.registrars[n].address] != n || n == 0 {
		in.fail("registrar %d is not there", n)
		return 0
	}
	return n
}

func (d snapshot) decodeClient(in *decoder, _ uint32, c *client) {
	c.registrar = d.registrar(in)
	c.address = in.address()
	c.port = uint16(in.uint(math.MaxUint16))
	c.transport = Transport(in.uint(uint64(SCTP)))
	c.flags = entityFlags(in.uint(uint64(isTool))) & isTool
}

func (d snapshot) decodeExtension(in *decoder, _ uint32, x *extension) {
	x.registrar = d.registrar(in)
	name := in.text(maxName)
	d.keepName(x, name)
}

func (d snapshot) decodePair(in *decoder, _ uint32, p *pair) {
	for _, n := range []*uint32{&p.client, &p.extension, &p.inClient.next, &p.inExtension.next, &p.first, &p.last, &p.accepted, &p.member} {
		*n = uint32(in.uint(math.MaxUint32))
	}
	p.flags = pairFlags(in.uint(math.MaxUint32)) &^ (isAged | isResting)
	for i := range p.codes {
		p.codes[i] = uint16(in.uint(math.MaxUint16))
	}
}

func (d snapshot) decodeMember(in *decoder, _ uint32, m *member) {
	m.incident = uint32(in.uint(math.MaxUint32))
	m.pair = uint32(in.uint(math.MaxUint32))
	m.accepted, m.entered, m.guessed = in.used(), in.used(), in.used()
	m.attempts = in.uint(math.MaxInt64)
	m.touched = in.time()
}

func (d snapshot) decodeIncident(in *decoder, n uint32) {
	if !in.used() {
		if n > 0 {
			d.freeIncidents = append(d.freeIncidents, n)
		}
		d.incidents = append(d.incidents, nil)
		return
	}
	inc := &incident{number: n, id: in.text(maxText), kind: Kind(in.uint(uint64(Outage))), by: groupedBy(in.uint(uint64(byRegistrar)))}
	for _, b := range []*bool{&inc.slow, &inc.few, &inc.fast, &inc.known} {
		*b = in.used()
	}
	inc.registrar = d.registrar(in)
	inc.client, inc.extension = uint32(in.uint(math.MaxUint32)), uint32(in.uint(math.MaxUint32))
	inc.crossed = Crossing{in.text(maxText), int(in.int()), int(in.int()), in.int()}
	for _, t := range []*int64{&inc.opened, &inc.first, &inc.last, &inc.active, &inc.reportedAt} {
		*t = in.time()
	}
	inc.pace = pace{in.int(), uint32(in.int()), uint32(in.int())}
	inc.homes, inc.shared = int(in.int()), int(in.int())
	inc.acceptedLogins, inc.severity, inc.confidence = int(in.int()), int(in.int()), Confidence(in.int())
	inc.told = inc.confidence // each success is reported at once
	inc.attempts, inc.reported = uint64(in.int()), uint64(in.int())
	inc.successesN, inc.sequence = int(in.int()), int(in.int())
	if in.used() {
		if inc.campaign = d.campaigns.at(in); inc.campaign != nil {
			inc.campaign.whole().open++
		}
	}
	for i := range inc.codes {
		inc.codes[i] = in.uint(math.MaxInt64)
	}
	if in.used() {
		inc.strangers = in.sketch()
	}
	in.list(MaxSuccesses, func(int) {
		inc.successes = append(inc.successes, Succeeded{
			Extension: in.text(maxName), Client: netip.AddrFrom16(in.address()).Unmap(), Time: in.time(), Attempts: int(in.int()),
			Registrar: netip.AddrFrom16(in.address()).Unmap(), Confidence: Confidence(in.uint(uint64(Confirmed))),
		})
	})
	in.list(MaxUserAgents, func(int) { inc.agents = append(inc.agents, in.text(maxText)) })
	in.list(MaxProbes, func(int) { inc.probes = append(inc.probes, in.text(maxText)) })
	d.incidents = append(d.incidents, inc)
	d.openIncidents++
}

func (d snapshot) decodeWaiting(in *decoder) {
	in.list(maxRecords, func(int) {
		inc := d.incidentAt(uint32(in.uint(math.MaxUint32)))
		if inc == nil {
			in.fail("an incident that is not there")
			return
		}
		inc.isGrowing = true
		d.growing = append(d.growing, inc)
	})
	in.list(maxRecords, func(int) {
		if n := d.registrar(in); n != 0 {
			d.ailing = append(d.ailing, n)
		}
	})
}

func (d snapshot) incidentAt(n uint32) *incident {
	if int(n) >= len(d.incidents) {
		return nil
	}
	return d.incidents[n]
}

// remapCodes puts the counters by status into the order of the configuration. What is no rejection any more is not
// counted any more.
func (d *Detector) remapCodes(before []int) {
	if slices.Equal(before, d.cfg.FailureCodes) {
		return
	}
	place := func(code int) int {
		if code >= len(before) {
			return -1
		}
		return slices.Index(d.cfg.FailureCodes, before[code])
	}
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		codes, count := p.codes, p.count()
		p.codes = [maxCodes]uint16{}
		for code, n := range codes {
			if to := place(code); to >= 0 {
				p.codes[to] = n
			}
		}
		if p.has(isSuspicious) {
			d.addSuspicion(p, uint64(p.count()-count))
		}
	}
	for _, inc := range d.incidents {
		if inc == nil {
			continue
		}
		codes := inc.codes
		inc.codes, inc.attempts = [maxCodes]uint64{}, 0
		for code, n := range codes {
			if to := place(code); to >= 0 {
				inc.codes[to] = n
				inc.attempts += n
			}
		}
	}
}
