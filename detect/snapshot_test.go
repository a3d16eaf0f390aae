package detect_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// A detector that is replaced by one restored from its snapshot, again and again, reports what one does that was never
// disturbed.
func TestSnapshotsChangeNothing(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(seed)
			records = records[:len(records)/5]
			want := detected(cfg, records)

			d := newDetector(t, func(c *detect.Config) { *c = cfg })
			var got []detect.Alert
			for i := range records {
				tell(d, &records[i])
				if i%997 == 996 {
					got = append(got, d.Alerts()...)
					d = reincarnated(t, d, cfg)
				}
			}
			d.Finish()
			got = append(got, d.Alerts()...)
			compareAlerts(t, want, got)
		})
	}
}

func reincarnated(t *testing.T, d *detect.Detector, cfg detect.Config) *detect.Detector {
	t.Helper()
	var first, second bytes.Buffer
	if err := d.Snapshot(&first); err != nil {
		t.Fatal(err)
	}
	next := newDetector(t, func(c *detect.Config) { *c = cfg })
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

// compareAlerts compares reports; those of one moment may come in any order.
func compareAlerts(t *testing.T, want, got []detect.Alert) {
	t.Helper()
	if len(want) == 0 {
		t.Error("the traffic raises no alert")
	}
	lines := func(alerts []detect.Alert) (out []string) {
		slices.SortStableFunc(alerts, func(a, b detect.Alert) int {
			return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Sequence, b.Sequence))
		})
		for _, a := range alerts {
			out = append(out, fmt.Sprintf("%+v", a))
		}
		return out
	}
	w, g := lines(want), lines(got)
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Fatalf("%d alerts, want %d; alert %d is\n%s\nwant\n%s", len(g), len(w), i, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "none"
}

func TestRestoreRefusesWhatIsCutOrForeign(t *testing.T) {
	cfg, records := mix(3)
	d := newDetector(t, func(c *detect.Config) { *c = cfg })
	for i := range records[:2000] {
		f := records[i].flow
		d.Observe(&f)
	}
	var b bytes.Buffer
	if err := d.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	fresh := newDetector(t, func(c *detect.Config) { *c = cfg })
	for cut := 0; cut < b.Len(); cut += 1 + cut/50 {
		if err := fresh.Restore(bytes.NewReader(b.Bytes()[:cut])); err == nil {
			t.Fatalf("%d of %d bytes are taken for a snapshot", cut, b.Len())
		}
		if s := fresh.Stats(); s != (detect.Stats{}) {
			t.Fatalf("after %d of %d bytes it knows %+v", cut, b.Len(), s)
		}
	}
	if err := fresh.Restore(bytes.NewReader(append(b.Bytes(), 0))); err == nil || fresh.Stats() != (detect.Stats{}) {
		t.Errorf("what follows a snapshot is passed over: %v, %+v", err, fresh.Stats())
	}
	if err := fresh.Restore(&b); err != nil {
		t.Error(err)
	}
	err := fresh.Restore(bytes.NewReader([]byte("\x07garbage")))
	if want := `snapshot of the detector: begins with "garbage"`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
