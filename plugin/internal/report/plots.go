package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
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
