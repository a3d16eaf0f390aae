package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// newPlot returns an empty plot in the page's style: a grid, no frame, small labels.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = inkGrid, inkGrid
		axis.LineStyle.Width = 0
		axis.Tick.LineStyle.Width, axis.Tick.Length = 0, 4
		axis.Padding = 4
		axis.Tick.Label.Font, axis.Tick.Label.Color = letters(labelSize), inkMuted
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = letters(labelSize), inkMuted
		axis.Label.Padding = 4
	}
	return p
}

// labelSize is that of all letters, in pixels.
const labelSize = 12

// letters are those that the style sheet names first for drawings, so that they are as wide as the library thinks.
func letters(points font.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: points}
}

func grid(vertical, horizontal bool) *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical, g.Horizontal = draw.LineStyle{}, draw.LineStyle{}
	if vertical {
		g.Vertical = draw.LineStyle{Color: inkGrid, Width: 1}
	}
	if horizontal {
		g.Horizontal = draw.LineStyle{Color: inkGrid, Width: 1}
	}
	return g
}

// box is a filled rectangle in the plot's figures, less gaps in pixels beside it.
type box struct {
	x0, y0, x1, y1 float64
	ink            ink
}

// boxes are plotted as they are.
type boxes struct {
	list []box
	gap  vg.Length // on the right
}

// Plot draws them.
func (b *boxes) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, o := range b.list {
		right := max(x(o.x1)-b.gap, x(o.x0)+0.5)
		c.FillPolygon(o.ink, []vg.Point{{X: x(o.x0), Y: y(o.y0)}, {X: right, Y: y(o.y0)}, {X: right, Y: y(o.y1)}, {X: x(o.x0), Y: y(o.y1)}})
	}
}

// wholeTicks are at whole numbers, four or so, written with commas.
type wholeTicks struct{}

// Ticks returns them.
func (wholeTicks) Ticks(lowest, highest float64) []plot.Tick {
	step := max(1, niceStep((highest-lowest)/4))
	var list []plot.Tick
	for v := math.Ceil(lowest/step) * step; v <= highest; v += step {
		list = append(list, plot.Tick{Value: v, Label: humanize.Thousands(int(v))})
	}
	return list
}

// niceStep is 1, 2 or 5 times a power of ten, not below v.
func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}

// plotTimeline draws attacks under way, the worst at the bottom, and where accounts were entered.
func plotTimeline(t *Timeline) *drawing {
	if len(t.Steps) == 0 {
		return nil
	}
	label := fmt.Sprintf("Attacks under way in each %s, by severity; marks stand where accounts were entered. The table below has the figures.",
		span(time.Duration(t.StepSeconds)*time.Second))
	return newDrawing(label, fullWidth, 260, func(s size) *plot.Plot {
		p := newPlot()
		bars, marks, top := timelineShapes(t)
		p.Add(grid(false, true), bars)
		if len(marks) > 0 {
			p.Add(&plotter.Scatter{XYs: marks, GlyphStyle: draw.GlyphStyle{Color: inkCritical, Radius: 5, Shape: mark{}}})
		}
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(len(t.Steps)), 0, float64(top)*1.12
		p.X.Tick.Marker = plot.ConstantTicks(timeTicks(t, s.narrow))
		p.Y.Tick.Marker = wholeTicks{}
		return p
	})
}

func timelineShapes(t *Timeline) (bars *boxes, marks plotter.XYs, top int) {
	bars, top = &boxes{gap: 1}, 1
	for _, b := range t.Steps {
		top = max(top, b.Critical+b.High+b.Medium+b.Low)
	}
	for i, b := range t.Steps {
		y := 0
		for k, n := range []int{b.Critical, b.High, b.Medium, b.Low} {
			if n > 0 {
				bars.list = append(bars.list, box{float64(i), float64(y), float64(i + 1), float64(y + n), inkCritical - ink(k)})
			}
			y += n
		}
		if b.Entered > 0 {
			marks = append(marks, plotter.XY{X: float64(i) + 0.5, Y: float64(y) + 0.06*float64(top)})
		}
	}
	return bars, marks, top
}

// mark is a triangle that points down.
type mark struct{}

// DrawGlyph draws it.
func (mark) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.FillPolygon(s.Color, []vg.Point{{X: at.X - s.Radius, Y: at.Y + s.Radius}, {X: at.X + s.Radius, Y: at.Y + s.Radius}, {X: at.X, Y: at.Y - s.Radius}})
}

// timeTicks are at whole units of time, as many as there is room for.
func timeTicks(t *Timeline, narrow bool) []plot.Tick {
	most := 10
	if narrow {
		most = 4
	}
	begin, step := t.Steps[0].At, time.Duration(t.StepSeconds)*time.Second
	length := step * time.Duration(len(t.Steps))
	every := steps[len(steps)-1]
	for _, s := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour,
		6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour} {
		if s >= step && int(length/s) <= most {
			every = s
			break
		}
	}
	var list []plot.Tick
	for at := begin.Truncate(every); at.Before(begin.Add(length)); at = at.Add(every) {
		if at.Before(begin) {
			continue
		}
		list = append(list, plot.Tick{Value: float64(at.Sub(begin)) / float64(step), Label: tickLabel(at, every)})
	}
	return list
}

func tickLabel(at time.Time, every time.Duration) string {
	switch {
	case every < time.Minute:
		return at.Format("15:04:05")
	case every >= 24*time.Hour || at.Hour() == 0 && at.Minute() == 0:
		return at.Format("2 Jan")
	}
	return at.Format("15:04")
}

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

// decades are ticks at the powers of ten, from 1 on where zero has a place below.
type decades struct{ zero float64 }

// Ticks returns them.
func (d decades) Ticks(lowest, highest float64) []plot.Tick {
	var list []plot.Tick
	if d.zero > 0 {
		list = append(list, plot.Tick{Value: math.Sqrt(lowest * d.zero), Label: "0"})
		lowest = d.zero
	}
	for v := math.Pow(10, math.Ceil(math.Log10(lowest)-1e-9)); v <= highest*1.0001; v *= 10 {
		label := brief(v)
		switch {
		case v >= 1e9:
			label = brief(v/1e9) + " G"
		case v >= 1e6:
			label = brief(v/1e6) + " M"
		case v >= 1e4:
			label = brief(v/1e3) + " k"
		case v < 0.1:
			label = fmt.Sprintf("%g", v)
		}
		list = append(list, plot.Tick{Value: v, Label: label})
	}
	for i := range list {
		if len(list) > mostDecades && i%2 > 0 {
			list[i].Label = ""
		}
	}
	return list
}

// mostDecades is how many labels there is room for on the smallest drawing.
const mostDecades = 7

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

func severityInk(severity int) ink {
	switch severityName(severity) {
	case "critical":
		return inkCritical
	case "high":
		return inkHigh
	case "medium":
		return inkMedium
	}
	return inkLow
}
