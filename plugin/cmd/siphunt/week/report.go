package week

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// mostFaults is how many faults are listed.
const mostFaults = 100

// Write shows the table, what is wrong, and how long reports took, with the bounds that config puts on that.
func (r *Result) Write(w io.Writer, config *detect.Config) {
	fmt.Fprintf(w, "%s\n\n", r.table())
	faults := r.Faults()
	for _, line := range faults[:min(mostFaults, len(faults))] {
		fmt.Fprintln(w, line)
	}
	if more := len(faults) - mostFaults; more > 0 {
		fmt.Fprintf(w, "and %d more\n", more)
	}
	if len(faults) > 0 {
		fmt.Fprintln(w)
	}
	if r.Cost != nil && r.Cost.Memory > 0 {
		n := float64(r.Found.Records)
		fmt.Fprintf(w, "From chunks to verdicts %.1f s of processor time, %.0f ns a record; making the records %.1f s, %.0f ns. At most %d MiB resident.\n\n",
			r.Cost.Detection.Seconds(), float64(r.Cost.Detection)/n, r.Cost.Generation.Seconds(), float64(r.Cost.Generation)/n, r.Cost.Memory>>20)
	}
	if len(r.Delays) > 0 {
		fmt.Fprintf(w, "Seconds from the rejection that crossed a threshold to the report\n%s\n\n", r.delays(config))
	}
}

// table is Table 1 of the paper, what was planted, and what was found.
func (r *Result) table() string {
	p, t, f := &Paper, &r.Truth.Table, &r.Found
	out := traffic.NewTable("", "paper", "planted", "found")
	if f.Records > 0 {
		out.AppendRow(table.Row{"SIP flow records", humanize.Thousands(p.Records), humanize.Thousands(t.Records), humanize.Thousands(f.Records)})
		out.AppendRow(table.Row{"401 and 200 to REGISTER", humanize.Thousands(p.Relevant), humanize.Thousands(t.Relevant), humanize.Thousands(f.Relevant)})
	}
	for _, row := range []struct {
		name                  string
		paper, planted, found int
	}{
		{"of attacks", p.Malicious, t.Malicious, f.Malicious},
		{"attacks", p.Attacks, t.Attacks, f.Attacks},
		{"brute force", p.BruteForce, t.BruteForce, f.BruteForce},
		{"scans", p.Scans, t.Scans, f.Scans},
		{"successful", p.Successful, t.Successful, f.Successful},
		{"attempts of the strongest", p.Strongest, t.Strongest, f.Strongest},
		{"extensions of the largest", p.Largest, t.Largest, f.Largest},
	} {
		out.AppendRow(table.Row{row.name, humanize.Thousands(row.paper), humanize.Thousands(row.planted), humanize.Thousands(row.found)})
	}
	out.AppendRow(table.Row{"403 and 404 to attacks", "", humanize.Thousands(r.Truth.Further), humanize.Thousands(r.Further)})
	out.AppendRow(table.Row{"misconfigured phones", "", humanize.Thousands(len(r.Truth.Misconfigured)), humanize.Thousands(r.Known)})
	out.AppendSeparator()
	for _, row := range []struct {
		name string
		n    int
	}{
		{"missed", len(r.Missed)}, {"false", len(r.False)}, {"merged", len(r.Merged)}, {"split", len(r.Split)},
		{"with other figures", len(r.Different)},
	} {
		out.AppendRow(table.Row{row.name, "", "", humanize.Thousands(row.n)})
	}
	return out.Render()
}

// delays is the distribution of the times to alert.
func (r *Result) delays(config *detect.Config) string {
	out := traffic.NewTable("report", "n", "min", "median", "p90", "p99", "max", "bound")
	for _, class := range slices.Sorted(maps.Keys(r.Delays)) {
		d := slices.Sorted(slices.Values(r.Delays[class]))
		at := func(share float64) string { // the nearest rank
			return seconds(d[max(0, int(math.Ceil(share*float64(len(d))))-1)])
		}
		out.AppendRow(table.Row{class, humanize.Thousands(len(d)), at(0), at(0.5), at(0.9), at(0.99), at(1), seconds(DelayBound(class, config))})
	}
	return out.Render()
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) }
