package report

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// span is a time span as a person says it: 0.4 s, 2.2 s, 45 s, 12 min, 3.5 h, 4 d.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return brief(d.Seconds()) + " s"
	case d < time.Hour:
		return brief(d.Minutes()) + " min"
	case d < 48*time.Hour:
		return brief(d.Hours()) + " h"
	}
	return brief(d.Hours()/24) + " d"
}

// brief has one decimal below ten, where it is not zero, and none above.
func brief(v float64) string {
	if tenths := math.Round(v*10) / 10; tenths < 10 && tenths != math.Trunc(tenths) {
		return strconv.FormatFloat(tenths, 'f', 1, 64)
	}
	return humanize.Thousands(int(math.Round(v)))
}

// share is a part of a whole, in percent.
func share(part, whole uint64) string {
	if whole == 0 {
		return "0 %"
	}
	p := float64(part) / float64(whole) * 100
	if p > 0 && p < 0.01 {
		return "< 0.01 %"
	}
	return strconv.FormatFloat(p, 'g', 3, 64) + " %"
}

// moment is a time to the second, as tables have it.
func moment(t time.Time) string { return t.UTC().Format("2 Jan 15:04:05") }

// stamp is a time for machines.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// days is a period as a headline has it.
func days(from, to time.Time) string {
	const day = "2 January 2006"
	from, to = from.UTC(), to.UTC()
	a, b := from.Format(day), to.Format(day)
	switch {
	case a == b:
		return a + ", " + from.Format("15:04") + " to " + to.Format("15:04") + " UTC"
	case from.Year() == to.Year() && from.Month() == to.Month():
		return strconv.Itoa(from.Day()) + " to " + b
	case from.Year() == to.Year():
		return from.Format("2 January") + " to " + b
	}
	return a + " to " + b
}

// severityName is a severity in words; what is between two steps is the lower one.
func severityName(severity int) string {
	switch {
	case severity >= detect.SeverityCritical:
		return "critical"
	case severity >= detect.SeverityHigh:
		return "high"
	case severity >= detect.SeverityMedium:
		return "medium"
	}
	return "low"
}

// kindName is a kind as a person says it.
func kindName(kind string) string { return strings.ReplaceAll(kind, "-", " ") }

// sentence makes one of a clause.
func sentence(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if s = string(unicode.ToUpper(first)) + s[n:]; !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// stateName is how far an incident is.
func stateName(state string) string {
	switch state {
	case ended, merged:
		return "over"
	case withdrawn:
		return "taken back: no attack"
	}
	return "under way"
}

// shortID is enough of an id to find it again.
func shortID(id string) string { return id[:min(8, len(id))] }
