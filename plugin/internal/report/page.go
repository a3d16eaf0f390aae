package report

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

//go:embed page.tmpl
var pageText string

//go:embed page.css
var style string

// pageTemplate escapes all that it is given, but for the drawings, which forPage has made.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": humanize.Thousands[int], "number64": humanize.Thousands[uint64], "count": humanize.Count, "plural": plural, "moment": moment, "stamp": stamp, "days": days, "severity": severityName,
	"kind": kindName, "short": shortID, "share": share, "join": strings.Join, "brief": brief,
	"kinds":   func(list []string) string { return kindName(strings.Join(list, ", ")) },
	"seconds": func(s float64) string { return span(time.Duration(s * float64(time.Second))) },
	"step":    func(s int) string { return span(time.Duration(s) * time.Second) },
	"table": func(caption, name, note, others string, list List[Party]) partyTable {
		return partyTable{caption, name, note, others, list}
	},
	"measure": measureName, "state": stateName, "quantity": quantity, "whole": humanize.Thousands[int64],
	"first": func(list []Entered) Entered { return list[0] },
}).Parse(pageText))

// partyTable is a table of parties, with the names of its columns.
type partyTable struct {
	Caption, Name, Note, Others string
	List[Party]
}

// page is what the template is made from: the report and its drawings.
type page struct {
	*Report
	Style     template.CSS
	Policy    string
	Cards     []BreakIn // the first, in full
	Further   []BreakIn
	Plots     struct{ Timeline, Attackers, Kinds *drawing }
	Judged    []judged
	HasAttack bool
}

// maxCards is how many break-ins are told in full.
const maxCards = 8

// policy lets the page use its own style sheet, and nothing else: no script, no picture, no font, no network, no form.
func policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// WritePage writes the report as one HTML file that needs nothing else.
func (r *Report) WritePage(w io.Writer) error {
	p := page{Report: r, Style: template.CSS(style), Policy: policy(), HasAttack: r.Totals.Attacks > 0}
	n := min(len(r.BreakIns.Rows), maxCards)
	p.Cards, p.Further = r.BreakIns.Rows[:n], r.BreakIns.Rows[n:]
	p.Judged = judgedOf(r.Calibration)
	p.Plots.Timeline = plotTimeline(&r.Timeline)
	p.Plots.Attackers = plotAttackers(r.Attackers.Rows)
	p.Plots.Kinds = plotKinds(r.Totals.Kinds)
	return pageTemplate.Execute(w, &p)
}

// WriteJSON writes all that the page says.
func (r *Report) WriteJSON(w io.Writer) error {
	e := jsoniter.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
