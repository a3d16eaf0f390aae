package network

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// Report is what was told of some networks, to be written down.
type Report struct {
	Results  []*Result
	Markdown bool // the tables only, as Markdown; the long ones folded
	Verbose  bool // also everything of severity 47 or more that belongs to no attack
}

// Write shows a table of the networks and the two tables of all together, and every attack and break-in that was not told of.
func (p *Report) Write(w io.Writer) {
	render := table.Writer.Render
	if p.Markdown {
		render = table.Writer.RenderMarkdown
	}
	all := Sum(p.Results)
	for _, t := range []struct {
		title string
		table table.Writer
	}{{"", p.networks(all)}, {"The attacks, by kind", all.attacks()}, {"Good traffic, by cause", all.good()}} {
		text := render(t.table)
		if p.Markdown && t.title != "" {
			text = fmt.Sprintf("<details><summary>%s</summary>\n\n%s\n\n</details>", t.title, text)
		}
		fmt.Fprintf(w, "%s\n\n", text)
	}
	if !p.Markdown {
		writeLines(w, all.Missed)
	}
	if p.Verbose {
		writeLines(w, all.Inexact)
		writeLines(w, all.False)
	}
}

func writeLines(w io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}

// networks is the table of networks, with a row for all of them.
func (p *Report) networks(all *Result) table.Writer {
	out := traffic.NewTable("seed", "exporter", "registrars", "phones", "hours", "records", "good registrations", "attacks", "told",
		"break-ins", "told", "99, a million", "incidents 47+, a million")
	for _, r := range p.Results {
		o := r.Truth.Options
		out.AppendRow(append(table.Row{o.Seed, o.Exporter, o.Registrars, humanize.Thousands(o.Phones), o.Hours,
			humanize.Thousands(r.Truth.Records)}, r.summary()...))
	}
	if len(p.Results) > 1 {
		records := 0
		for _, r := range p.Results {
			records += r.Truth.Records
		}
		out.AppendSeparator()
		out.AppendRow(append(table.Row{"all", "", "", "", "", humanize.Thousands(records)}, all.summary()...))
	}
	return out
}

func (r *Result) summary() table.Row {
	var sum KindResult
	for _, k := range r.Kinds {
		sum.add(k)
	}
	good := r.Good()
	return table.Row{humanize.Thousands(good.Registrations), sum.Planted, sum.Told, sum.BreakIns, sum.BreakInsTold,
		million(good.Critical(), good.Registrations), million(good.Serious(), good.Registrations)}
}

// attacks is the table of attacks by kind.
func (r *Result) attacks() table.Writer {
	out := traffic.NewTable("attack", "planted", "told", "delay, median", "greatest", "from its last", "exact", "worst",
		"incidents", "most", "campaigns", "break-ins", "told", "confidence", "severity")
	var sum KindResult
	for _, k := range r.Kinds {
		out.AppendRow(k.row())
		sum.add(k)
	}
	out.AppendSeparator()
	sum.Kind = "all"
	out.AppendRow(sum.row())
	return out
}

func (k *KindResult) row() table.Row {
	row := table.Row{k.Kind, k.Planted, k.Told}
	if k.Told > 0 {
		first, last := slices.Sorted(slices.Values(k.FromFirst)), slices.Max(k.FromLast)
		row = append(row, span(first[len(first)/2]), span(first[len(first)-1]), span(last))
	} else {
		row = append(row, "", "", "")
	}
	row = append(row, k.Exact, percent(k.Worst), average(k.Incidents, k.Planted), k.Most, average(k.Campaigns, k.Planted))
	if k.BreakIns == 0 {
		return append(row, "", "", "", byStep(k.HighestSeverity))
	}
	var sure []string
	for c := detect.Confirmed; c > detect.NoConfidence; c-- {
		if n := k.Confidences[c]; n > 0 {
			sure = append(sure, fmt.Sprintf("%s %d", c, n))
		}
	}
	return append(row, k.BreakIns, k.BreakInsTold, strings.Join(sure, ", "), byStep(k.HighestSeverity))
}

// byStep writes how many there are of each severity.
func byStep(counts [len(severities)]int) string {
	var parts []string
	for i, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d: %d", severities[i], n))
		}
	}
	return strings.Join(parts, ", ")
}

// good is the table of good traffic by cause.
func (r *Result) good() table.Writer {
	header := []any{"good traffic", "registrations"}
	for _, s := range severities {
		header = append(header, fmt.Sprintf("alerts %d", s))
	}
	for _, s := range severities {
		header = append(header, fmt.Sprintf("incidents %d", s))
	}
	out := traffic.NewTable(append(header, "accused, probable", "confirmed", "99, a million", "incidents 47+, a million")...)
	total := r.Good()
	for c := range r.Causes {
		if cause := &r.Causes[c]; cause.Registrations > 0 || cause.Alerts != [len(severities)]int{} || cause.Accused != [2]int{} {
			out.AppendRow(cause.row(Cause(c).String(), total.Registrations))
		}
	}
	out.AppendSeparator()
	out.AppendRow(total.row("all", total.Registrations))
	return out
}

// row writes a cause; total is the registrations of all causes, which the figures a million are of.
func (c *CauseResult) row(name string, total int) table.Row {
	row := table.Row{name, humanize.Thousands(c.Registrations)}
	for _, n := range c.Alerts {
		row = append(row, humanize.Thousands(n))
	}
	for _, n := range c.Incidents {
		row = append(row, humanize.Thousands(n))
	}
	return append(row, humanize.Thousands(c.Accused[0]), humanize.Thousands(c.Accused[1]), million(c.Critical(), total), million(c.Serious(), total))
}

func utc(ms int64) string { return time.UnixMilli(ms).UTC().Format("01-02T15:04:05") }

// span writes a time in the unit that suits.
func span(ms int64) string {
	if ms < 0 {
		return "-" + span(-ms)
	}
	switch d := time.Duration(ms) * time.Millisecond; {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

func average(n, of int) string { return fmt.Sprintf("%.1f", float64(n)/float64(of)) }

func million(n, of int) string { return fmt.Sprintf("%.1f", 1e6*float64(n)/float64(max(1, of))) }
