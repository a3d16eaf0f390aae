package alert

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
)

func TestAccountIsSplitAtTheLastAt(t *testing.T) {
	for extension, want := range map[string][2]string{
		"300@pbx.example.net":     {"300", "pbx.example.net"},
		"a@b@pbx.example.net":     {"a@b", "pbx.example.net"},
		"300":                     {"300", ""},
		"@pbx.example.net":        {"", "pbx.example.net"},
		"300@":                    {"300", ""},
		"":                        {"", ""},
		"+4212345@[2001:db8::10]": {"+4212345", "[2001:db8::10]"},
	} {
		if name, domain := account(extension); name != want[0] || domain != want[1] {
			t.Errorf("%q: %q at %q, want %q", extension, name, domain, want)
		}
	}
}

func TestUser(t *testing.T) {
	fell := []detect.Succeeded{{Extension: "305@a"}, {Extension: "317@b"}}
	entered := func(a *detect.Alert) { succeeded(a, fell...) }
	tests := []struct {
		name string
		a    detect.Alert
		want object
	}{
		{"the account under attack", sampleBruteForce(), object{{"name", "300"}, {"domain", "198.18.0.10"}}},
		{"the same of many clients", sampleDistributed(), object{{"name", "300"}, {"domain", "198.18.0.10"}}},
		{"none of those scanned", sampleScan(), object{}},
		{"the one that fell last", with(sampleSpray(), entered), object{{"name", "317"}, {"domain", "b"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, user(&tt.a), cmp.AllowUnexported(field{})); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// Those who got in come before the mere strongest, so that the bound cannot hide them.
func TestRelatedIsBoundedAndWithoutDoubles(t *testing.T) {
	a := sampleDistributed()
	for i := range detect.MaxSuccesses {
		client := netip.MustParseAddr(fmt.Sprintf("203.0.113.%d", i/2))
		a.Successes = append(a.Successes, detect.Succeeded{Extension: fmt.Sprintf("%d@a", i/2), Client: client})
	}
	ips, users := relatedIPs(&a), relatedUsers(&a)
	want := []string{"198.18.0.10", "198.18.1.30", "203.0.113.0", "203.0.113.1"}
	if diff := cmp.Diff(want, ips[:4]); diff != "" || len(ips) != maxRelated {
		t.Errorf("%d addresses: %s", len(ips), diff)
	}
	if diff := cmp.Diff([]string{"0", "1", "2"}, users[:3]); diff != "" || len(users) != maxRelated {
		t.Errorf("%d users: %s", len(users), diff)
	}
}

func TestClientAddress(t *testing.T) {
	for _, tt := range []struct {
		client string
		prefix int
		want   string
	}{
		{"198.18.1.13", 64, "198.18.1.13"},
		{"2001:db8:0:1::", 64, "2001:db8:0:1::/64"},
		{"2001:db8::", 48, "2001:db8::/48"},
		{"2001:db8::66", 128, "2001:db8::66"},
		{"2001:db8::66", 0, "2001:db8::66"},
	} {
		if got := address(netip.MustParseAddr(tt.client), tt.prefix); got != tt.want {
			t.Errorf("%s with prefix %d: %s, want %s", tt.client, tt.prefix, got, tt.want)
		}
	}
}
