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
)

// Write shows the two tables and every attack and break-in that was not told of; verbose also everything of severity 47 or more that
// belongs to no attack.
func (r *Result) Write(w io.Writer, verbose bool) {
	o := r.Options
	fmt.Fprintf(w, "Network %d: %d registrars, %d phones, %d h, exporter %s, %s records.\n\n%s\n\n%s\n",
		o.Seed, o.Registrars, o.Phones, o.Hours, o.Exporter, traffic.Thousands(r.Records), r.attacks(), r.good())
	for _, line := range r.Missed {
		fmt.Fprintln(w, line)
	}
	if !verbose {
		return
	}
	for _, line := range slices.Concat(r.Inexact, r.False) {
		fmt.Fprintln(w, line)
	}
}

// attacks is the table of attacks by kind.
func (r *Result) attacks() string {
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
	return out.Render()
}

func (k *KindResult) add(o *KindResult) {
	k.Planted += o.Planted
	k.Told += o.Told
	k.FromFirst = append(k.FromFirst, o.FromFirst...)
	k.FromLast = append(k.FromLast, o.FromLast...)
	k.Exact += o.Exact
	k.Worst = max(k.Worst, o.Worst)
	k.Incidents += o.Incidents
	k.Most = max(k.Most, o.Most)
	k.Campaigns += o.Campaigns
	k.BreakIns += o.BreakIns
	k.BreakInsTold += o.BreakInsTold
	for i, n := range o.Confidences {
		k.Confidences[i] += n
	}
	for i, n := range o.HighestSeverity {
		k.HighestSeverity[i] += n
	}
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
func (r *Result) good() string {
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
	return out.Render()
}

// row writes a cause; total is the registrations of all causes, which the figures a million are of.
func (c *CauseResult) row(name string, total int) table.Row {
	row := table.Row{name, traffic.Thousands(c.Registrations)}
	for _, n := range c.Alerts {
		row = append(row, traffic.Thousands(n))
	}
	for _, n := range c.Incidents {
		row = append(row, traffic.Thousands(n))
	}
	return append(row, traffic.Thousands(c.Accused[0]), traffic.Thousands(c.Accused[1]), million(c.Critical(), total), million(c.Serious(), total))
}

// Critical is how many alerts have severity 99; a good phone among the confirmed break-ins of an attack is as good as one.
func (c *CauseResult) Critical() int { return c.Alerts[len(severities)-1] + c.Accused[1] }

// Serious is how many incidents have severity 47 or more, likewise.
func (c *CauseResult) Serious() (n int) {
	n = c.Accused[0] + c.Accused[1]
	for _, k := range c.Incidents[1:] {
		n += k
	}
	return n
}

// Good is all causes together.
func (r *Result) Good() (sum CauseResult) {
	for i := range r.Causes {
		c := &r.Causes[i]
		sum.Registrations += c.Registrations
		for i, n := range c.Alerts {
			sum.Alerts[i] += n
		}
		for i, n := range c.Incidents {
			sum.Incidents[i] += n
		}
		for i, n := range c.Accused {
			sum.Accused[i] += n
		}
	}
	return sum
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
