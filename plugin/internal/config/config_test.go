package config

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

var update = flag.Bool("update", false, "write the expected error messages anew")

var compareAddresses = cmpopts.EquateComparable(netip.Prefix{})

// shipped is the file that users copy.
const shipped = "../../../conf/siphunt.toml"

func TestGoodConfig(t *testing.T) {
	got, err := Load("testdata/conf.good.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.WallClock = false
	want.ExtensionBy = "user"
	want.Methods = []string{"REGISTER", "INVITE"}
	want.Format = "custom"
	want.Custom = &flow.Mapping{
		Time: flow.Paths{"timestamp"}, TimeFormat: "ms",
		Source: flow.Paths{"src_ip"}, Destination: flow.Paths{"dst_ip", "dest_ip"},
		Status: flow.Paths{"sip.code"}, CSeq: flow.Paths{"sip.cseq"}, To: flow.Paths{"sip.to"}, Probe: flow.Paths{"observer"},
	}
	d := &want.Detector
	d.Attempts, d.ScanKnownRatio, d.IdleTimeout, d.ReportEnd = 50, 1, 90*time.Minute, true
	d.FailureCodes = []int{401, 407}
	d.Allow = []detect.AllowRule{{
		Clients: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("203.0.113.9/32")},
		Until:   time.Date(2027, 1, 31, 17, 0, 0, 0, time.UTC).UnixMilli(), Reason: "penetration test",
	}, {
		Extensions: []string{"test-*@pbx.example.net"},
	}}
	overridden := d.Thresholds
	overridden.ScanExtensions = 30
	d.Overrides = []detect.Override{{
		Registrars: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::1/128")},
		Thresholds: overridden,
	}}
	want.Enrich = enrich.Config{GeoIP: "city.mmdb", Tags: []string{"voice"}, Assets: []enrich.Asset{
		{Registrars: []netip.Prefix{netip.MustParsePrefix("198.51.100.5/32")}, Name: "exchange", Labels: []string{"gold", "24/7"}},
		{
			Registrars: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/32")},
			Owner:      "Voice", Contact: "+420 1",
		},
	}}
	want.Feed = feed.Config{
		File: "/var/lib/siphunt/clients", Format: "nftables", Kinds: []string{"brute-force"}, MinRisk: 40, Confidence: feed.Probable, Forgeable: true,
		Keep: time.Hour, MaxClients: 65_536,
	}
	if diff := cmp.Diff(want, got, compareAddresses); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

// TestBadConfigs pins what a person reads: each testdata/conf.*.bad.toml has its message in a file beside it.
func TestBadConfigs(t *testing.T) {
	files, _ := filepath.Glob("testdata/conf.*.bad.toml")
	if len(files) < 15 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Load(file)
			if err == nil {
				t.Fatal("taken as good")
			}
			got := strings.ReplaceAll(err.Error(), "testdata/", "") + "\n"
			golden := strings.TrimSuffix(file, ".toml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error("(-want +got)\n" + diff)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	_, err := Load("testdata/none.toml")
	if err == nil || !strings.Contains(err.Error(), "testdata/none.toml") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	got, err := Load("")
	if diff := cmp.Diff(Default(), got); err != nil || diff != "" {
		t.Errorf("without a file: %v, want the defaults\n%s", err, diff)
	}
}

func TestShippedFileHoldsTheDefaults(t *testing.T) {
	got, err := Load(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Error("(-default +file)\n" + diff)
	}
}

// TestShippedFileHoldsEveryKey takes the # off the keys that have no default, and finds the examples good too.
func TestShippedFileHoldsEveryKey(t *testing.T) {
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^#(\[|[a-z0-9_]+ = )`).ReplaceAllString(string(text), "$1")
	all = strings.Replace(all, `format = "auto"`, `format = "custom"`, 1)
	got, err := Parse("siphunt.toml", all)
	if err != nil {
		t.Fatalf("with the examples: %v", err)
	}
	if len(got.Detector.Allow) != 1 || len(got.Detector.Sisters) != 1 || len(got.Detector.Overrides) != 1 {
		t.Errorf("examples of allow, sister or override are missing: %+v", got.Detector)
	}
	for name := range settings {
		_, key := cutLast(name)
		if !regexp.MustCompile(`(?m)^` + key + ` = `).MatchString(all) {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestExamplesWork: what an error proposes is good.
func TestExamplesWork(t *testing.T) {
	for name, s := range settings {
		table, key := cutLast(name)
		_, err := Parse(name, header(table)+"\n"+key+" = "+s.example+"\n")
		if err != nil && strings.Contains(err.Error(), name+" = ") {
			t.Errorf("%s = %s: %v", name, s.example, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.toml")
	for _, file := range append(files, shipped) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f", text)
		if err == nil && c.Detector.Validate() != nil {
			t.Errorf("taken, but invalid: %v", c.Detector.Validate())
		}
	})
}
