package alert

import (
	"bytes"
	"testing"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/schematest"
)

// The sample alerts, every sentence's alert, hostile ones and the one of those left out hold to the public schemas.
func TestRecordsHoldToThePublicSchemas(t *testing.T) {
	for _, format := range []string{"ocsf", "idea"} {
		t.Run(format, func(t *testing.T) {
			e := encoderOf(t, format)
			var records bytes.Buffer
			add := func(a *detect.Alert) {
				records.Write(e.AppendJSON(nil, a, created))
				records.WriteByte('\n')
			}
			for _, a := range golden() {
				add(&a)
			}
			everySentence(func(_ string, a *detect.Alert) { add(a) })
			for _, a := range hostile() {
				add(&a)
			}
			a := sampleBruteForceSuccess()
			records.Write(append(enriched(t, format).AppendJSON(nil, &a, created), '\n'))
			records.Write(appendJSON(nil, e.format.folded(&e.options, sampleFolded(), created)))
			schematest.Validate(t, format, records.Bytes())
		})
	}
}

// hostile are alerts with the least there may be, and the oddest.
func hostile() []detect.Alert {
	odd := "\x1b[2J\u202e\"@\xff"
	return []detect.Alert{
		{State: detect.Open, Kind: detect.BruteForce, ID: id},
		{State: detect.Success, Kind: detect.DistributedScan, ID: id, SuccessesN: 1, Successes: []detect.Succeeded{{}}, Confidence: detect.Probable},
		with(sampleSpray(), func(a *detect.Alert) {
			a.Extension, a.UserAgents, a.Probes, a.Tools = odd, []string{odd, ""}, []string{odd, ""}, []string{odd}
			a.Extensions.Top = []detect.Member{{Extension: odd}, {}}
			succeeded(a, detect.Succeeded{Extension: "@" + odd}, detect.Succeeded{})
		}),
		with(sampleIPv6(), func(a *detect.Alert) { a.Time, a.First, a.Last = -1, -1, -1 }),
	}
}
