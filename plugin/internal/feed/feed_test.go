package feed

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
)

var start = time.Date(2026, 11, 22, 9, 40, 0, 0, time.UTC)

// everyone is a configuration that leaves nobody out but those who are known good or allowed.
func everyone(t *testing.T) Config {
	t.Helper()
	return Config{
		File: filepath.Join(t.TempDir(), "clients"), Format: "plain", Confidence: Any, Forgeable: true, Keep: time.Hour, MaxClients: 1000,
	}
}

// open makes a feed that must not warn of anything but what the test expects.
func open(t *testing.T, c Config, allow ...detect.AllowRule) (*Feed, *[]string) {
	t.Helper()
	var warned []string
	f := New(func(text string) { warned = append(warned, text) })
	f.Configure(c, allow, 64, start)
	return f, &warned
}

// attack is an alert about one client, over TCP.
func attack(client string, change func(*detect.Alert)) *detect.Alert {
	addr := netip.MustParseAddr(client)
	a := &detect.Alert{
		ID: "incident of " + client, Kind: detect.BruteForce, State: detect.Open, Sequence: 1, Transport: detect.TCP, Attempts: 100,
		First: start.Add(-time.Minute).UnixMilli(), Last: start.UnixMilli(), Client: detect.Endpoint{Addr: addr},
		Clients: detect.Members{Count: 1, Top: []detect.Member{{Client: addr, Attempts: 100}}}, Severity: detect.SeverityMedium,
	}
	if change != nil {
		change(a)
	}
	return a
}

// botnet is an alert about many clients, over UDP, of which the first has broken in.
func botnet(clients ...string) *detect.Alert {
	return attack(clients[0], func(a *detect.Alert) {
		a.Kind, a.Transport, a.Confidence, a.State = detect.Distributed, detect.UDP, detect.Confirmed, detect.Success
		a.Clients = detect.Members{Count: len(clients)}
		for _, c := range clients {
			a.Clients.Top = append(a.Clients.Top, detect.Member{Client: netip.MustParseAddr(c), Attempts: 10})
		}
		a.Successes = []detect.Succeeded{{Client: a.Client.Addr, Confidence: detect.Confirmed}}
		a.SuccessesN = 1
	})
}

// written writes the feed and returns the lines of its file.
func written(t *testing.T, f *Feed, now time.Time) []string {
	t.Helper()
	f.Write(now)
	text, err := os.ReadFile(f.config.File)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

func TestWhoIsInTheFeed(t *testing.T) {
	udp := func(a *detect.Alert) { a.Transport, a.Forgeable = detect.UDP, true }
	tests := []struct {
		name   string
		change func(*Config)
		alert  *detect.Alert
		want   []string
	}{
		{"an attacker", nil, attack("198.18.1.13", nil), []string{"198.18.1.13"}},
		{"a prefix of IPv6", nil, attack("2001:db8:0:1::", nil), []string{"2001:db8:0:1::/64"}},
		{"who may be forged", func(c *Config) { c.Forgeable = false }, attack("198.18.1.13", udp), nil},
		{"who may be forged, wanted", nil, attack("198.18.1.13", udp), []string{"198.18.1.13"}},
		{"UDP, with a login", func(c *Config) { c.Forgeable = false }, attack("198.18.1.13", func(a *detect.Alert) { a.Transport = detect.UDP }), []string{"198.18.1.13"}},
		{"of many over UDP, who broke in", func(c *Config) { c.Forgeable = false }, botnet("198.18.1.30", "198.18.1.31"), []string{"198.18.1.30"}},
		{"all of them", nil, botnet("198.18.1.31", "198.18.1.30"), []string{"198.18.1.30", "198.18.1.31"}},
		{"a known client", nil, attack("198.18.1.13", func(a *detect.Alert) { a.KnownClient = true }), nil},
		{"most likely the owner", nil, attack("198.18.1.13", func(a *detect.Alert) { a.Confidence = detect.Unlikely }), nil},
		{"an outage", nil, attack("198.18.1.13", func(a *detect.Alert) { a.Kind = detect.Outage }), nil},
		{"a small risk", func(c *Config) { c.MinRisk = 60 }, attack("198.18.1.13", nil), nil},
		{"another kind", func(c *Config) { c.Kinds = []string{"extension-scan"} }, attack("198.18.1.13", nil), nil},
		{"a wanted kind", func(c *Config) { c.Kinds = []string{"extension-scan", "brute-force"} }, attack("198.18.1.13", nil), []string{"198.18.1.13"}},
		{"nobody has broken in", func(c *Config) { c.Confidence = Probable }, attack("198.18.1.13", nil), nil},
		{"somebody has", func(c *Config) { c.Confidence = Confirmed }, botnet("198.18.1.30", "198.18.1.31"), []string{"198.18.1.30"}},
		{"long ago", nil, attack("198.18.1.13", func(a *detect.Alert) { a.Last = start.Add(-time.Hour).UnixMilli() }), nil},
		{"no address", nil, attack("0.0.0.0", nil), nil},
		{"ourselves", nil, attack("127.0.0.1", nil), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := everyone(t)
			if tt.change != nil {
				tt.change(&c)
			}
			f, warned := open(t, c)
			f.Add(tt.alert, start)
			if diff := cmp.Diff(tt.want, append([]string(nil), written(t, f, start)...)); diff != "" || len(*warned) > 0 {
				t.Errorf("warned %q (-want +got):\n%s", *warned, diff)
			}
		})
	}
}

