package report

import (
	"fmt"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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
