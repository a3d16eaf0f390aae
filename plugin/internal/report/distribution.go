package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/siphunt/siphunt/plugin/internal/calibrate"
)

// judged is a distribution as the page shows it.
type judged struct {
	*calibrate.Distribution
	Plot  *drawing
	Lanes []shown
}

// shown is a row of a distribution's table.
type shown struct {
	Name string
	*calibrate.Series
}

// judgedOf returns the distributions in which there is something.
func judgedOf(c *calibrate.Result) []judged {
	if c == nil {
		return nil
	}
	var list []judged
	for i := range c.Distributions {
		d := &c.Distributions[i]
		lanes := lanesOf(d)
		if len(lanes) == 0 {
			continue
		}
		j := judged{Distribution: d, Plot: plotDistribution(d, lanes)}
		for _, l := range lanes {
			j.Lanes = append(j.Lanes, shown{l.name, l.series})
		}
		list = append(list, j)
	}
	return list
}

// lane is one verdict's part of a drawn distribution.
type lane struct {
	name   string
	series *calibrate.Series
	ink    ink
}

// lanesOf returns those in which there is something.
func lanesOf(d *calibrate.Distribution) []lane {
	attacks := "attacks"
	if d.Key == "outage_clients" {
		attacks = "outages"
	}
	all := []lane{{"phones", &d.Good, inkLow}, {"unclear", &d.Unclear, inkMedium}, {attacks, &d.Attack, inkCritical}}
	return slices.DeleteFunc(all, func(l lane) bool { return l.series.Count == 0 })
}

// measureName is a distribution's name as a person says it.
func measureName(name string) string { return strings.ReplaceAll(name, "_", " ") }

// quantity is a value of a distribution with its unit.
func quantity(v float64, unit string) string { return brief(v) + " " + unit }

// plotDistribution draws how often which value was seen, a lane for each verdict, and the threshold through all of them. Each
// lane has a height of its own: phones are many, attacks few.
func plotDistribution(d *calibrate.Distribution, lanes []lane) *drawing {
	label := fmt.Sprintf("How often which number of %s was seen, for phones, unclear cases and attacks, on a logarithmic scale, with the threshold at %s. The table has the figures.",
		d.Unit, quantity(d.Threshold, d.Unit))
	return newDrawing(label, halfWidth, 70+60*float64(len(lanes)), func(s size) *plot.Plot {
		p := newPlot()
		highest := math.Max(d.Threshold, d.Recommended) * 1.6
		names := make([]plot.Tick, len(lanes))
		bars := &boxes{}
		for i, l := range lanes {
			floor := float64(len(lanes) - 1 - i)
			names[i] = plot.Tick{Value: floor + 0.35, Label: l.name}
			bars.list = append(bars.list, laneBoxes(l, floor)...)
			highest = math.Max(highest, float64(l.series.Max)*1.1)
		}
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{zero: zeroTo}
		p.X.Label.Text = d.Unit
		if d.Unit == "s" {
			p.X.Label.Text = "seconds"
		}
		p.Y.Tick.Marker, p.Y.Tick.Label.Color = plot.ConstantTicks(names), inkText
		p.Add(grid(true, false), floors(len(lanes), highest), bars)
		addThresholds(p, d, float64(len(lanes)))
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = lowestValue, highest, 0, float64(len(lanes))+0.35
		return p
	})
}

// Zero has no place on a logarithmic scale: it stands between these two.
const (
	lowestValue = 0.3
	zeroTo      = 0.5
)

// laneBoxes are a series' bars on a floor: up to ten a bar for each value, beyond ten for each decade.
func laneBoxes(l lane, floor float64) []box {
	counts, most := map[int]int64{}, int64(0)
	for _, b := range l.series.Buckets {
		n := binOf(b.Value)
		counts[n] += b.Count
		most = max(most, counts[n])
	}
	var list []box
	for n := 0; n <= binOf(l.series.Max); n++ {
		if counts[n] == 0 {
			continue
		}
		from, to := binEdges(n)
		height := math.Max(0.8*float64(counts[n])/float64(most), 0.02) // what is rare is seen, too
		list = append(list, box{from, floor, to, floor + height, l.ink})
	}
	return list
}

// exactBins is up to where values have bins of their own, decadeBins how many a decade has beyond.
const (
	exactBins  = 10
	decadeBins = 10
)

func binOf(v int64) int {
	if v < exactBins {
		return int(max(v, 0))
	}
	return exactBins + int(math.Floor((math.Log10(float64(v))-1)*decadeBins+1e-9))
}

func binEdges(n int) (from, to float64) {
	switch {
	case n == 0:
		return lowestValue, zeroTo - 0.02
	case n < exactBins:
		return float64(n) - 0.5, float64(n) + 0.5
	}
	edge := func(i int) float64 { return math.Pow(10, 1+float64(i)/decadeBins) }
	return edge(n - exactBins), edge(n - exactBins + 1)
}

// floors are the lines on which the lanes stand.
func floors(n int, highest float64) *boxes {
	b := &boxes{}
	for i := range n {
		b.list = append(b.list, box{lowestValue, float64(i), highest, float64(i) + 0.008, inkGrid})
	}
	return b
}

// dashes are those of what is only recommended.
var dashes = []vg.Length{5, 4}

// addThresholds draws the threshold that is in force, and the one that is recommended where that differs; none where no key judges it.
func addThresholds(p *plot.Plot, d *calibrate.Distribution, top float64) {
	line := func(at float64, word string, color ink, align text.XAlignment) {
		v := math.Max(at, lowestValue)
		label := &plotter.Labels{XYs: plotter.XYs{{X: v, Y: top + 0.12}}, Labels: []string{" " + brief(at) + " " + word + " "},
			TextStyle: []text.Style{{Color: color, Font: letters(labelSize), XAlign: align, Handler: plot.DefaultTextHandler}}}
		rule := &plotter.Line{XYs: plotter.XYs{{X: v, Y: 0}, {X: v, Y: top + 0.3}}, LineStyle: draw.LineStyle{Color: color, Width: 1.5}}
		if color == inkProposed {
			rule.LineStyle.Dashes = dashes
		}
		p.Add(rule, label)
	}
	if d.Key == "" {
		return
	}
	side := draw.XRight // the present one's text, away from the other
	if d.Recommended < d.Threshold {
		side = draw.XLeft
	}
	line(d.Threshold, "now", inkText, side)
	if d.Recommended != d.Threshold && d.Recommended > 0 {
		other := text.XAlignment(draw.XLeft)
		if side == draw.XLeft {
			other = draw.XRight
		}
		line(d.Recommended, "recommended", inkProposed, other)
	}
}
