package alert

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
)

func sampleFolded() *Folded {
	return &Folded{
		Detector: "main", Minute: time.Date(2026, 11, 22, 9, 40, 0, 0, time.UTC).UnixMilli(), Limit: 100,
		Counts: []FoldedCount{{detect.Scan, detect.Open, 1200}, {detect.BruteForce, detect.End, 1}},
	}
}

func TestFolded(t *testing.T) {
	fields := ecsFolded(&encoder(t).options, sampleFolded(), created)
	got := string(appendJSON(nil, fields[:1])) + string(appendJSON(nil, fields[3:4]))
	want := `{"message":"1,201 alerts of the minute from 09:40 UTC left out, because there were more than max_alerts_per_minute = 100: ` +
		`1,200 extension-scan open, 1 brute-force end. No success is among them."}` +
		`{"siphunt":{"folded":[{"kind":"extension-scan","state":"open","count":1200},{"kind":"brute-force","state":"end","count":1}]}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("(-want +got)\n" + diff)
	}
}

// TestFoldedIDs: two detectors, or two minutes, are two records; the same minute twice is one.
func TestFoldedIDs(t *testing.T) {
	ids := map[any]bool{}
	for _, change := range []func(*Folded){
		func(*Folded) {}, func(f *Folded) { f.Limit = 7 },
		func(f *Folded) { f.Detector = "other" },
		func(f *Folded) { f.Minute += 60_000 },
	} {
		f := sampleFolded()
		change(f)
		record := fromJSON(t, appendJSON(nil, ecsFolded(&encoder(t).options, f, created)))
		ids[record["event"].(map[string]any)["id"]] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d ids, want 3", len(ids))
	}
}
