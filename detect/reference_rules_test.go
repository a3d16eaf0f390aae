package detect_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// tale is traffic told by hand, in seconds since epoch, at the registrar 10.0.0.1; the clients are 172.0.0.n.
type tale struct {
	*traffic
}

func (s tale) who(client int, extension string) pair {
	return pair{addr4(10, 1), addr4(172, client), extension}
}

func seconds(at float64) int64 { return epoch + int64(at*1000) }

// say is one answer.
func (s tale) say(at float64, client int, extension string, status uint16) {
	s.answer(seconds(at), s.who(client, extension), status)
}

// tries are n rejections, one every gap seconds.
func (s tale) tries(at float64, n int, gap float64, client int, extension string, status uint16) {
	for i := range n {
		s.say(at+float64(i)*gap, client, extension, status)
	}
}

// login is a challenge and an acceptance, 0.1 s later.
func (s tale) login(at float64, client int, extension string) {
	s.say(at, client, extension, 401)
	s.say(at+0.1, client, extension, 200)
}

// arrives lets the records from mark on arrive at a time, in their order.
func (s tale) arrives(mark int, at float64) {
	for i := range s.records[mark:] {
		s.records[mark+i].arrival = seconds(at)
	}
}

func user(n int) string { return fmt.Sprint(1000 + n) }

