package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	jsoniter "github.com/json-iterator/go"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// summary is a table of incidents, from their alerts.
type summary struct {
	last map[string]*tableAlert // the newest alert of each incident
}

// tableAlert is what the table needs of an alert in ECS.
type tableAlert struct {
	Event struct {
		Start, End time.Time
		Sequence   int
	}
	Destination struct{ IP string }
	Siphunt     struct {
		Incident   struct{ ID, State, Kind string }
		Attempts   int
		Rate       float64 // a minute
		Clients    members
		Extensions members
		Successes  []struct{ Extension string }
		SuccessN   int `json:"success_count"`
	}
}

// members are the clients or extensions of an incident.
type members struct {
	Count int
	Top   []struct{ IP, Name string }
}

// add takes an alert as JSON. It tells whether it was one.
func (s *summary) add(line []byte) bool {
	r := &tableAlert{}
	if err := jsoniter.Unmarshal(line, r); err != nil || r.Siphunt.Incident.ID == "" {
		return false
	}
	id := r.Siphunt.Incident.ID
	if s.last == nil {
		s.last = make(map[string]*tableAlert)
	}
	if old := s.last[id]; old == nil || old.Event.Sequence < r.Event.Sequence {
		s.last[id] = r
	}
	return true
}

// write shows the incidents in the order of their first attempt. Those that went into others are only counted.
func (s *summary) write(w io.Writer) {
	var incidents []*tableAlert
	merged := 0
	for _, r := range s.last {
		if r.Siphunt.Incident.State == "merged" {
			merged++
		} else {
			incidents = append(incidents, r)
		}
	}
	slices.SortFunc(incidents, func(a, b *tableAlert) int {
		return cmp.Or(a.Event.Start.Compare(b.Event.Start), strings.Compare(a.Siphunt.Incident.ID, b.Siphunt.Incident.ID))
	})
	if len(incidents) > 0 {
		fmt.Fprintln(w, render(incidents))
	}
	fmt.Fprint(w, humanize.Count(len(incidents), "incident"))
	if merged > 0 {
		fmt.Fprintf(w, ", and %d that went into them", merged)
	}
	fmt.Fprintln(w)
}

func render(incidents []*tableAlert) string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.SuppressEmptyColumns() // the state, where all are over
	t.AppendHeader(table.Row{"first (UTC)", "last", "kind", "state", "registrar", "client", "extension", "attempts", "a minute", "success", "id"})
	for _, r := range incidents {
		t.AppendRow(r.row())
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 8, Align: text.AlignRight}, {Number: 9, Align: text.AlignRight}})
	return t.Render()
}

func (r *tableAlert) row() table.Row {
	h := &r.Siphunt
	state := h.Incident.State
	if state == "end" {
		state = ""
	}
	first, last := r.Event.Start.UTC(), r.Event.End.UTC()
	until := last.Format(time.TimeOnly)
	if first.Format(time.DateOnly) != last.Format(time.DateOnly) {
		until = last.Format(time.DateTime)
	}
	row := table.Row{
		first.Format(time.DateTime), until, h.Incident.Kind, state, r.Destination.IP, h.Clients.show("client"), h.Extensions.show("extension"),
		h.Attempts, fmt.Sprintf("%.0f", h.Rate), r.success(), h.Incident.ID[:min(8, len(h.Incident.ID))],
	}
	for i := range row {
		if s, ok := row[i].(string); ok {
			row[i] = printable(s)
		}
	}
	return row
}

// success names the account that was entered, or says how many.
func (r *tableAlert) success() string {
	switch h := &r.Siphunt; {
	case h.SuccessN > 1:
		return fmt.Sprintf("%d accounts", h.SuccessN)
	case len(h.Successes) == 1:
		return h.Successes[0].Extension
	}
	return ""
}

// show names the only one, or says how many there are.
func (m members) show(noun string) string {
	if m.Count == 1 && len(m.Top) == 1 {
		return m.Top[0].IP + m.Top[0].Name
	}
	return humanize.Count(m.Count, noun)
}

// printable keeps a file from playing with the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
