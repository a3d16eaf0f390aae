package report

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// maxRanks is how many rows a ranking draws.
const maxRanks = 10

// rank is a row of a ranking.
type rank struct {
	name  string
	value int
	ink   ink
}

// plotAttackers draws the attempts of the worst attackers on a logarithmic axis, for some have a million times as many as others.
func plotAttackers(attackers []Party) *drawing {
	var rows []rank
	for _, a := range attackers[:min(len(attackers), maxRanks)] {
		rows = append(rows, rank{a.Name, a.Attempts, severityInk(a.Severity)})
	}
	if len(rows) < 2 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b rank) int { return b.value - a.value })
	return newDrawing("Attempts of the worst attackers, on a logarithmic scale. The table below has the figures.", fullWidth, 46+22*float64(len(rows)), func(s size) *plot.Plot {
		p := newPlot()
		most := 10.
		names := make([]plot.Tick, len(rows))
		lines := &boxes{}
		dots := make([]*plotter.Scatter, len(rows))
		for i, r := range rows {
			y, value := float64(len(rows)-i), math.Max(float64(r.value), 1)
			most = math.Max(most, value)
			names[i] = plot.Tick{Value: y, Label: short(r.name, s)}
			lines.list = append(lines.list, box{1, y - 0.06, value, y + 0.06, r.ink})
			dots[i] = &plotter.Scatter{XYs: plotter.XYs{{X: value, Y: y}}, GlyphStyle: draw.GlyphStyle{Color: r.ink, Radius: 5, Shape: draw.CircleGlyph{}}}
		}
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{}
		p.Y.Tick.Marker = plot.ConstantTicks(names)
		p.Y.Tick.Label.Color = inkText
		p.Add(grid(true, false), lines)
		for _, d := range dots {
			p.Add(d)
		}
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, math.Pow(10, math.Ceil(math.Log10(most*1.05))), 0.4, float64(len(rows))+0.6
		return p
	})
}

// short is a name as there is room for it: an IPv6 address in a wide drawing, an IPv4 address in a narrow one.
func short(name string, s size) string {
	room := 45
	if s.narrow {
		room = 18
	}
	if r := []rune(name); len(r) > room {
		return string(r[:room-1]) + "…"
	}
	return name
}

// plotKinds draws how many attacks there are of each kind.
func plotKinds(kinds []Count) *drawing {
	if len(kinds) < 2 {
		return nil
	}
	rows := slices.Clone(kinds)
	slices.SortStableFunc(rows, func(a, b Count) int { return b.N - a.N })
	return newDrawing("Attacks by kind.", fullWidth, 16+26*float64(len(rows)), func(size) *plot.Plot {
		p := newPlot()
		names := make([]plot.Tick, len(rows))
		bars, labels := &boxes{}, &plotter.Labels{Offset: vg.Point{X: 6}}
		for i, r := range rows {
			y := float64(len(rows) - i)
			names[i] = plot.Tick{Value: y, Label: kindName(r.Name)}
			bars.list = append(bars.list, box{0, y - 0.32, float64(r.N), y + 0.32, inkAccent})
			labels.XYs = append(labels.XYs, plotter.XY{X: float64(r.N), Y: y})
			labels.Labels = append(labels.Labels, humanize.Thousands(r.N))
			labels.TextStyle = append(labels.TextStyle, text.Style{Color: inkText, Font: letters(labelSize), YAlign: draw.YCenter, Handler: plot.DefaultTextHandler})
		}
		p.Add(bars, labels)
		p.X.Tick.Marker = plot.ConstantTicks(nil)
		p.Y.Tick.Marker, p.Y.Tick.Label.Color = plot.ConstantTicks(names), inkText
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(rows[0].N)*1.12, 0.4, float64(len(rows))+0.6
		return p
	})
}
