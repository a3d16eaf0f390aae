package detect_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// record is one thing that a judge is told: an answer, or (n > 0) n records that only move the clock.
type record struct {
	flow    detect.Flow
	n       int
	arrival int64 // when the exporter gives it away: records are told in this order
}

// traffic is made of answers, each with the time it was on the wire. The same seed makes the same traffic.
type traffic struct {
	*rand.Rand
	records []record
}

func newTraffic(seed uint64) *traffic {
	return &traffic{Rand: rand.New(rand.NewPCG(seed, 0x51bd))}
}

// pair is who registers what, and where.
type pair struct {
	registrar, client netip.Addr
	extension         string
}

func (tr *traffic) answer(t int64, p pair, status uint16) {
	tr.records = append(tr.records, record{arrival: t, flow: detect.Flow{
		Time: t, Registrar: p.registrar, Client: p.client, Extension: p.extension, Status: status,
		RegistrarPort: 5060, ClientPort: 5060, Transport: detect.UDP,
	}})
}

// inOrderOfArrival gives the records as an exporter does.
func (tr *traffic) inOrderOfArrival() []record {
	slices.SortStableFunc(tr.records, func(a, b record) int { return cmp.Compare(a.arrival, b.arrival) })
	return tr.records
}

// delayed lets every record arrive up to d late.
func (tr *traffic) delayed(d time.Duration) {
	for i := range tr.records {
		tr.records[i].arrival = tr.records[i].flow.Time + tr.Int64N(ms(d)+1)
	}
}

// between gives a duration in milliseconds.
func (tr *traffic) between(from, to time.Duration) int64 {
	return ms(from) + tr.Int64N(ms(to)-ms(from)+1)
}

// chance is true once in n.
func (tr *traffic) chance(n int) bool { return tr.IntN(n) == 0 }

func pick[T any](tr *traffic, from ...T) T { return from[tr.IntN(len(from))] }

func addr4(net, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(net), byte(n >> 16), byte(n >> 8), byte(n)})
}

// ---- Behaviour: each starts at t and gives the time of its last answer.

// login is what a phone does by RFC 3261 section 22: a challenge, then an acceptance.
func (tr *traffic) login(t int64, p pair) int64 {
	tr.answer(t, p, pick[uint16](tr, 401, 401, 401, 407))
	t += tr.between(5*time.Millisecond, 300*time.Millisecond)
	tr.answer(t, p, 200)
	return t
}

// guess sends n rejections, one every gap or so; they end with those of a wrong password.
func (tr *traffic) guess(t int64, n int, gap time.Duration, p pair, codes ...uint16) int64 {
	for i := range n {
		if i > 0 {
			t += tr.between(gap/2, gap*3/2)
		}
		tr.answer(t, p, pick(tr, codes...))
	}
	return t
}

// phone registers from one time to another, and has the faults that phones and exporters have.
type phone struct {
	pair
	every      time.Duration
	keepsNonce bool // answers without a challenge, but for one in eight
	typing     bool // a user who mistypes now and then
	losing     int  // one in so many acceptances is lost, 0 for none
	repeating  bool // answers are retransmitted now and then
}

func (tr *traffic) phone(from, to int64, ph phone) {
	for t := from; t < to; t += tr.between(ph.every*9/10, ph.every) {
		at := t
		if ph.typing && tr.chance(10) {
			at = tr.guess(at, 1+tr.IntN(4), 4*time.Second, ph.pair, 401) + 3000
		}
		if !ph.keepsNonce || tr.chance(8) {
			tr.answer(at, ph.pair, 401)
			if ph.repeating && tr.chance(10) {
				tr.answer(at+500, ph.pair, 401)
				at += 500
			}
			at += tr.between(5*time.Millisecond, 200*time.Millisecond)
		}
		if ph.losing > 0 && tr.chance(ph.losing) {
			continue
		}
		tr.answer(at, ph.pair, 200)
		if ph.repeating && tr.chance(10) {
			tr.answer(at+500, ph.pair, 200)
		}
	}
}

// ---- A town: the defaults of the configuration, legitimate users of every kind, and attacks of every kind.

type town struct {
	*traffic
	registrars []netip.Addr
	from, to   int64
	clients    int
	users      int
}

func newTown(seed uint64, span time.Duration) *town {
	to := &town{traffic: newTraffic(seed), from: epoch + 1000, to: epoch + ms(span)}
	for i := range 3 {
		to.registrars = append(to.registrars, addr4(10, i+1))
	}
	return to
}

