package week

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

var (
	pbx     = netip.MustParseAddr("100.64.0.1")
	mallory = netip.MustParseAddr("198.18.0.1")
	oscar   = netip.MustParseAddr("198.18.0.2")
)

// guessing is a brute force of 100 attempts from a second on, one a second.
func guessing(client netip.Addr, extension string, second int64) *Attack {
	return &Attack{
		Kind: "brute-force", Registrar: pbx, Client: client, Extension: extension, Clients: 1, Extensions: 1,
		Attempts: 100, Rejections: Statuses{401: 100}, First: second * 1000, Last: (second + 99) * 1000,
	}
}

// scanning is a scan of 100 extensions.
func scanning(client netip.Addr, second int64) *Attack {
	a := guessing(client, "", second)
	a.Kind, a.Extensions = "extension-scan", 100
	return a
}

// swarming is a distributed attack from 10 clients.
func swarming(extension string, second int64) *Attack {
	a := guessing(netip.Addr{}, extension, second)
	a.Kind, a.Clients = "distributed-brute-force", 10
	return a
}

func found(list ...*Attack) (incidents []*Incident) {
	for _, a := range list {
		incidents = append(incidents, &Incident{Attack: *a})
	}
	return incidents
}

// TestCompare tells apart all that can be wrong with what was found.
func TestCompare(t *testing.T) {
	weaker := guessing(mallory, "100", 0)
	weaker.Attempts, weaker.Rejections = 99, Statuses{401: 99}
	known := guessing(mallory, "100", 0)
	known.KnownClient = true
	for _, tt := range []struct {
		name           string
		planted, found []*Attack
		want           [5]int // missed, false, merged, split, different
	}{
		{"all found", []*Attack{guessing(mallory, "100", 0), scanning(oscar, 0), swarming("300", 0)},
			[]*Attack{swarming("300", 0), guessing(mallory, "100", 0), scanning(oscar, 0)}, [5]int{}},
		{"nothing found", []*Attack{guessing(mallory, "100", 0)}, nil, [5]int{1, 0, 0, 0, 0}},
		{"nothing planted", nil, []*Attack{scanning(mallory, 0)}, [5]int{0, 1, 0, 0, 0}},
		{"another client", []*Attack{guessing(mallory, "100", 0)}, []*Attack{guessing(oscar, "100", 0)}, [5]int{1, 1, 0, 0, 0}},
		{"another day", []*Attack{guessing(mallory, "100", 0)}, []*Attack{guessing(mallory, "100", 86400)}, [5]int{1, 1, 0, 0, 0}},
		{"scan and swarm have nothing in common", []*Attack{scanning(mallory, 0)}, []*Attack{swarming("100", 0)}, [5]int{1, 1, 0, 0, 0}},
		{"one attempt lost", []*Attack{guessing(mallory, "100", 0)}, []*Attack{weaker}, [5]int{0, 0, 0, 0, 1}},
		{"wrongly known", []*Attack{guessing(mallory, "100", 0)}, []*Attack{known}, [5]int{0, 0, 0, 0, 1}},
		{"the same again, in one", []*Attack{guessing(mallory, "100", 0), guessing(mallory, "100", 50)},
			[]*Attack{guessing(mallory, "100", 30)}, [5]int{0, 0, 1, 0, 0}},
		{"one in two", []*Attack{guessing(mallory, "100", 50)},
			[]*Attack{guessing(mallory, "100", 0), guessing(mallory, "100", 100)}, [5]int{0, 0, 0, 1, 0}},
		{"a scan in pieces", []*Attack{scanning(mallory, 0)},
			[]*Attack{guessing(mallory, "100", 0), guessing(mallory, "101", 9)}, [5]int{0, 0, 0, 1, 0}},
		{"guesses swallowed by a scan", []*Attack{guessing(mallory, "100", 0), guessing(mallory, "101", 0)},
			[]*Attack{scanning(mallory, 0)}, [5]int{0, 0, 1, 0, 0}},
		{"guesses swallowed by a swarm", []*Attack{guessing(mallory, "100", 0), guessing(oscar, "100", 0)},
			[]*Attack{swarming("100", 0)}, [5]int{0, 0, 1, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Compare(&Truth{Attacks: tt.planted}, found(tt.found...))
			got := [5]int{len(r.Missed), len(r.False), len(r.Merged), len(r.Split), len(r.Different)}
			if got != tt.want {
				t.Errorf("missed, false, merged, split, different: %v, want %v", got, tt.want)
			}
			if r.Exact() != (tt.want == [5]int{}) {
				t.Errorf("Exact() = %t", r.Exact())
			}
			if n := len(r.Faults()); (n == 0) != r.Exact() {
				t.Errorf("%d faults told", n)
			}
		})
	}
}

// TestJSON reads alerts as siphunt replay writes them, and finds in them what the detector said.
func TestJSON(t *testing.T) {
	cfg := config.Default()
	encoder, err := cfg.NewEncoder("", "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	var said, written Incidents
	r, err := replay.New(cfg, func(a *detect.Alert) {
		said.Add(a)
		read, err := traffic.ReadAlert(encoder.AppendJSON(nil, a, time.UnixMilli(a.Time)))
		if err != nil {
			t.Fatal(err)
		}
		written.Add(read)
	}, func(msg string) { t.Error(msg) })
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(1, MinScale)
	if err != nil {
		t.Fatal(err)
	}
	records, err := NewEncoder(traffic.Chunks, traffic.Ipfixcol2)
	if err != nil {
		t.Fatal(err)
	}
	var chunk []byte
	for more := true; more; {
		chunk, _, more = records.Chunk(chunk[:0], g)
		r.Chunk(chunk)
	}
	r.Finish()
	if diff := cmp.Diff(said.Ended(), written.Ended(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-said +written)\n%s", diff)
	}
	if n, want := len(said.Ended()), len(g.Truth().Attacks)+len(g.Truth().Misconfigured); n != want {
		t.Errorf("%d incidents, planted %d", n, want)
	}
	for _, line := range []string{
		"", "{", "{}", `{"siphunt":{}}`, `{"event":{"start":"yesterday"}}`, `{"siphunt":{"incident":{"id":"1","kind":"war","state":"open"}}}`,
	} {
		if _, err := traffic.ReadAlert([]byte(line)); err == nil {
			t.Errorf("%q was taken for an alert", line)
		}
	}
}
