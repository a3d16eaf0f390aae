package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// scuffle is traffic in which everything collides with everything: few registrars, clients and extensions under low bars and
// short times.
type scuffle struct {
	*rand.Rand
	cfg      Config
	now      int64
	clients  []netip.Addr
	agents   []string
	servers  []netip.Addr
	pause    int64 // the longest, milliseconds
	patience int   // answers until the next pause
	outage   bool  // there are outages
}

func newScuffle(seed uint64) *scuffle {
	s := &scuffle{Rand: rand.New(rand.NewPCG(seed, 77)), now: 1_795_000_000_000, agents: []string{"phone", "friendly-scanner", "softphone"}}
	c := DefaultConfig()
	c.Thresholds = Thresholds{
		Attempts: 3 + s.IntN(10), ScanExtensions: 2 + s.IntN(6), ScanKnownRatio: []float64{0, 0.1, 0.5, 1}[s.IntN(4)],
		DistributedClients: 2 + s.IntN(4), SprayAttempts: 1 + s.IntN(3), SuccessAfter: 1 + s.IntN(3),
		LoginChallenges: 1 + s.IntN(4), FastAttempts: 2 + s.IntN(4), ScanAttempts: 5 + s.IntN(20), HorizontalRegistrars: 2 + s.IntN(3),
		DistributedScanSize: 3 + s.IntN(8), SlowExtensions: 3 + s.IntN(8), SlowClients: 3 + s.IntN(8), SlowAttempts: 3 + s.IntN(10),
		OutageClients: 2 + s.IntN(4), OutageRatio: []float64{0, 0.2, 0.5}[s.IntN(3)],
	}
	c.IdleTimeout = time.Duration(10+s.IntN(100)) * time.Second
	c.CheckInterval = time.Duration(1+s.IntN(6)) * time.Second
	c.ChallengeGrace = time.Duration(s.IntN(10)) * time.Second
	c.KnownGoodTTL = time.Duration(10+s.IntN(600)) * time.Second
	c.UpdateInterval = time.Duration(s.IntN(30)) * time.Second
	c.MaxPairs, c.MaxMembers, c.MaxIncidents = 1000, 1000, 1000
	if s.IntN(2) == 0 {
		c.MaxPairs, c.MaxMembers, c.MaxIncidents = 5+s.IntN(40), 2+s.IntN(20), 1+s.IntN(8)
	}
	if s.IntN(4) == 0 {
		c.FailureCodes = []int{407, 403, 401}
	}
	for n := range 2 + s.IntN(5) {
		s.servers = append(s.servers, netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}))
	}
	for n := range 4 + s.IntN(20) {
		if n%3 == 0 {
			s.clients = append(s.clients, netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, byte(n / 12), 0, byte(n), 15: 1}))
		} else {
			s.clients = append(s.clients, netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}))
		}
	}
	if s.IntN(2) == 0 {
		c.Sisters = [][]netip.Prefix{{netip.PrefixFrom(s.servers[0], 32), netip.PrefixFrom(s.servers[1], 32)}}
	}
	if s.IntN(3) == 0 {
		c.Allow = []AllowRule{{Extensions: []string{"3*"}, Until: s.now + int64(s.IntN(1_000_000))}}
	}
	if s.outage = s.IntN(3) == 0; s.outage {
		c.KnownGoodTTL, c.OutageRatio = 10*time.Minute, 0
	}
	s.pause = 3 * max(c.IdleTimeout, c.KnownGoodTTL).Milliseconds()
	s.cfg = c
	return s
}

