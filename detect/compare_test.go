package detect_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// epoch is when the tests' traffic starts: a multiple of every check interval in use.
var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).UnixMilli()

// clockFace gives a time as seconds since epoch.
func clockFace(t int64) string { return fmt.Sprintf("%gs", float64(t-epoch)/1000) }

// lines says what alerts say, one a line: all that RULES.md determines but the ids. What happens at the same time is in no order.
func lines(alerts []detect.Alert) []string {
	var all []string
	for i := range alerts {
		all = append(all, line(&alerts[i]))
	}
	slices.Sort(all)
	return all
}

func line(a *detect.Alert) string {
	registrar := a.Registrar.Addr.String()
	if a.Kind == detect.HorizontalScan { // it has many, and names one of them
		registrar = "many"
	}
	client := ""
	if a.Client.Addr.IsValid() {
		client = a.Client.Addr.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%015.3f %s %d %s", float64(a.Time-epoch)/1000, a.State, a.Sequence, a.Kind)
	for _, f := range []struct {
		is   bool
		word string
	}{{a.Changed, " changed"}, {a.KnownClient, " known client"}, {a.PhoneLike, " phone-like"}, {a.Slow, " slow"}} {
		if f.is {
			b.WriteString(f.word)
		}
	}
	if a.EndReason != detect.NotEnded {
		fmt.Fprintf(&b, " (%s)", a.EndReason)
	}
	fmt.Fprintf(&b, " severity %d %s on %s by %s of %q: %d attempts", a.Severity, a.Confidence, registrar, client, a.Extension, a.Attempts)
	for _, c := range a.Rejections {
		fmt.Fprintf(&b, " %dx%d", c.Attempts, c.Status)
	}
	fmt.Fprintf(&b, " from %s to %s, %s %d>=%d at %s", clockFace(a.First), clockFace(a.Last),
		a.Crossed.Key, a.Crossed.Value, a.Crossed.Threshold, clockFace(a.Crossed.Time))
	for _, m := range []struct {
		what string
		detect.Members
	}{{"clients", a.Clients}, {"extensions", a.Extensions}, {"registrars", a.Registrars}} {
		fmt.Fprintf(&b, "; %d %s", m.Count, m.what)
		for _, one := range m.Top {
			if one.Client.IsValid() {
				fmt.Fprintf(&b, " %s:%d", one.Client, one.Attempts)
			} else {
				fmt.Fprintf(&b, " %q:%d", one.Extension, one.Attempts)
			}
		}
	}
	fmt.Fprintf(&b, "; %d successes", a.SuccessesN)
	for _, s := range a.Successes {
		fmt.Fprintf(&b, " %q by %s on %s at %s after %d (%s)", s.Extension, s.Client, s.Registrar, clockFace(s.Time), s.Attempts, s.Confidence)
	}
	if a.Kind != detect.HorizontalScan { // those of the registrar where it crossed the threshold
		fmt.Fprintf(&b, "; %v", a.Thresholds)
	}
	return b.String()
}

// differences lists what only one of two judges says, the first of it.
func differences(want, got []detect.Alert) string {
	const most = 6
	var b strings.Builder
	only := func(name string, these, those []string) {
		left := slices.Clone(those)
		n := 0
		for _, s := range these {
			if i := slices.Index(left, s); i >= 0 {
				left = slices.Delete(left, i, i+1)
			} else if n++; n <= most {
				fmt.Fprintf(&b, "  only %s: %s\n", name, s)
			}
		}
	}
	w, g := lines(want), lines(got)
	if slices.Equal(w, g) {
		return ""
	}
	only("reference", w, g)
	only("detector ", g, w)
	return b.String()
}