func TestClientsLeaveInTime(t *testing.T) {
	f, _ := open(t, everyone(t))
	f.Add(attack("198.18.1.13", nil), start)
	f.Add(attack("198.18.1.14", func(a *detect.Alert) { a.Last += 60_000 }), start)
	if got := written(t, f, start.Add(time.Hour-1)); len(got) != 2 {
		t.Errorf("too early: %q", got)
	}
	if got := written(t, f, start.Add(time.Hour)); len(got) != 1 || got[0] != "198.18.1.14" {
		t.Errorf("one is over: %q", got)
	}
	f.Add(attack("198.18.1.14", func(a *detect.Alert) { a.State, a.Last = detect.Update, a.Last+120_000 }), start)
	if got := written(t, f, start.Add(time.Hour+time.Minute)); len(got) != 1 {
		t.Errorf("the other one has gone on: %q", got)
	}
	if got := written(t, f, start.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("both are over: %q", got)
	}
}

// Who turns out to be innocent leaves at once; an incident clears its own clients only.
func TestWithdrawnClientsLeave(t *testing.T) {
	f, _ := open(t, everyone(t))
	f.Add(attack("198.18.1.13", nil), start)
	f.Add(attack("198.18.1.14", nil), start)
	f.Add(attack("198.18.1.13", func(a *detect.Alert) { a.State, a.ID = detect.Withdrawn, "another" }), start)
	if got := written(t, f, start); len(got) != 2 {
		t.Errorf("another incident has cleared them: %q", got)
	}
	f.Add(attack("198.18.1.13", func(a *detect.Alert) { a.State = detect.Withdrawn }), start)
	if got := written(t, f, start); len(got) != 1 || got[0] != "198.18.1.14" {
		t.Errorf("got %q", got)
	}
}

func TestAllowedClientsAreLeftOut(t *testing.T) {
	rule := func(clients string, until time.Time) detect.AllowRule {
		r := detect.AllowRule{Clients: []netip.Prefix{netip.MustParsePrefix(clients)}}
		if !until.IsZero() {
			r.Until = until.UnixMilli()
		}
		return r
	}
	c := everyone(t)
	f, _ := open(t, c, rule("198.18.1.0/28", time.Time{}), rule("198.18.2.0/24", start), rule("2001:db8:0:1::66/128", time.Time{}))
	for _, client := range []string{"198.18.1.13", "198.18.1.30", "198.18.2.1", "2001:db8:0:1::", "2001:db8:0:2::"} {
		f.Add(attack(client, nil), start)
	}
	if diff := cmp.Diff([]string{"198.18.1.30", "198.18.2.1", "2001:db8:0:2::/64"}, written(t, f, start)); diff != "" {
		t.Error(diff)
	}
	f.Configure(c, []detect.AllowRule{rule("198.18.0.0/16", time.Time{})}, 64, start) // a new entry lets them out
	if diff := cmp.Diff([]string{"2001:db8:0:2::/64"}, written(t, f, start)); diff != "" {
		t.Error(diff)
	}
}

