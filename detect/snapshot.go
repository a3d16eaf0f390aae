package detect

import (
	"io"
	"slices"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// A snapshot is all that a detector knows, but for its configuration and the alerts that were not taken yet:
//
//	magic, version
//	clock: W and what is known of records and wall clock, totals: Stats, User-Agents
//	failure codes that the counters below are in the order of
//	what probes have seen, the lateness of acceptances, sister registrars
//	registrars, clients, extensions, pairs, members, campaigns, incidents: how many places, then for each place 0
//	(free) or 1 and the record, so that references between them are the numbers that they are in memory
//	clients of campaigns, incidents that have doubled, registrars that reject some who are known good
//
// Numbers are varints, texts and addresses are bytes with their length before them. What follows from the rest, the
// indices, groups and timers, is not in it.
const (
	snapshotMagic   = "siphunt detector"
	snapshotVersion = 2
)

// Snapshot writes all that the detector knows. Alerts that were not taken are not in it.
func (d *Detector) Snapshot(w io.Writer) error { return snapshot{d}.write(w) }

// snapshot is a detector as it is written and read.
type snapshot struct{ *Detector }

func (d snapshot) write(w io.Writer) error {
	e := newEncoder(w)
	e.text(snapshotMagic)
	e.uint(snapshotVersion)
	d.encodeClock(e)
	d.agents.encode(e)
	d.dedup.encode(e)
	d.graces.encode(e)
	d.sisters.encode(e)
	e.list(len(d.cfg.FailureCodes), func(i int) { e.uint(uint64(d.cfg.FailureCodes[i])) })
	e.list(len(d.registrars), func(i int) { d.encodeRegistrar(e, &d.registrars[i]) })
	encodeSlab(e, &d.clients, func(c *client) bool { return c.registrar != 0 }, d.encodeClient)
	encodeSlab(e, &d.extensions, func(x *extension) bool { return x.registrar != 0 }, d.encodeExtension)
	encodeSlab(e, &d.pairs, func(p *pair) bool { return p.client != 0 }, d.encodePair)
	encodeSlab(e, &d.members, func(m *member) bool { return m.pair != 0 }, d.encodeMember)
	d.campaigns.encode(e)
	e.list(len(d.incidents), func(i int) { d.encodeIncident(e, d.incidents[i]) })
	open := slices.DeleteFunc(slices.Clone(d.growing), func(inc *incident) bool { return inc.number == 0 })
	e.list(len(open), func(i int) { e.uint(uint64(open[i].number)) })
	e.list(len(d.ailing), func(i int) { e.uint(uint64(d.ailing[i])) })
	e.spill(0)
	return e.err
}

func (d snapshot) encodeClock(e *encoder) {
	for _, t := range []int64{d.now, d.newest, d.future, d.wall, d.arrived, int64(d.accepted), int64(d.streak)} {
		e.int(t)
	}
	s := &d.stats
	for _, n := range []*uint64{&s.Rejections, &s.Acceptances, &s.Late, &s.TimeRejected, &s.Allowed, &s.Duplicates, &s.Evicted, &s.EndedEarly} {
		e.uint(*n)
	}
}

func (d snapshot) encodeRegistrar(e *encoder, r *registrar) {
	if e.used(r.users > 0) {
		e.bytes(r.address[:])
		e.uint(uint64(r.port))
		e.uint(uint64(r.echo.acceptances))
		e.uint(uint64(r.echo.repeats))
		e.int(r.recent.part)
		for _, n := range r.recent.counts {
			e.uint(uint64(n))
		}
		e.int(r.recovered)
		e.list(len(r.failing), func(i int) { e.uint(uint64(r.failing[i])) })
		e.list(len(r.sisters), func(i int) { e.uint(uint64(r.sisters[i])) })
	}
}

// encodeSlab writes the records of a slab by their places.
func encodeSlab[T any, P store.Record[T]](e *encoder, s *store.Slab[T, P], used func(*T) bool, encode func(*encoder, *T)) {
	e.list(int(s.Top), func(i int) {
		if r := s.At(uint32(i) + 1); e.used(used(r)) {
			encode(e, r)
		}
	})
}

func (d snapshot) encodeClient(e *encoder, c *client) {
	e.uint(uint64(c.registrar))
	e.bytes(c.address[:])
	e.uint(uint64(c.port))
	e.uint(uint64(c.transport))
	e.uint(uint64(c.flags & isTool))
}

func (d snapshot) encodeExtension(e *encoder, x *extension) {
	e.uint(uint64(x.registrar))
	var buf [maxName]byte
	e.text(d.nameOf(x, &buf))
}

func (d snapshot) encodePair(e *encoder, p *pair) {
	for _, n := range []uint32{p.client, p.extension, p.inClient.next, p.inExtension.next, p.first, p.last, p.accepted, p.member, uint32(p.flags &^ (isAged | isResting))} {
		e.uint(uint64(n))
	}
	for _, n := range p.codes {
		e.uint(uint64(n))
	}
}

func (d snapshot) encodeMember(e *encoder, m *member) {
	e.uint(uint64(m.incident))
	e.uint(uint64(m.pair))
	e.used(m.accepted)
	e.used(m.entered)
	e.used(m.guessed)
	e.uint(m.attempts)
	e.int(m.touched)
}

func (d snapshot) encodeIncident(e *encoder, inc *incident) {
	if !e.used(inc != nil) {
		return
	}
	e.text(inc.id)
	e.uint(uint64(inc.kind))
	e.uint(uint64(inc.by))
	for _, b := range []bool{inc.slow, inc.few, inc.fast, inc.known} {
		e.used(b)
	}
	for _, n := range []uint32{inc.registrar, inc.client, inc.extension} {
		e.uint(uint64(n))
	}
	e.text(inc.crossed.Key)
	for _, n := range []int64{
		int64(inc.crossed.Threshold), int64(inc.crossed.Value), inc.crossed.Time,
		inc.opened, inc.first, inc.last, inc.active, inc.reportedAt, inc.pace.minute,
		int64(inc.pace.count), int64(inc.pace.peak), int64(inc.homes), int64(inc.shared), int64(inc.acceptedLogins), int64(inc.severity), int64(inc.confidence),
		int64(inc.attempts), int64(inc.reported), int64(inc.successesN), int64(inc.sequence),
	} {
		e.int(n)
	}
	if e.used(inc.campaign != nil) {
		e.uint(uint64(inc.campaign.whole().number))
	}
	for _, n := range inc.codes {
		e.uint(n)
	}
	if e.used(inc.strangers != nil) {
		e.sketch(inc.strangers)
	}
	e.list(len(inc.successes), func(i int) {
		s := &inc.successes[i]
		e.text(s.Extension)
		client := s.Client.As16()
		e.bytes(client[:])
		e.int(s.Time)
		e.int(int64(s.Attempts))
		registrar := s.Registrar.As16()
		e.bytes(registrar[:])
		e.uint(uint64(s.Confidence))
	})
	e.list(len(inc.agents), func(i int) { e.text(inc.agents[i]) })
	e.list(len(inc.probes), func(i int) { e.text(inc.probes[i]) })
}
