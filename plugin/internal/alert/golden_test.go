package alert

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich/enrichtest"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden are the alerts of the golden files, by the files' names.
func golden() map[string]detect.Alert {
	merged := with(sampleBruteForce(), func(a *detect.Alert) {
		a.State, a.Sequence, a.EndReason, a.MergedInto = detect.Merged, 2, detect.EndMerged, "fedcba9876543210fedcba9876543210"
	})
	return map[string]detect.Alert{
		"brute-force-open": with(sampleBruteForce(), func(a *detect.Alert) {
			a.Tools, a.Forgeable = []string{"friendly-scanner"}, true
		}),
		"brute-force-success": sampleBruteForceSuccess(),
		"brute-force-merged":  merged,
		"brute-force-end":     with(sampleBruteForceSuccess(), func(a *detect.Alert) { ended(a, detect.EndIdle) }),
		"brute-force-ipv6":    sampleIPv6(),
		"scan-open":           sampleScan(),
		"scan-update": with(sampleScan(), func(a *detect.Alert) {
			a.State, a.Sequence, a.Attempts = detect.Update, 2, 20_480
			a.Extensions.Count, a.Extensions.Estimated = 17_302, true
			lasting(a, 5*time.Minute)
		}),
		"scan-report-end": with(sampleScan(), func(a *detect.Alert) {
			a.Sequence = 0
			ended(a, detect.EndIdle)
		}),
		"spray-changed": sampleSpray(),
		"spray-success": with(sampleSpray(), func(a *detect.Alert) {
			a.State, a.Changed, a.Surer, a.Sequence, a.Severity = detect.Success, false, true, 3, detect.SeverityCritical
			succeeded(a,
				detect.Succeeded{Extension: "305@198.18.0.10", Client: a.Client.Addr, Time: a.Last - 2000, Attempts: 20},
				detect.Succeeded{Extension: "317@198.18.0.10", Client: a.Client.Addr, Time: a.Last + 10, Attempts: 26})
		}),
		"distributed-open": sampleDistributed(),
		"distributed-success": with(sampleDistributed(), func(a *detect.Alert) {
			a.State, a.Surer, a.Sequence = detect.Success, true, 2
			winner := a.Clients.Top[7].Client
			succeeded(a, detect.Succeeded{Extension: a.Extension, Client: winner, Time: a.Last + 10, Attempts: 28, Confidence: detect.Probable})
		}),
		"horizontal-open":       sampleHorizontal(),
		"distributed-scan-open": sampleDistributedScan(),
		"outage-open":           sampleOutage(),
		"outage-end":            with(sampleOutage(), func(a *detect.Alert) { ended(a, detect.EndRecovered) }),
		"scan-withdrawn": with(sampleScan(), func(a *detect.Alert) {
			ended(a, detect.EndAccepted)
			a.State = detect.Withdrawn
		}),
		"brute-force-phone-like": with(sampleBruteForce(), func(a *detect.Alert) {
			a.PhoneLike, a.Severity = true, detect.SeverityLow
			a.UserAgents = []string{"Softphone 1.0"}
			counted(a, 25)
			lasting(a, 250*time.Second)
		}),
	}
}

// enriched is an encoder that knows more of the samples' addresses than is in the alerts.
func enriched(t *testing.T, format string) *Encoder {
	t.Helper()
	c := enrich.Config{
		GeoIP: filepath.Join(t.TempDir(), "city.mmdb"), ASN: filepath.Join(t.TempDir(), "asn.mmdb"), Tags: []string{"voice"},
		Assets: []enrich.Asset{{
			Registrars: []netip.Prefix{netip.MustParsePrefix("198.18.0.0/24")}, Name: "customer exchange", Owner: "Voice team",
			Contact: "voice@example.net", Labels: []string{"gold"},
		}},
	}
	for file, content := range map[string][]byte{c.GeoIP: enrichtest.Cities(t, "Prague"), c.ASN: enrichtest.Systems(t)} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := options
	o.Format, o.Sources = format, enrich.Open(c, func(text string) { t.Error(text) })
	e, err := NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sampling is an encoder for an exporter that looks at 1 in 100 packets.
func sampling(t *testing.T, format string) *Encoder {
	t.Helper()
	o := options
	o.Format, o.Sampling = format, 100
	e, err := NewEncoder(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestGolden has one file for each alert in each format.
func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		check := func(name string, line []byte) {
			t.Run(format+"/"+name, func(t *testing.T) {
				var got bytes.Buffer
				if err := json.Indent(&got, line, "", "  "); err != nil {
					t.Fatal(err)
				}
				got.WriteByte('\n')
				compareGolden(t, filepath.Join("testdata", format, name+".json"), got.String())
			})
		}
		e, success := encoderOf(t, format), sampleBruteForceSuccess()
		for name, a := range golden() {
			check(name, e.AppendJSON(nil, &a, created))
		}
		check("enriched", enriched(t, format).AppendJSON(nil, &success, created))
		check("sampled", sampling(t, format).AppendJSON(nil, &success, created))
		check("folded", appendJSON(nil, e.format.folded(&e.options, sampleFolded(), created)))
	}
}