func (s *scuffle) detector(t testing.TB) *Detector {
	t.Helper()
	d, err := New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// next is another message.
func (s *scuffle) next() Flow {
	if s.patience--; s.patience < 0 {
		s.patience = s.IntN(400)
		s.now += s.Int64N(s.pause)
	}
	s.now += s.Int64N([]int64{10, 300, 3000}[s.patience/20%3])
	f := Flow{
		Time: s.now, Registrar: s.servers[s.IntN(len(s.servers))], Client: s.clients[s.IntN(len(s.clients))], ClientPort: uint16(s.IntN(3)),
		Transport: UDP, Extension: fmt.Sprintf("%d@pbx", s.IntN(12)), Status: []uint16{401, 401, 401, 401, 403, 404, 407, 200, 200, 200, 0}[s.IntN(11)],
	}
	if s.outage { // for some time all is accepted, for some nothing
		f.Status = []uint16{200, 401}[s.now/200_000%2]
		f.Client = s.clients[f.Extension[0]%uint8(len(s.clients))]
	}
	switch s.IntN(30) {
	case 0, 1, 2:
		f.Time -= s.Int64N(2 * s.cfg.IdleTimeout.Milliseconds())
	case 3:
		f.Extension = strings.Repeat("long", 30) + f.Extension
	case 4:
		f.Registrar = netip.AddrFrom4([4]byte{203, 0, 113, byte(s.IntN(200))})
	case 5:
		f.Message, f.Probe = s.Uint64N(4)+1, fmt.Sprint("probe", s.IntN(3))
	}
	if f.Status == 0 {
		f.UserAgent = s.agents[s.IntN(len(s.agents))]
	}
	return f
}

func (s *scuffle) take(n int) []Flow {
	flows := make([]Flow, n)
	for i := range flows {
		flows[i] = s.next()
	}
	return flows
}

const scuffles = 40

// Whatever comes, what the detector counts is what there is.
func TestCountsAreWhatThereIs(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(scuffles) {
		s := newScuffle(seed)
		d := s.detector(t)
		for round := range 60 {
			flows := s.take(50)
			if s.IntN(2) == 0 {
				d.ObserveAll(flows)
			} else {
				for i := range flows {
					d.Observe(&flows[i])
				}
			}
			if t.Run(fmt.Sprintf("seed=%d/round=%d", seed, round), func(t *testing.T) { recount(t, d) }); t.Failed() {
				return
			}
			for _, a := range d.Alerts() {
				kinds[a.State.String()+" "+a.Kind.String()]++
			}
		}
		d.Finish()
		recount(t, d)
	}
	t.Log(kinds)
	for kind := Scan; kind <= Outage; kind++ {
		if kinds["end "+kind.String()] < 5 {
			t.Errorf("%d incidents of kind %v have ended", kinds["end "+kind.String()], kind)
		}
	}
}

// Told the same, it tells the same, in one go or not, and whether it was restarted in between.
func TestRestartsChangeNothing(t *testing.T) {
	for seed := range uint64(scuffles) {
		s := newScuffle(1000 + seed)
		// What is over a bound, or older than known_good_ttl, is forgotten sooner or later, and what a client called itself with it.
		s.cfg.MaxPairs, s.cfg.MaxMembers, s.cfg.MaxIncidents = 1000, 1000, 1000
		s.cfg.KnownGoodTTL = 24 * time.Hour
		s.agents = []string{"phone"}
		flows := s.take(3000)
		want, got := s.detector(t), s.detector(t)
		for i := range flows {
			want.Observe(&flows[i])
			got.Observe(&flows[i])
			told, again := lines(want.Alerts()), lines(got.Alerts())
			for n := range max(len(told), len(again)) {
				if n >= len(told) || n >= len(again) || told[n] != again[n] {
					t.Fatalf("seed %d, flow %d: told\n%s\nwithout restarts\n%s", seed, i, strings.Join(again[n:], "\n"), strings.Join(told[n:], "\n"))
				}
			}
			if i%251 == 0 {
				got = restarted(t, got, s.cfg)
				recount(t, got)
			}
		}
	}
}

// lines tells alerts; those of one moment may come in any order, and which of those whose grace ends at one check crosses the threshold
// may differ.
func lines(alerts []Alert) (lines []string) {
	for _, a := range alerts {
		a.Crossed.Time = 0
		lines = append(lines, fmt.Sprintf("%s %d %+v", a.ID, a.Sequence, a))
	}
	slices.Sort(lines)
	return lines
}

func restarted(t testing.TB, d *Detector, cfg Config) *Detector {
	t.Helper()
	var first, second bytes.Buffer
	if err := d.Snapshot(&first); err != nil {
		t.Fatal(err)
	}
	next, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Restore(bytes.NewReader(first.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := next.Snapshot(&second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Fatalf("a snapshot of %d bytes comes back as one of %d bytes that differs", first.Len(), second.Len())
	}
	if next.Stats() != d.Stats() {
		t.Fatalf("figures %+v\nwant %+v", next.Stats(), d.Stats())
	}
	return next
}
