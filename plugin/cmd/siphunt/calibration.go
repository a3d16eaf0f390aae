package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// writeCalibration shows what a calibration has found: what was measured, what should be changed, and what that would do.
func writeCalibration(w io.Writer, r *calibrate.Result) {
	t := traffic.NewTable("measured", "key", "is", "phones 99.9 %", "most", "unclear most", "attacks from", "to", "recommended")
	for _, d := range r.Distributions {
		row := table.Row{d.Name, d.Key, d.Threshold}
		row = append(row, ofSeries(&d.Good, d.Good.P999), ofSeries(&d.Good, d.Good.Max), ofSeries(&d.Unclear, d.Unclear.Max))
		if n := len(d.Attack.Buckets); n > 0 {
			row = append(row, d.Attack.Buckets[0].Value, d.Attack.Buckets[n-1].Value)
		} else {
			row = append(row, "", "")
		}
		recommended := ""
		if d.Recommended != d.Threshold {
			recommended = fmt.Sprint(d.Recommended)
		}
		t.AppendRow(append(row, recommended))
	}
	fmt.Fprintln(w, t.Render())
	var last string
	for _, x := range r.Recommendations {
		switch {
		case x.Verdict == calibrate.Keep:
		case x.Verdict == calibrate.Unsure && x.Reason == last:
			fmt.Fprintf(w, "%s = %s: likewise\n", x.Key, x.Recommended)
		default:
			fmt.Fprintf(w, "%s = %s: %s, %s\n", x.Key, x.Recommended, x.Verdict, x.Reason)
			last = x.Reason
		}
	}
	for _, o := range r.Overrides {
		for _, x := range o.Recommendations {
			fmt.Fprintf(w, "%s = %s at %s: %s, %s\n", x.Key, x.Recommended, o.Registrar, x.Verdict, x.Reason)
		}
	}
	for _, a := range r.Advice {
		fmt.Fprintf(w, "%s: %s\n", a.Subject, a.Text)
	}
	if len(r.Allow) > 0 {
		fmt.Fprintf(w, "%s for the allowlist, see the file\n", humanize.Count(len(r.Allow), "candidate"))
	}
	if r.Backtest != nil {
		writeBacktest(w, r.Backtest)
	}
	for i := range r.Curves {
		writeCurve(w, &r.Curves[i])
	}
}

// ofSeries is a figure of a series, or nothing if that is empty.
func ofSeries(s *calibrate.Series, v int64) any {
	if s.Count == 0 {
		return ""
	}
	return v
}

// writeBacktest shows both configurations side by side, a day where that makes sense.
func writeBacktest(w io.Writer, b *calibrate.Backtest) {
	t := traffic.NewTable(fmt.Sprintf("back-test, %.1f days", b.Days), "present", "recommended")
	perDay := func(n int) string { return fmt.Sprintf("%.1f", float64(n)/max(b.Days, 1.0/24)) }
	row := func(what string, of func(*calibrate.Outcome) string) {
		t.AppendRow(table.Row{what, of(&b.Present), of(&b.Recommended)})
	}
	row("incidents a day", func(o *calibrate.Outcome) string { return perDay(o.Incidents) })
	parts := func(of func(*calibrate.Outcome) map[string]int) {
		names := map[string]int{}
		maps.Copy(names, of(&b.Present))
		maps.Copy(names, of(&b.Recommended))
		for _, name := range slices.Sorted(maps.Keys(names)) {
			row("  "+name, func(o *calibrate.Outcome) string { return perDay(of(o)[name]) })
		}
	}
	parts(func(o *calibrate.Outcome) map[string]int { return o.Kinds })
	parts(func(o *calibrate.Outcome) map[string]int { return o.Severities })
	parts(func(o *calibrate.Outcome) map[string]int { return o.Causes })
	row("alerts a day", func(o *calibrate.Outcome) string { return perDay(o.Alerts) })
	row("break-ins", func(o *calibrate.Outcome) string { return fmt.Sprint(o.BreakIns) })
	row("seconds to the alert, median", func(o *calibrate.Outcome) string { return fmt.Sprint(o.AlertMedian) })
	row("seconds to the alert, most", func(o *calibrate.Outcome) string { return fmt.Sprint(o.AlertMax) })
	row("pairs, most", func(o *calibrate.Outcome) string { return fmt.Sprint(o.Pairs) })
	row("MiB for them", func(o *calibrate.Outcome) string { return fmt.Sprintf("%.1f", o.MemoryMiB) })
	fmt.Fprintln(w, t.Render())
	writeAttacks(w, "told of by the present configuration only", b.Lost)
	writeAttacks(w, "told of by the recommended configuration only", b.Gained)
	for _, d := range b.Dropped {
		writeAttacks(w, "lost by the change of "+d.Key+", which is taken back", d.Lost)
	}
}

// fewAttacks is how many are shown of a list; JSON has more.
const fewAttacks = 5

func writeAttacks(w io.Writer, what string, list []calibrate.Attack) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "%s:\n", what)
	for _, a := range list[:min(len(list), fewAttacks)] {
		fmt.Fprintf(w, "  %s of %s by %s, %q, %s, %d attempts, severity %d\n",
			a.Kind, a.Registrar, a.Client, a.Extension, a.First.Format("2006-01-02 15:04:05"), a.Attempts, a.Severity)
	}
	if more := len(list) - fewAttacks; more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

// writeCurve shows what other values of a key would change.
func writeCurve(w io.Writer, c *calibrate.Curve) {
	t := traffic.NewTable(c.Key, "incidents", "attack", "slow", "phones", "gained", "lost", "lost attacks from 47")
	for _, p := range c.Points {
		value := p.Value
		if p.Present {
			value += " (present)"
		}
		phones := p.Causes["phone-like"] + p.Causes["known-client"] + p.Causes["withdrawn"] + p.Causes["outage"]
		t.AppendRow(table.Row{value, p.Incidents, p.Causes["attack"], p.Causes["slow"], phones, p.Gained, p.Lost, p.LostHigh})
	}
	fmt.Fprintln(w, t.Render())
}