func (w *town) newClient() netip.Addr { w.clients++; return addr4(172, w.clients) }
func (w *town) newUser() string       { w.users++; return fmt.Sprintf("%d@pbx.example.net", 1000+w.users) }
func (w *town) newPair() pair {
	return pair{pick(w.traffic, w.registrars...), w.newClient(), w.newUser()}
}
func (w *town) newPhone() phone {
	return phone{
		pair: w.newPair(), every: time.Duration(w.between(time.Minute, time.Hour)) * time.Millisecond,
		keepsNonce: w.chance(3), typing: w.chance(5), repeating: w.chance(4), losing: pick(w.traffic, 0, 0, 20),
	}
}

// settle adds legitimate users until there are n records.
func (w *town) settle(n int) {
	for len(w.records) < n {
		ph := w.newPhone()
		switch w.IntN(14) {
		case 0: // a NAT
			for range 5 + w.IntN(40) {
				ph.extension = w.newUser()
				w.phone(w.from+w.between(0, ph.every), w.to, ph)
			}
		case 1: // an SBC or proxy
			ph.every = max(ph.every, 20*time.Minute)
			for range 100 + w.IntN(300) {
				ph.extension = w.newUser()
				w.phone(w.from+w.between(0, ph.every), w.to, ph)
			}
		case 2: // phones behind one address come back together after a power cut
			cut := w.from + w.between(time.Hour, 3*time.Hour)
			for range 50 + w.IntN(150) {
				ph.extension = w.newUser()
				w.phone(w.from+w.between(0, ph.every), cut, ph)
				w.phone(cut+w.between(2*time.Minute, 3*time.Minute), w.to, ph)
			}
		case 3: // moves from one registrar to another
			moved := w.from + w.between(time.Hour, 3*time.Hour)
			for range 5 + w.IntN(20) {
				ph.client, ph.extension = w.newClient(), w.newUser()
				w.phone(w.from+w.between(0, ph.every), moved, ph)
				to := ph
				to.registrar = pick(w.traffic, w.registrars...)
				w.phone(moved+w.between(0, ph.every), w.to, to)
			}
		case 4: // a stale password of a phone that was good, put right later
			w.phone(w.from+w.between(0, ph.every), w.from+ms(time.Hour), ph)
			t := w.guess(w.from+ms(time.Hour)+1000, 30+w.IntN(100), time.Minute, ph.pair, 401, 403)
			w.phone(t+60_000, w.to, ph)
		case 5: // a new phone whose password is mistyped at first
			t := w.guess(w.from+w.between(0, time.Hour), 5+w.IntN(30), time.Minute, ph.pair, 401, 403)
			w.phone(t+60_000, w.to, ph)
		default:
			w.phone(w.from+w.between(0, ph.every), w.to, ph)
		}
	}
}