// Each rule of RULES.md and each trap of the field in a few records, and the incidents that have to come of it. Both
// judges are asked, so that the reference itself is held to expectations that were worked out by hand.
var tales = []struct {
	name string
	tell func(s tale)
	want []string
}{
	// ---- The clock
	{"twenty attempts are an attack, at the next check", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 25s, ended 1825s, 1 clients, 1 extensions`}},
	{"a check runs before the record that reaches it", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
		s.say(25, 1, "300", 200)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 25s, ended 1830s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 25s after 20`}},
	{"nineteen attempts are none", func(s tale) {
		s.tries(1, 19, 1, 1, "300", 401)
	}, nil},
	{"an attack ends on a link that goes quiet", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
		s.tries(1900, 20, 1, 1, "300", 403)
	}, []string{
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 25s, ended 1825s, 1 clients, 1 extensions`,
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x403) from 1900s to 1919s, opened 1920s, ended 3720s, 1 clients, 1 extensions`,
	}},
	{"one record dated ten years ahead ends nothing", func(s tale) {
		s.tries(1, 30, 1, 1, "300", 401)
		s.say(10*365*86400, 1, "300", 200)
		s.arrives(30, 25)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 30 attempts (30x401) from 1s to 30s, opened 25s, ended 1835s, 1 clients, 1 extensions`}},
	{"ten records that agree move time on, the tenth counts", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
		s.tries(100_000, 29, 1, 1, "300", 401)
	}, []string{
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 25s, ended 1825s, 1 clients, 1 extensions`,
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 100009s to 100028s, opened 100030s, ended 101830s, 1 clients, 1 extensions`,
	}},
	{"a late record is dropped", func(s tale) {
		s.tries(1, 19, 0, 1, "300", 401)
		s.say(1801.001, 2, "200", 200)
		s.say(1, 1, "300", 401)
		s.arrives(20, 1801.001)
	}, nil},
	{"a record as old as the idle timeout is not late", func(s tale) {
		s.tries(1, 19, 0, 1, "300", 401)
		s.say(1801, 2, "200", 200)
		s.say(1, 1, "300", 401)
		s.arrives(20, 1801)
	}, nil /* it counts, but its run is over when the next check comes */},
	{"the first record was wrong", func(s tale) {
		s.say(90_000, 1, "300", 401)
		s.arrives(0, 0)
		s.tries(1, 20, 1, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 25s, ended 1825s, 1 clients, 1 extensions`}},

	// ---- Counting
	{"logins never add up", func(s tale) {
		for i := range 200 {
			s.login(float64(i*20), 1, "300")
		}
	}, nil},
	{"an acceptance closes a run", func(s tale) {
		s.tries(0, 19, 1, 1, "300", 401)
		s.say(19, 1, "300", 200)
		s.tries(20, 19, 1, 1, "300", 401)
	}, nil},
	{"a run of a pause as long as the idle timeout goes on", func(s tale) {
		s.tries(1, 10, 0, 1, "300", 401)
		s.tries(1801, 10, 0, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 1801s, opened 1805s, ended 3605s, 1 clients, 1 extensions`}},
	{"a longer pause begins a new run", func(s tale) {
		s.tries(1, 10, 0, 1, "300", 401)
		s.tries(1801.001, 10, 0, 1, "300", 401)
	}, nil},
	{"a stale password of a phone that was good is a known client", func(s tale) {
		s.login(0, 1, "300")
		s.tries(60, 40, 30, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 40 attempts (40x401) from 60s to 1230s, opened 635s, ended 3035s, 1 clients, 1 extensions, known client`}},
	{"a stale password for two months is one incident", func(s tale) {
		s.login(0, 1, "300")
		s.login(30, 1, "300")
		s.tries(60, 8640, 600, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 8640 attempts (8640x401) from 60s to 5.18346e+06s, opened 11465s, ended 5.185265e+06s, 1 clients, 1 extensions, known client`}},
	{"svcrack under one Call-ID counts in full at 20/s", func(s tale) {
		s.tries(0, 400, 0.05, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 400 attempts (400x401) from 0s to 19.95s, opened 5s, ended 1820s, 1 clients, 1 extensions`}},
	{"svcrack under one Call-ID counts in full at one in 0.5 s", func(s tale) {
		s.tries(0, 400, 0.5, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 400 attempts (400x401) from 0s to 199.5s, opened 10s, ended 2000s, 1 clients, 1 extensions`}},
	{"svcrack under one Call-ID counts in full at one in 4 s", func(s tale) {
		s.tries(0, 400, 4, 1, "300", 401)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 400 attempts (400x401) from 0s to 1596s, opened 80s, ended 3400s, 1 clients, 1 extensions`}},
	{"403, 404 and 407 count as 401 does", func(s tale) {
		s.tries(0, 10, 4, 1, "300", 403)
		s.tries(1, 10, 4, 1, "300", 404)
		s.tries(2, 10, 4, 1, "300", 407)
		s.tries(3, 10, 4, 1, "300", 503)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 30 attempts (10x403 10x404 10x407) from 0s to 38s, opened 30s, ended 1840s, 1 clients, 1 extensions`}},

	// ---- Belated rejections
	{"an acceptance that overtook all the attempts", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
		s.say(21, 1, "300", 200)
		s.arrives(0, 22)
		s.records[20].arrival = seconds(21)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 21s, ended 1825s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 21s after 20`}},
	{"an acceptance that overtook the last attempt", func(s tale) {
		s.tries(1, 20, 1, 1, "300", 401)
		s.say(21, 1, "300", 200)
		s.records[19].arrival = seconds(30)
		s.say(29, 2, "200", 200)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 1s to 20s, opened 29s, ended 1825s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 21s after 20`}},
	{"challenges that are always overtaken never add up", func(s tale) {
		for i := range 200 {
			s.login(float64(i*60), 1, "300")
			s.records[2*i].arrival += 33_000
		}
	}, nil},
	{"one that belongs to an older run adds to nothing", func(s tale) {
		s.tries(1, 19, 1, 1, "300", 401)
		s.say(20, 1, "300", 200)
		s.say(30, 1, "300", 401)
		s.say(19.5, 1, "300", 401)
		s.arrives(21, 31)
		s.say(32, 1, "300", 200)
	}, nil},
	{"a bot's acceptance that overtook its attempts is a success yet", func(s tale) {
		for bot := range 10 {
			s.tries(float64(bot), 4, 1, bot+1, "300", 401)
		}
		s.tries(100, 5, 1, 20, "300", 401)
		s.say(105, 20, "300", 200)
		s.arrives(40, 110)
		s.records[45].arrival = seconds(106)
	}, []string{`distributed-brute-force on 10.0.0.1 of "300": 45 attempts (45x401) from 0s to 104s, opened 10s, ended 1910s, 11 clients, 1 extensions, success "300" by 172.0.0.20 at 105s after 3`}},

	// ---- Scans
	{"ten unknown extensions are a scan", func(s tale) {
		for i := range 10 {
			s.say(float64(i), 1, user(i), 404)
		}
	}, []string{`extension-scan on 10.0.0.1 by 172.0.0.1: 10 attempts (10x404) from 0s to 9s, opened 10s, ended 1810s, 1 clients, 10 extensions`}},
	{"nine are none", func(s tale) {
		for i := range 9 {
			s.say(float64(i), 1, user(i), 404)
		}
	}, nil},
	{"a scan by challenges waits until no acceptance can come", func(s tale) {
		for i := range 10 {
			s.say(float64(i), 1, user(i), 401)
		}
	}, []string{`extension-scan on 10.0.0.1 by 172.0.0.1: 10 attempts (10x401) from 0s to 9s, opened 55s, ended 1810s, 1 clients, 10 extensions`}},
	{"a challenge is ripe when it is older than its grace", func(s tale) {
		for i := range 10 {
			s.say(5, 1, user(i), 401)
		}
	}, []string{`extension-scan on 10.0.0.1 by 172.0.0.1: 10 attempts (10x401) from 5s to 5s, opened 55s, ended 1810s, 1 clients, 10 extensions`}},
	{"ten known-good extensions raise the bar by one", func(s tale) {
		for i := range 10 {
			s.login(float64(i), 1, user(100+i))
		}
		for i := range 10 {
			s.say(20+float64(i), 1, user(i), 404)
		}
	}, nil},
	{"six 200s do not suppress a scan", func(s tale) {
		for i := range 6 {
			s.login(float64(i), 1, user(100+i))
		}
		for i := range 11 {
			s.say(20+float64(i), 1, user(i), 404)
		}
	}, []string{`extension-scan on 10.0.0.1 by 172.0.0.1: 11 attempts (11x404) from 20s to 30s, opened 35s, ended 1835s, 1 clients, 11 extensions`}},
	{"an account that a scan enters by its first guess", func(s tale) {
		for i := range 10 {
			s.say(float64(i), 1, user(i), 404)
		}
		s.login(20, 1, user(50))
		s.login(80, 1, user(50))
	}, []string{`extension-scan on 10.0.0.1 by 172.0.0.1: 11 attempts (1x401 10x404) from 0s to 20s, opened 10s, ended 1825s, 1 clients, 11 extensions, success "1050" by 172.0.0.1 at 20.1s after 1`}},
	{"24 extensions x 49 tries is a spray", func(s tale) {
		for try := range 49 {
			for i := range 24 {
				s.say(float64(try*24+i), 1, user(i), 401)
			}
		}
	}, []string{`password-spray on 10.0.0.1 by 172.0.0.1: 1176 attempts (1176x401) from 0s to 1175s, opened 35s, ended 2980s, 1 clients, 24 extensions`}},
	{"60 attempts then scanning: one incident with both", func(s tale) {
		s.tries(0, 60, 1, 1, user(0), 401)
		for i := range 20 {
			s.say(60+float64(i), 1, user(i+1), 404)
		}
	}, []string{
		`brute-force on 10.0.0.1 by 172.0.0.1 of "1000": 60 attempts (60x401) from 0s to 59s, opened 20s, ended 70s, 1 clients, 1 extensions, merged`,
		`extension-scan on 10.0.0.1 by 172.0.0.1: 80 attempts (60x401 20x404) from 0s to 79s, opened 70s, ended 1880s, 1 clients, 21 extensions, absorbed 1`,
	}},
	{"500 phones behind one address after a power cut", func(s tale) { powerCut(s, 0) }, nil},
	{"500 phones after a power cut, 5 % of their 200s lost", func(s tale) { powerCut(s, 20) }, nil},

	// ---- Distributed
	{"1,000 bots with one try each", func(s tale) {
		for bot := range 1000 {
			s.say(float64(bot), bot+1, "300", 401)
		}
	}, []string{`distributed-brute-force on 10.0.0.1 of "300": 1000 attempts (1000x401) from 0s to 999s, opened 70s, ended 2800s, 1000 clients, 1 extensions`}},
	{"one strong attacker beside four typing errors stays brute force", func(s tale) {
		s.tries(0, 200, 1, 1, "300", 401)
		for client := 2; client <= 5; client++ {
			s.tries(20, 4, 4, client, "300", 401)
		}
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 200 attempts (200x401) from 0s to 199s, opened 20s, ended 2000s, 1 clients, 1 extensions`}},
	{"the victim's phone neither hides a distributed attack nor is its success", func(s tale) {
		for i := range 40 {
			s.login(float64(i*60)+0.5, 99, "300")
		}
		for try := range 20 {
			for bot := range 10 {
				s.say(float64(try*60+bot*6), bot+1, "300", 401)
			}
		}
	}, []string{`distributed-brute-force on 10.0.0.1 of "300": 200 attempts (200x401) from 0s to 1194s, opened 135s, ended 2995s, 10 clients, 1 extensions`}},
	{"a bot that finds it is a success", func(s tale) {
		for bot := range 10 {
			s.tries(float64(bot), 4, 1, bot+1, "300", 401)
		}
		s.say(50, 7, "300", 200)
		s.login(100, 7, "300")
	}, []string{`distributed-brute-force on 10.0.0.1 of "300": 40 attempts (40x401) from 0s to 12s, opened 10s, ended 1855s, 10 clients, 1 extensions, success "300" by 172.0.0.7 at 50s after 4`}},

	// ---- Success
	{"a cracked account that is used afterwards stays reported", func(s tale) {
		s.tries(0, 100, 1, 1, "300", 401)
		s.say(100, 1, "300", 200)
		for i := range 60 {
			s.login(120+float64(i*20), 1, "300")
			s.say(130+float64(i*20), 1, "300", 200)
		}
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 100 attempts (100x401) from 0s to 99s, opened 20s, ended 1905s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 100s after 100`}},
	{"two rejections after a success are a further one", func(s tale) {
		s.tries(0, 20, 1, 1, "300", 401)
		s.say(20, 1, "300", 200)
		s.tries(30, 2, 1, 1, "300", 401)
		s.say(40, 1, "300", 200)
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 22 attempts (22x401) from 0s to 31s, opened 20s, ended 1845s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 20s after 20, success "300" by 172.0.0.1 at 40s after 2`}},
	{"brute force beside the same user's own phone behind one NAT", func(s tale) {
		s.login(0.5, 1, "300")
		s.tries(10, 40, 2, 1, "300", 401)
		s.login(60.5, 1, "300")
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 41 attempts (41x401) from 10s to 88s, opened 50s, ended 1890s, 1 clients, 1 extensions, success "300" by 172.0.0.1 at 60.6s after 27, known client`}},
	{"two tenants on one address", func(s tale) {
		s.tries(0, 30, 1, 1, "300@a.example", 401)
		s.tries(0, 30, 1, 1, "300@b.example", 401)
	}, []string{
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300@a.example": 30 attempts (30x401) from 0s to 29s, opened 20s, ended 1830s, 1 clients, 1 extensions`,
		`brute-force on 10.0.0.1 by 172.0.0.1 of "300@b.example": 30 attempts (30x401) from 0s to 29s, opened 20s, ended 1830s, 1 clients, 1 extensions`,
	}},

	// ---- Words
	{"IPv6, rotating within a /64", func(s tale) {
		for i := range 30 {
			p := s.who(1, "300")
			p.client = netip.MustParseAddr(fmt.Sprintf("2001:db8:0:1::%x", i+1))
			s.answer(seconds(float64(i)), p, 401)
		}
	}, []string{`brute-force on 10.0.0.1 by 2001:db8:0:1:: of "300": 30 attempts (30x401) from 0s to 29s, opened 20s, ended 1830s, 1 clients, 1 extensions`}},
	{"a v4-mapped client is that of IPv4", func(s tale) {
		s.tries(0, 10, 1, 1, "300", 401)
		p := s.who(1, "300")
		p.client = netip.AddrFrom16(p.client.As16())
		for i := range 10 {
			s.answer(seconds(float64(10+i)), p, 401)
		}
	}, []string{`brute-force on 10.0.0.1 by 172.0.0.1 of "300": 20 attempts (20x401) from 0s to 19s, opened 20s, ended 1820s, 1 clients, 1 extensions`}},
}

// powerCut is 500 phones behind one address that were good before, all back within a minute; one acceptance in losing
// is lost on the way.
func powerCut(s tale, losing int) {
	for _, from := range []float64{0, 3600} {
		for i := range 500 {
			at := from + float64(i%60)
			s.say(at, 1, user(i), 401)
			if losing == 0 || i%losing != 0 {
				s.say(at+0.1, 1, user(i), 200)
			}
		}
	}
}

func TestRulesAsTold(t *testing.T) {
	for _, told := range tales {
		t.Run(told.name, func(t *testing.T) {
			s := tale{newTraffic(1)}
			told.tell(s)
			records := s.inOrderOfArrival()
			cfg := detect.DefaultConfig()
			r := newReference(cfg)
			play(r, records, nil)
			compareTold(t, "reference", told.want, r.verdicts())
			compareTold(t, "detector", told.want, verdictsOf(detected(cfg, records)))
		})
	}
}

func compareTold(t *testing.T, who string, want []string, got []verdict) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: missing\n  %s", who, want[i])
		case i >= len(want):
			t.Errorf("%s: too many\n  %s", who, got[i])
		case want[i] != got[i].String():
			t.Errorf("%s\n  want %s\n  got  %s", who, want[i], got[i])
		}
	}
}

// What the property tests rest on: a town without attacks is quiet, in any order of arrival.
func TestPeacefulTownIsQuiet(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			w := newTown(4000+seed, 8*time.Hour)
			w.settle(flowsPerMix)
			if seed%2 == 1 {
				w.delayed(40 * time.Second)
			}
			records := w.inOrderOfArrival()
			r := newReference(detect.DefaultConfig())
			play(r, records, nil)
			compareTold(t, "reference", nil, r.verdicts())
			compareTold(t, "detector", nil, verdictsOf(detected(detect.DefaultConfig(), records)))
		})
	}
}
