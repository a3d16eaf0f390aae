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

// ---- A town: the defaults of the configuration, legitimate users of every kind, and attacks at known places.

// planted is an attack whose incident is known beforehand.
type planted struct {
	name  string
	want  verdict // without Opened and Ended
	exact bool    // every figure is known, not only kind, key and successes
}

// town is a day's worth of traffic.
type town struct {
	*traffic
	attacks    []planted
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
		switch w.IntN(12) {
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
		default:
			w.phone(w.from+w.between(0, ph.every), w.to, ph)
		}
	}
}

// attack says what the judges have to find in the records since mark.
func (w *town) attack(name string, kind detect.Kind, p pair, mark int, exact bool) *planted {
	v := verdict{Kind: kind, Registrar: p.registrar, Client: p.client, Extension: p.extension}
	in := refIncident{clients: map[netip.Addr]int{}, extensions: map[string]int{}, codes: map[uint16]int{}, pairs: map[*refPair]bool{}}
	if v.Client.Is4In6() {
		v.Client = v.Client.Unmap()
	}
	for _, r := range w.records[mark:] {
		f := r.flow
		if f.Status >= 300 {
			client := f.Client.Unmap()
			if client.Is6() {
				client = netip.PrefixFrom(client, 64).Masked().Addr()
			}
			in.count(&refPair{key: refKey{f.Registrar, client, f.Extension}}, f.Time, f.Time, 1, map[uint16]int{f.Status: 1})
		}
	}
	counted := in.verdict()
	v.First, v.Last, v.Attempts, v.Rejections = counted.First, counted.Last, counted.Attempts, counted.Rejections
	v.Clients, v.Extensions = counted.Clients, counted.Extensions
	w.attacks = append(w.attacks, planted{name: name, want: v, exact: exact})
	return &w.attacks[len(w.attacks)-1]
}

func (a *planted) success(p pair, t int64, n int) {
	a.want.Successes = append(a.want.Successes, detect.Succeeded{Extension: p.extension, Client: a.clientOf(p), Time: t, Attempts: n})
}

func (a *planted) clientOf(p pair) netip.Addr {
	if c := p.client.Unmap(); c.Is4() {
		return c
	}
	return netip.PrefixFrom(p.client, 64).Masked().Addr()
}

