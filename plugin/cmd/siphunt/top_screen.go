package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// Lines of the screen that are no incidents: three of the header, a problem, an empty one, the table's header and rule, how many are left out.
const otherLines = 8

// maxShown is how many incidents are shown where there is no terminal to bound them.
const maxShown = 100

// screen is what is shown, for a terminal of a size; 0 is none.
func (t *top) screen(now time.Time, width, height int) string {
	most := maxShown
	if height > 0 {
		most = max(height-otherLines, 1)
	}
	incidents := t.follower.Incidents(most)
	var b strings.Builder
	b.WriteString(t.header(now))
	if t.metrics != nil && len(t.metrics.values) > 0 {
		b.WriteString(t.metrics.line() + "\n")
	}
	if t.problem != "" {
		b.WriteString(printable(t.problem) + "\n")
	}
	if len(incidents) == 0 {
		b.WriteString("\nNo incident is open.\n")
		return b.String()
	}
	b.WriteByte('\n')
	for line := range strings.Lines(t.table(incidents, width) + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if n := t.follower.Stats().Incidents - len(incidents); n > 0 {
		fmt.Fprintf(&b, "and %s more\n", humanize.Count(n, "incident"))
	}
	return b.String()
}

// header says how the detector does, and how old that is.
func (t *top) header(now time.Time) string {
	f, s := t.follower, t.follower.Stats()
	return fmt.Sprintf("siphunt %s, %s UTC, %s\n%.0f SIP records/s, lag %s, %s open, %s remembered, %d evicted, %d ended early\n",
		printable(t.name), now.UTC().Format(time.TimeOnly), t.age(now), f.Rate(), brief(time.Duration(f.Lag)*time.Millisecond),
		humanize.Count(s.Incidents, "incident"), humanize.Count(s.Pairs, "pair"), s.Evicted, s.EndedEarly)
}

// stale is how old the state of a detector at work never is.
const stale = 15 * time.Second

// age says how old the state is.
func (t *top) age(now time.Time) string {
	if t.follower.Now == 0 {
		return "as it was at the last snapshot: is it running?"
	}
	age := now.Sub(time.UnixMilli(t.follower.Now))
	if age > stale {
		return "state " + brief(age) + " old: is it running?"
	}
	return "state " + brief(age) + " old"
}

// brief is a time span in one unit: 0.4s, 12s, 3m, 5h, 2d.
func brief(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}

// table shows incidents. In a terminal it has the colours of their severity, and is no wider.
func (t *top) table(incidents []detect.Alert, width int) string {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.Style().Options = table.Options{SeparateHeader: true}
	w.Style().Format.Header = text.FormatDefault
	if width > 0 {
		w.Style().Size.WidthMax = width
		w.SetRowPainter(func(row table.Row) text.Colors { return severityColours[row[0].(int)] })
	}
	w.AppendHeader(table.Row{"sev", "break-in", "kind", "attacker", "target", "attempts", "/min", "since", "last"})
	for i := range incidents {
		w.AppendRow(t.row(&incidents[i]))
	}
	right := table.ColumnConfig{Align: text.AlignRight, AlignHeader: text.AlignRight}
	var columns []table.ColumnConfig
	for _, n := range []int{1, 6, 7, 8, 9} {
		right.Number = n
		columns = append(columns, right)
	}
	w.SetColumnConfigs(columns)
	return w.Render()
}

var severityColours = map[int]text.Colors{
	detect.SeverityCritical: {text.FgRed, text.Bold},
	detect.SeverityHigh:     {text.FgRed},
	detect.SeverityMedium:   {text.FgYellow},
	detect.SeverityLow:      nil,
}

func (t *top) row(a *detect.Alert) table.Row {
	clock := t.follower.Stats().Clock
	ago := func(at int64) string { return brief(time.Duration(clock-at) * time.Millisecond) }
	return table.Row{
		a.Severity, a.Confidence.String(), a.Kind.String(), attacker(a), target(a), a.Attempts, fmt.Sprintf("%.0f", alert.Rate(a)), ago(a.First), ago(a.Last),
	}
}

// attacker is the client, or of many their number.
func attacker(a *detect.Alert) string {
	if a.Clients.Count > 1 {
		return humanize.Count(a.Clients.Count, "client")
	}
	return address(a.Client.Addr)
}

// target is what is attacked: an account, or how many, and where.
func target(a *detect.Alert) string {
	what := alert.Clean(a.Extension, 40)
	if a.Extensions.Count != 1 {
		what = humanize.Count(a.Extensions.Count, "extension")
	}
	if a.Registrars.Count > 1 {
		return what + " on " + humanize.Count(a.Registrars.Count, "server")
	}
	return what + " on " + address(a.Registrar.Addr)
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.WithZone("").String()
}

// linewise clears what an earlier screen has left at the end of each line.
func linewise(screen string) string {
	return strings.ReplaceAll(screen, "\n", clearLine+"\n")
}
