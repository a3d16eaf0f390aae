package quota

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// recorded is when all of it happens.
var recorded = time.Date(2026, 11, 22, 9, 40, 40, 0, time.UTC)

func TestQuotaFoldsUpdatesFirst(t *testing.T) {
	q := Quota{Limit: 4}
	if q.Summary(recorded.UnixMilli()) != nil {
		t.Error("a first minute has a summary")
	}
	pass := func(s detect.State) bool { return q.Pass(&detect.Alert{Kind: detect.Scan, State: s}) }
	var got strings.Builder
	for _, s := range []detect.State{detect.Update, detect.Open, detect.Update, detect.Success, detect.End, detect.Open, detect.Merged, detect.Success, detect.Update} {
		fmt.Fprint(&got, s, " ", pass(s), ", ")
	}
	if want := "update true, open true, update false, success true, end true, open false, merged false, success true, update false, "; got.String() != want {
		t.Errorf("got  %s\nwant %s", got.String(), want)
	}
	if q.Summary(recorded.Add(10*time.Second).UnixMilli()) != nil {
		t.Error("a summary in the middle of a minute")
	}
	f := q.Summary(recorded.Add(time.Minute).UnixMilli())
	if f == nil || fmt.Sprint(f.Counts) != "[{extension-scan open 1} {extension-scan update 2} {extension-scan merged 1}]" ||
		f.Limit != 4 || f.Minute != recorded.Truncate(time.Minute).UnixMilli() {
		t.Errorf("summary %+v", f)
	}
	if q.Summary(recorded.Add(2*time.Minute).UnixMilli()) != nil || !pass(detect.Update) {
		t.Error("the next minute does not begin anew")
	}
}

func TestNoQuota(t *testing.T) {
	var q Quota
	for range 1000 {
		if !q.Pass(&detect.Alert{Kind: detect.Scan, State: detect.Update}) {
			t.Fatal("an alert is folded without a limit")
		}
	}
}