// plant adds one attack of every kind.
func (w *town) plant() {
	begin := func() (int64, int) { return w.from + w.between(10*time.Minute, 90*time.Minute), len(w.records) }
	byClient := func(p pair) pair { p.extension = ""; return p }
	byExtension := func(p pair) pair { p.client = netip.Addr{}; return p }

	for _, codes := range [][]uint16{{404}, {401}, {403}, {407}, {401, 404}} {
		p := w.newPair()
		t, mark := begin()
		gap := pick(w.traffic, 20*time.Millisecond, time.Second, 20*time.Second)
		for range 20 + w.IntN(200) {
			p.extension = w.newUser()
			w.guess(t, 1, 0, p, codes...)
			t += w.between(gap/2, gap)
		}
		w.attack(fmt.Sprint("scan by ", codes), detect.Scan, byClient(p), mark, true)
	}
	{ // 24 extensions, 49 tries each
		p := w.newPair()
		t, mark := begin()
		users := make([]string, 24)
		for i := range users {
			users[i] = w.newUser()
		}
		for range 49 {
			for _, p.extension = range users {
				w.answer(t, p, 401)
				t += w.between(50*time.Millisecond, time.Second)
			}
		}
		w.attack("spray", detect.Spray, byClient(p), mark, true)
	}
	for _, codes := range [][]uint16{{401}, {403}, {407}, {401, 403}, {404}} {
		p := w.newPair()
		t, mark := begin()
		gap := pick(w.traffic, 50*time.Millisecond, 500*time.Millisecond, 4*time.Second)
		w.guess(t, 20+w.IntN(600), gap, p, codes...)
		w.attack(fmt.Sprint("brute force by ", codes), detect.BruteForce, p, mark, true)
	}
	{ // finds the password, and uses the account all day
		p := w.newPair()
		t, mark := begin()
		n := 40 + w.IntN(300)
		t = w.guess(t, n, time.Second, p, 401) + 100
		w.answer(t, p, 200)
		a := w.attack("brute force that succeeds", detect.BruteForce, p, mark, true)
		a.success(p, t, n)
		for range 30 {
			t = w.login(t+w.between(time.Minute, 100*time.Second), p)
		}
	}
	{ // rests for nearly as long as makes an end
		p := w.newPair()
		t, mark := begin()
		for range 5 {
			t = w.guess(t, 30, time.Second, p, 401) + ms(28*time.Minute)
		}
		w.attack("brute force with pauses", detect.BruteForce, p, mark, true)
	}
	{ // comes back after the end
		p := w.newPair()
		t, mark := begin()
		t = w.guess(t, 50, time.Second, p, 401)
		w.attack("first of two attacks", detect.BruteForce, p, mark, true)
		mark = len(w.records)
		w.guess(t+ms(32*time.Minute), 60, time.Second, p, 401)
		w.attack("second of two attacks", detect.BruteForce, p, mark, true)
	}
	{ // a brute force, then a scan by the same client
		p := w.newPair()
		t, mark := begin()
		t = w.guess(t, 60, time.Second, p, 401)
		for range 30 {
			p.extension = w.newUser()
			t += w.between(time.Second, 5*time.Second)
			w.answer(t, p, 404)
		}
		w.attack("60 attempts, then a scan", detect.Scan, byClient(p), mark, true)
	}
	{ // beside the user's own phone behind one NAT
		p := w.newPair()
		t, mark := begin()
		w.phone(t-ms(30*time.Minute), t, phone{pair: p, every: 5 * time.Minute})
		t += ms(6 * time.Minute)
		n := 100
		at := w.guess(t, n, time.Second, p, 401)
		w.login(at+200, p)
		a := w.attack("beside the user's own phone", detect.BruteForce, p, mark, false)
		a.success(p, w.records[len(w.records)-1].flow.Time, n+1)
	}
	for _, bots := range []struct{ clients, tries int }{{300, 1}, {10, 30}, {5, 100}, {40, 5}} {
		p := w.newPair()
		t, _ := begin()
		own := p // the victim's own phone registers all the while
		w.phone(w.from, t, phone{pair: own, every: time.Minute})
		mark := len(w.records)
		for range bots.clients {
			p.client = w.newClient()
			w.guess(t+w.between(0, 10*time.Minute), bots.tries, 3*time.Second, p, 401)
		}
		a := w.attack(fmt.Sprintf("%d bots with %d tries", bots.clients, bots.tries), detect.Distributed, byExtension(p), mark, true)
		w.phone(t+30_000, t+ms(20*time.Minute), phone{pair: own, every: time.Minute})
		if bots.tries >= 30 { // the last bot finds it, long after the incident opened
			t += ms(25 * time.Minute)
			at := w.guess(t, 5, time.Second, p, 401) + 50
			w.answer(at, p, 200)
			n := bots.tries + 5
			a.want.Attempts += 5
			a.want.Last = w.records[len(w.records)-2].flow.Time
			a.want.Rejections[0].Attempts += 5
			a.want.Clients.Top = nil
			a.want.Extensions.Top[0].Attempts += 5
			a.success(p, at, n)
		}
	}
	{ // one strong attacker and four who mistype
		p := w.newPair()
		t, mark := begin()
		w.guess(t, 200, time.Second, p, 401)
		w.attack("one strong attacker beside four typing errors", detect.BruteForce, p, mark, true)
		for range 4 {
			p.client = w.newClient()
			w.guess(t+w.between(0, 2*time.Minute), 3, 4*time.Second, p, 401)
		}
	}
	{ // rotates within a /64
		p := w.newPair()
		t, mark := begin()
		for range 80 {
			a := netip.MustParseAddr("2001:db8:0:64::").As16()
			for i := 8; i < 16; i++ {
				a[i] = byte(w.IntN(256))
			}
			p.client = netip.AddrFrom16(a)
			t = w.guess(t+w.between(time.Second, 2*time.Second), 1, 0, p, 401)
		}
		p.client = netip.MustParseAddr("2001:db8:0:64::")
		w.attack("brute force from a /64", detect.BruteForce, p, mark, true)
	}
	{ // written as v4-mapped by one exporter, as IPv4 by another
		p := w.newPair()
		mapped := p
		mapped.client = netip.AddrFrom16(p.client.As16())
		t, mark := begin()
		for range 50 {
			t = w.guess(t+w.between(time.Second, 2*time.Second), 1, 0, pick(w.traffic, p, mapped), 401)
		}
		w.attack("brute force from a v4-mapped address", detect.BruteForce, p, mark, true)
	}
}

// misconfigured adds a phone with a stale password: it looks like a slow brute force, and is reported as one.
func (w *town) misconfigured() {
	p := w.newPair()
	mark := len(w.records)
	for t := w.from + w.between(time.Minute, 20*time.Minute); t < w.to; t += w.between(50*time.Second, time.Minute) {
		w.guess(t, 2, 100*time.Millisecond, p, 401)
	}
	w.attack("misconfigured phone", detect.BruteForce, p, mark, true)
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
		fmt.Fprintf(&b, "  %9s  %s > %s  %q %d\n", clockFace(f.Time), f.Registrar, f.Client, f.Extension, f.Status)
	}
	return b.String()
}
