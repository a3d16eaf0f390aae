package engine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

func TestQuotaFoldsUpdatesFirst(t *testing.T) {
	q := quota{limit: 4}
	if q.summary(recorded.UnixMilli()) != nil {
		t.Error("a first minute has a summary")
	}
	pass := func(s detect.State) bool { return q.pass(&detect.Alert{Kind: detect.Scan, State: s}) }
	var got strings.Builder
	for _, s := range []detect.State{detect.Update, detect.Open, detect.Update, detect.Success, detect.End, detect.Open, detect.Merged, detect.Success, detect.Update} {
		fmt.Fprint(&got, s, " ", pass(s), ", ")
	}
	if want := "update true, open true, update false, success true, end true, open false, merged false, success true, update false, "; got.String() != want {
		t.Errorf("got  %s\nwant %s", got.String(), want)
	}
	if q.summary(recorded.Add(10*time.Second).UnixMilli()) != nil {
		t.Error("a summary in the middle of a minute")
	}
	f := q.summary(recorded.Add(time.Minute).UnixMilli())
	if f == nil || fmt.Sprint(f.Counts) != "[{extension-scan open 1} {extension-scan update 2} {extension-scan merged 1}]" ||
		f.Limit != 4 || f.Minute != recorded.Truncate(time.Minute).UnixMilli() {
		t.Errorf("summary %+v", f)
	}
	if q.summary(recorded.Add(2*time.Minute).UnixMilli()) != nil || !pass(detect.Update) {
		t.Error("the next minute does not begin anew")
	}
}

func TestNoQuota(t *testing.T) {
	var q quota
	for range 1000 {
		if !q.pass(&detect.Alert{Kind: detect.Scan, State: detect.Update}) {
			t.Fatal("an alert is folded without a limit")
		}
	}
}

// TestFloodOfAlerts: two alerts a minute for many attacks, over a crash. What is left out is said once, by number.
func TestFloodOfAlerts(t *testing.T) {
	l := newLife(t, withState+"[alerts]\nmax_alerts_per_minute = 2\n[detector]\nmax_future = \"240h\"\nreport = \"all\"\n")
	for i, chunk := range dayChunks(t, 1000) {
		l.clock.set(recorded.Add(time.Duration(i) * time.Second))
		l.e.Flush(chunk)
	}
	l.clock.set(recorded.Add(15 * time.Second))
	l.e.tick()
	folded := figure(t, l.e, "alerts_folded_total")
	before := collect(l.e)
	l.crash()
	if !bytes.Equal(before, collect(l.e)) {
		t.Error("other alerts wait after the crash")
	}
	l.collect(true)
	l.clock.set(recorded.Add(time.Minute))
	l.e.tick()
	l.collect(true)
	last := l.alerts[len(l.alerts)-1]
	if folded < 2 || !strings.Contains(last, "sip-alerts-folded") || !strings.Contains(last, fmt.Sprintf("%v alerts of the minute", folded)) {
		t.Errorf("%v were folded, and the last record is %q", folded, last)
	}
}
