package detect_test

import (
	"net/netip"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// A brawl: a handful of registrars, clients and extensions under low bars and short times, where everything collides
// with everything. What takes a year to happen in a town happens here in a minute.
type brawl struct {
	*traffic
	cfg        detect.Config
	registrars []netip.Addr
	clients    []netip.Addr
	extensions []string
	grain      int64 // all times are multiples of it, so that they hit the very edges
}

func newBrawl(seed uint64) *brawl {
	tr := newTraffic(seed)
	b := &brawl{traffic: tr, cfg: brawlConfig(tr), grain: pick[int64](tr, 1, 100, 500, 1000)}
	for i := range 1 + tr.IntN(4) {
		b.registrars = append(b.registrars, addr4(10, i+1))
	}
	// Clients in the order of the list, which the detector's bounded memories tell apart. Those of IPv6 share networks.
	clients := []netip.Addr{addr4(172, 513), netip.MustParseAddr("2001:db8:0:2::1"), addr4(172, 514), netip.MustParseAddr("2001:db8:0:2::2"),
		netip.AddrFrom16(addr4(172, 513).As16()), netip.MustParseAddr("2001:db8:0:21::"), netip.MustParseAddr("2001:db8:0:22::")}
	for i := range 7 {
		clients = append(clients, addr4(172, 518+i))
	}
	long := strings.Repeat("x", 60)
	extensions := []string{"a", "b", long + "1@pbx.example.net", "c", long + "2@pbx.example.net", "d", "e", "f", "g", "h"}
	b.clients = clients[:2+tr.IntN(len(clients)-1)]
	b.extensions = extensions[:1+tr.IntN(len(extensions))]
	return b
}

func brawlConfig(tr *traffic) detect.Config {
	seconds := func(from, to int) time.Duration { return time.Duration(from+tr.IntN(to-from+1)) * time.Second }
	bars := func() detect.Thresholds {
		return detect.Thresholds{
			Attempts: 1 + tr.IntN(7), ScanExtensions: 1 + tr.IntN(5), ScanKnownRatio: pick(tr, 0, 0.1, 0.25, 0.5, 1),
			DistributedClients: 2 + tr.IntN(3), SprayAttempts: 1 + tr.IntN(4), SuccessAfter: 1 + tr.IntN(4),
			LoginChallenges: 1 + tr.IntN(8), FastAttempts: 2 + tr.IntN(6), ScanAttempts: 2 + tr.IntN(30), HorizontalRegistrars: 2 + tr.IntN(3),
			DistributedScanSize: 2 + tr.IntN(5), SlowExtensions: 2 + tr.IntN(8), SlowClients: 2 + tr.IntN(6), SlowAttempts: 1 + tr.IntN(12),
			OutageClients: 2 + tr.IntN(5), OutageRatio: pick(tr, 0, 0.2, 0.5, 1),
		}
	}
	cfg := detect.DefaultConfig()
	cfg.Thresholds = bars()
	cfg.IdleTimeout = seconds(10, 120)
	cfg.CheckInterval = seconds(1, 10)
	cfg.ChallengeGrace = min(seconds(0, 45), cfg.IdleTimeout)
	cfg.KnownGoodTTL = pick(tr, 24*time.Hour, 24*time.Hour, seconds(120, 900))
	cfg.UpdateInterval = seconds(5, 60)
	cfg.IPv6ClientPrefix = pick(tr, 64, 64, 128)
	if tr.chance(4) {
		cfg.Sisters = [][]netip.Prefix{{netip.MustParsePrefix("10.0.0.0/30")}}
	}
	if tr.chance(6) {
		cfg.Allow = []detect.AllowRule{
			{Clients: []netip.Prefix{netip.PrefixFrom(addr4(172, 514), 32)}, Extensions: []string{"[a-c]"}},
			{Registrars: []netip.Prefix{netip.PrefixFrom(addr4(10, 2), 32)}, Extensions: []string{"x*1@*"}, Until: epoch + ms(30*time.Minute)},
		}
	}
	cfg.ReportEnd = tr.chance(12)
	if tr.chance(3) {
		cfg.Overrides = []detect.Override{
			{Registrars: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, Thresholds: bars()},
			{Registrars: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32")}, Thresholds: bars()},
		}
	}
	return cfg
}

func (b *brawl) anyone() pair {
	return pair{pick(b.traffic, b.registrars...), pick(b.traffic, b.clients...), pick(b.traffic, b.extensions...)}
}

// rejected draws the codes of one attack.
func (b *brawl) codes() []uint16 {
	return pick(b.traffic, []uint16{401}, []uint16{401}, []uint16{404}, []uint16{407, 403}, []uint16{401, 403, 404, 407})
}

// fight makes n records.
func (b *brawl) fight(n int) []record {
	t, busy := epoch, b.between(200*time.Millisecond, 20*time.Second)
	var kept int64
	for len(b.records) < n {
		for ; kept < t; kept = max(kept+ms(b.cfg.KnownGoodTTL/2), t-ms(b.cfg.KnownGoodTTL/2)) { // so that no registrar is ever forgotten
			for _, registrar := range b.registrars {
				b.answer(max(kept, epoch), pair{registrar, addr4(172, 525), "keeper"}, 200)
			}
		}
		b.episode(t)
		t += b.Int64N(2 * busy)
		if b.chance(12) {
			t += b.pause()
		}
		if b.chance(100) {
			busy = b.between(200*time.Millisecond, 30*time.Second)
		}
	}
	for i := range b.records {
		f := &b.records[i].flow
		f.Time -= f.Time % b.grain
	}
	b.disorder()
	records := b.inOrderOfArrival()
	if b.chance(2) {
		records = interrupt(b.traffic, records)
	}
	return records[:n]
}

// pause gives a time close to one at which something is decided.
func (b *brawl) pause() int64 {
	at := pick(b.traffic, b.cfg.IdleTimeout, b.cfg.IdleTimeout, b.cfg.IdleTimeout+b.cfg.CheckInterval, b.cfg.ChallengeGrace,
		b.cfg.KnownGoodTTL%time.Hour)
	return max(0, ms(at)+pick[int64](b.traffic, -5000, -1000, -1, 0, 0, 1, 1000, 5000))
}

// episode is what one actor does, from t on.
func (b *brawl) episode(t int64) {
	p, codes := b.anyone(), b.codes()
	gap := pick(b.traffic, 10*time.Millisecond, 300*time.Millisecond, 2*time.Second, 8*time.Second, b.cfg.IdleTimeout)
	several := 1 + b.IntN(b.cfg.Attempts+4)
	switch b.IntN(11) {
	case 9: // everybody logs in everywhere
		for _, p.client = range b.clients {
			for _, p.registrar = range b.registrars {
				if b.chance(2) {
					t = b.login(t, p) + b.between(0, gap/8)
				}
			}
		}
	case 10: // a registrar rejects all, some of them for long
		for range 3 + b.IntN(3) {
			for _, p.client = range b.clients {
				t = b.guess(t, 1, 0, p, codes...) + b.between(0, gap/8)
			}
		}
	case 0, 1:
		for range 1 + b.IntN(3) {
			t = b.login(t, p) + b.between(0, gap)
		}
	case 2:
		b.answer(t, p, pick[uint16](b.traffic, 200, 202, 299))
	case 3:
		b.guess(t, several, gap, p, codes...)
	case 4: // a success, and the account is used
		t = b.guess(t, several, gap, p, codes...) + b.between(0, time.Second)
		b.answer(t, p, 200)
		for range b.IntN(4) {
			t = b.login(t+b.between(0, gap), p)
		}
	case 5: // a scan or a spray
		for range 1 + b.IntN(4) {
			for _, e := range b.Perm(len(b.extensions)) {
				p.extension = b.extensions[e]
				b.answer(t, p, pick(b.traffic, codes...))
				if b.chance(8) {
					b.answer(t+50, p, 200)
				}
				t += b.between(0, gap/4)
			}
		}
	case 6: // many clients on one extension
		for range 1 + b.IntN(4) {
			for _, c := range b.Perm(len(b.clients)) {
				p.client = b.clients[c]
				t = b.guess(t, 1+b.IntN(3), gap/8, p, codes...) + b.between(0, gap/4)
				if b.chance(8) {
					b.answer(t, p, 200)
				}
			}
		}
	case 7: // a moment's silence of the attacker
		t = b.guess(t, several, gap/8, p, codes...) + b.pause()
		b.guess(t, 1+b.IntN(3), gap/8, p, codes...)
	case 8: // anything
		for range several {
			q := b.anyone()
			b.answer(t, q, pick[uint16](b.traffic, 200, 401, 401, 403, 404, 407))
			t += b.between(0, gap/2)
		}
	}
}

// disorder lets records arrive in another order than they were sent.
func (b *brawl) disorder() {
	switch b.IntN(6) {
	case 0: // an exporter in perfect order
	case 1: // everything late by up to 40 s
		b.delayed(time.Duration(b.between(time.Second, 40*time.Second)) * time.Millisecond)
	case 2: // now and then a rejection is overtaken, as is the last record of a flow
		for i := range b.records {
			if r := &b.records[i]; r.flow.Status >= 300 && b.chance(4) {
				r.arrival += b.between(0, 60*time.Second)
			}
		}
	case 4: // all messages twice
		for i := range b.records {
			r := b.records[i]
			r.arrival += b.between(0, 1500*time.Millisecond)
			r.flow.Time = r.arrival
			b.records = append(b.records, r)
		}
	case 5: // two probes see all messages
		for i := range b.records {
			r := &b.records[i]
			r.flow.Probe, r.flow.Message = "one", 1+uint64(r.flow.Time)/pick[uint64](b.traffic, 1, 1000, 100_000)
			twin := *r
			twin.flow.Probe = "two"
			twin.flow.Time += b.between(0, 1500*time.Millisecond)
			twin.arrival += b.between(0, 3*time.Second)
			if !b.chance(20) {
				b.records = append(b.records, twin)
			}
		}
	case 3: // now and then anything is very late
		for i := range b.records {
			if b.chance(10) {
				b.records[i].arrival += b.between(0, b.cfg.IdleTimeout*2)
			}
		}
	}
}

// brokenClocks puts records from the future in between, alone and in rows; after a row that is long enough time has
// truly moved on. The first record may be wrong, too.
func (b *brawl) brokenClocks(records []record) []record {
	wrong := record{flow: records[0].flow}
	wrong.flow.Time += b.between(0, 30*time.Hour)
	wrong.flow.Status = 200
	out := append(make([]record, 0, len(records)*5/4), wrong)
	var moved int64
	for _, r := range records {
		r.flow.Time += moved
		out = append(out, r)
		if !b.chance(2000) {
			continue
		}
		ahead := b.between(30*time.Minute, 5*time.Hour)
		future := r
		for range pick(b.traffic, 1, 3, 9, 10, 11, 12) {
			future.flow.Time = r.flow.Time + ahead + b.between(-20*time.Minute, 20*time.Minute)
			future.flow.Status = pick[uint16](b.traffic, 200, 401, 404)
			out = append(out, future)
			if b.chance(30) { // one that is no answer and not from the future ends the row
				out = append(out, record{n: 1, flow: detect.Flow{Time: r.flow.Time}})
			}
		}
		if b.chance(3) {
			out = append(out, record{n: 10, flow: detect.Flow{Time: r.flow.Time + ahead}})
		}
		if b.chance(2) {
			moved += ahead
		}
	}
	return out
}

// slow stretches a brawl from hours to months: the pauses grow to the longest that a configuration allows and beyond
// what 32 bits of milliseconds can tell apart (49 days). Other records keep the clock going.
func (b *brawl) slow(records []record) []record {
	const factor = 720
	b.cfg.IdleTimeout *= factor
	b.cfg.KnownGoodTTL = min(b.cfg.KnownGoodTTL*factor, 12*24*time.Hour)
	b.cfg.ChallengeGrace = min(b.cfg.ChallengeGrace*factor, time.Hour)
	b.cfg.CheckInterval = time.Minute
	var out []record
	clock, beat, away := epoch, ms(50*time.Minute), int64(0)
	for _, r := range records {
		r.flow.Time = epoch + (r.flow.Time-epoch)*factor + away
		for ; clock+beat < r.flow.Time; clock += beat {
			out = append(out, record{n: 1, flow: detect.Flow{Time: clock + beat}})
		}
		clock = max(clock, r.flow.Time)
		out = append(out, r)
		if b.chance(1000) {
			away += b.between(20*24*time.Hour, 60*24*time.Hour)
		}
	}
	return out
}