// plant adds attacks of every kind.
func (w *town) plant() {
	begin := func() int64 { return w.from + w.between(10*time.Minute, 150*time.Minute) }
	for _, codes := range [][]uint16{{404}, {401}, {403}, {407}, {401, 404}} { // scans
		p, t := w.newPair(), begin()
		gap := pick(w.traffic, 20*time.Millisecond, time.Second, 20*time.Second)
		for range 20 + w.IntN(100) {
			p.extension = w.newUser()
			t = w.guess(t, 1+w.IntN(3), gap, p, codes...) + w.between(gap/2, gap)
		}
	}
	for _, codes := range [][]uint16{{401}, {403}, {401, 403}, {404}} { // brute forces, and successes
		p, t := w.newPair(), begin()
		gap := pick(w.traffic, 50*time.Millisecond, 500*time.Millisecond, 4*time.Second, 20*time.Second)
		t = w.guess(t, 20+w.IntN(300), gap, p, codes...)
		if w.chance(2) {
			w.answer(t+100, p, 200)
			for range w.IntN(30) {
				t = w.login(t+w.between(time.Minute, 100*time.Second), p)
			}
		}
	}
	{ // fast, then in
		p, t := w.newPair(), begin()
		w.answer(w.guess(t, 6+w.IntN(8), 100*time.Millisecond, p, 401)+50, p, 200)
	}
	{ // two accounts of one client, many guesses
		p, t := w.newPair(), begin()
		for range 40 {
			for _, p.extension = range []string{"alice@pbx.example.net", "bob@pbx.example.net"} {
				t = w.guess(t+w.between(time.Second, 20*time.Second), 1, 0, p, 401, 403)
			}
		}
		w.login(t+1000, p)
	}
	{ // a brute force, then a scan by the same client
		p, t := w.newPair(), begin()
		t = w.guess(t, 60, time.Second, p, 401)
		for range 30 {
			p.extension = w.newUser()
			t += w.between(time.Second, 5*time.Second)
			w.answer(t, p, 404)
		}
	}
	{ // beside the user's own phone behind one NAT
		p, t := w.newPair(), begin()
		w.phone(t-ms(10*time.Minute), t, phone{pair: p, every: 5 * time.Minute})
		w.login(w.guess(t+ms(6*time.Minute), 100, time.Second, p, 401)+200, p)
	}
	for _, bots := range []struct{ clients, tries int }{{100, 1}, {10, 30}, {40, 5}} { // on one account
		p, t := w.newPair(), begin()
		w.phone(w.from, t+ms(20*time.Minute), phone{pair: p, every: time.Minute})
		for range bots.clients {
			p.client = w.newClient()
			at := w.guess(t+w.between(0, 10*time.Minute), bots.tries, 3*time.Second, p, 401)
			if w.chance(20) {
				w.answer(at+50, p, 200)
			}
		}
	}
	{ // many bots on one account each
		t, p := begin(), w.newPair()
		for range 60 + w.IntN(60) {
			p.client, p.extension = w.newClient(), w.newUser()
			at := w.guess(t+w.between(0, 10*time.Minute), 1+w.IntN(3), 3*time.Second, p, 404, 401, 403)
			if w.chance(20) {
				w.answer(at+50, p, 200)
			}
		}
	}
	{ // one client, many registrars
		p, t := w.newPair(), begin()
		for i := range 12 + w.IntN(30) {
			p.registrar = addr4(10, 100+i)
			t = w.guess(t+w.between(0, time.Second), 3, time.Second, p, 401, 403)
			if w.chance(10) {
				w.answer(t+50, p, 200)
			}
		}
	}
	{ // right after two wrong tries, on many accounts
		p, t := w.newPair(), w.from+ms(70*time.Minute)
		for range 30 {
			p.extension = w.newUser()
			t = w.login(w.guess(t+w.between(time.Second, 10*time.Second), 2, time.Second, p, 401, 403)+100, p)
		}
	}
	{ // one account each 4 minutes
		p, t := w.newPair(), w.from
		for t < w.to {
			p.extension = w.newUser()
			w.guess(t, 2, time.Second, p, 401, 403)
			t += w.between(3*time.Minute, 5*time.Minute)
		}
	}
	{ // one guess in 35 minutes
		p := w.newPair()
		for t := w.from; t < w.to; t += ms(35 * time.Minute) {
			w.guess(t, 3, time.Second, p, 403)
		}
	}
	{ // a known tool
		p, t := w.newPair(), begin()
		w.records = append(w.records, record{arrival: t + 500, flow: detect.Flow{Time: t + 500, Registrar: p.registrar, Client: p.client, UserAgent: "friendly-scanner", Extension: p.extension}})
		w.answer(w.guess(t, 20+w.IntN(20), 2*time.Second, p, 401)+10, p, 200)
	}
	{ // networks of IPv6
		p, t := w.newPair(), begin()
		for range 80 {
			a := netip.MustParseAddr("2001:db8:5::").As16()
			for i := pick(w.traffic, 6, 8); i < 16; i++ {
				a[i] = byte(w.IntN(256))
			}
			p.client = netip.AddrFrom16(a)
			if w.chance(2) {
				p.extension = w.newUser()
			}
			t = w.guess(t+w.between(time.Second, 2*time.Second), 1, 0, p, 401)
		}
	}
	{ // a registrar that loses its accounts
		p, t := w.newPair(), w.from+ms(2*time.Hour)
		p.registrar = addr4(10, 50)
		for range 60 {
			p.client, p.extension = w.newClient(), w.newUser()
			w.phone(w.from+w.between(0, 5*time.Minute), t, phone{pair: p, every: 5 * time.Minute})
			w.phone(w.guess(t+w.between(0, time.Minute), 10+w.IntN(20), time.Minute, p, 401, 403), w.to-ms(time.Hour), phone{pair: p, every: 10 * time.Minute})
		}
	}
}

// interrupt adds other records between the answers: they only move the clock.
func interrupt(tr *traffic, records []record) []record {
	out := make([]record, 0, len(records)*5/4)
	for _, r := range records {
		out = append(out, r)
		switch tr.IntN(8) {
		case 0:
			out = append(out, record{n: 1 + tr.IntN(5), flow: detect.Flow{Time: r.flow.Time + tr.Int64N(200)}})
		case 1:
			f := r.flow
			f.Status = pick[uint16](tr, 0, 100, 180, 302, 486, 500)
			f.UserAgent = pick(tr, "", "friendly-scanner", "Phone/1.0")
			out = append(out, record{flow: f})
		}
	}
	return out
}

// describe tells records one a line, for a person who has to find out why two judges differ.
func describe(records []record) string {
	var b strings.Builder
	for _, r := range records {
		if r.n > 0 {
			fmt.Fprintf(&b, "  %9s  %d other records\n", clockFace(r.flow.Time), r.n)
			continue
		}
		f := r.flow
		fmt.Fprintf(&b, "  %9s  %s > %s  %q %d%s\n", clockFace(f.Time), f.Registrar, f.Client, f.Extension, f.Status, strings.TrimRight(" "+f.UserAgent, " "))
	}
	return b.String()
}