// The next process goes on where the last one stopped.
func TestFeedOutlivesTheProcess(t *testing.T) {
	c := everyone(t)
	f, _ := open(t, c)
	f.Add(attack("198.18.1.13", nil), start)
	f.Add(attack("2001:db8:0:1::", func(a *detect.Alert) { a.Last += 60_000 }), start)
	want := written(t, f, start)
	again, warned := open(t, c)
	if diff := cmp.Diff(want, written(t, again, start)); diff != "" || len(*warned) > 0 {
		t.Errorf("warned %q: %s", *warned, diff)
	}
	if got := written(t, again, start.Add(time.Hour)); len(got) != 1 {
		t.Errorf("they stay for as long as before: %q", got)
	}
	if err := os.WriteFile(c.File+".state", []byte("{\x00\nnull\n{\"client\":\"x\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken, _ := open(t, c)
	if got := written(t, broken, start); len(got) != 0 {
		t.Errorf("of a broken file: %q", got)
	}
}

func TestAnotherFileTakesOver(t *testing.T) {
	c := everyone(t)
	f, _ := open(t, c)
	f.Add(attack("198.18.1.13", nil), start)
	written(t, f, start)
	old := c.File
	c.File += ".other"
	f.Configure(c, nil, 64, start)
	if got := written(t, f, start); len(got) != 0 {
		t.Errorf("the new file has %q", got)
	}
	if text, err := os.ReadFile(old); err != nil || len(text) > 0 {
		t.Errorf("the old file, which nobody keeps any more, has %q (%v)", text, err)
	}
}

// A flood of clients cannot make the feed grow; those who would leave last stay.
func TestFeedIsBounded(t *testing.T) {
	c := everyone(t)
	f, warned := open(t, c)
	for i := range 3 * c.MaxClients {
		f.Add(attack(fmt.Sprintf("198.18.%d.%d", i/250, 1+i%250), func(a *detect.Alert) { a.Last += int64(i) }), start)
		if len(f.clients) > c.MaxClients {
			t.Fatalf("%d clients", len(f.clients))
		}
	}
	got := written(t, f, start)
	if len(got) < c.MaxClients*98/100 || got[len(got)-1] != "198.18.11.250" {
		t.Errorf("%d clients, the last %s", len(got), got[len(got)-1])
	}
	if len(*warned) != 1 || !strings.Contains((*warned)[0], "feed.max_clients = 1000") {
		t.Errorf("warned %q", *warned)
	}
}

// Where the disk is full or the folder is gone that is told once, the old file stays, and it is tried again.
func TestFileThatCannotBeWritten(t *testing.T) {
	c := everyone(t)
	c.File = filepath.Join(t.TempDir(), "none", "clients")
	f, warned := open(t, c)
	f.Add(attack("198.18.1.13", nil), start)
	f.Write(start)
	f.Write(start)
	if len(*warned) != 1 || !strings.Contains((*warned)[0], "cannot be written") {
		t.Errorf("warned %q", *warned)
	}
	if err := os.Mkdir(filepath.Dir(c.File), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := written(t, f, start); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// An unchanged feed is not written, and nothing is left beside it.
func TestFileIsReplacedOnlyWhenSomethingChanges(t *testing.T) {
	c := everyone(t)
	f, _ := open(t, c)
	f.Add(attack("198.18.1.13", nil), start)
	written(t, f, start)
	before, err := os.Stat(c.File)
	if err != nil {
		t.Fatal(err)
	}
	f.Add(attack("198.18.1.13", nil), start) // the same again
	written(t, f, start)
	after, err := os.Stat(c.File)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("written anew: %v", err)
	}
	entries, _ := os.ReadDir(filepath.Dir(c.File))
	if len(entries) != 2 || after.Mode().Perm() != 0o644 {
		t.Errorf("%v, mode %v", entries, after.Mode())
	}
}

func TestNoFile(t *testing.T) {
	c := everyone(t)
	c.File = ""
	f, warned := open(t, c)
	f.Add(attack("198.18.1.13", nil), start)
	f.Write(start)
	if len(f.clients) > 0 || len(*warned) > 0 {
		t.Errorf("%d clients, warned %q", len(f.clients), *warned)
	}
}
