package main

import (
	"fmt"
	"math"
	"strings"
)

// The plot: records a second above, bytes a pair below, over the number of pairs on a logarithmic axis.
const (
	plotWidth, plotHeight = 720, 460
	plotLeft, plotRight   = 90, 700
)

// panel is one of the two diagrams.
type panel struct {
	title, unit, color string
	top, bottom        float64                 // in the picture
	height             func(v float64) float64 // of a value: 0 is the bottom, 1 the top
	label              func(v float64) string
	ticks              []float64
	goal               float64
	goalText           string
}

var panels = []panel{
	{
		"A new pair with every record: records a second of one core, from chunk to verdict", "records/s", "#1f6fb4", 40, 210,
		func(v float64) float64 { return v / 3e6 },
		func(v float64) string { return fmt.Sprintf("%.2g M", v/1e6) },
		[]float64{0, 1e6, 2e6, 3e6}, 1.5e6, "goal, to 1,000,000 pairs",
	},
	{
		"Bytes a pair, with all that the detector holds (logarithmic)", "B/pair", "#b4541f", 265, 410,
		func(v float64) float64 { return math.Log(v/50) / math.Log(2000/50) },
		func(v float64) string { return fmt.Sprintf("%.0f", v) },
		[]float64{50, 100, 200, 500, 1000, 2000}, 150, "goal, of 1,000,000 pairs",
	},
}

// scalingPlot draws how speed and memory go with the number of pairs, as SVG.
func scalingPlot(f figures) string {
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#222">
<rect width="%[1]d" height="%[2]d" fill="white"/>
`, plotWidth, plotHeight)
	for _, p := range panels {
		p.draw(&s, f)
	}
	fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="middle">pairs (registrar, client, extension)</text>
</svg>
`, (plotLeft+plotRight)/2, plotHeight-12)
	return s.String()
}

func (p *panel) draw(s *strings.Builder, f figures) {
	fmt.Fprintf(s, `<text x="%d" y="%.0f" font-size="13" font-weight="bold">%s</text>
`, plotLeft-50, p.top-16, p.title)
	for _, v := range p.ticks {
		fmt.Fprintf(s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>
`, plotLeft, plotRight, p.y(v), plotLeft-8, p.y(v)+4, p.label(v))
	}
	fmt.Fprintf(s, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f" stroke="%s" stroke-dasharray="5 4" opacity="0.6"/><text x="%d" y="%.1f" text-anchor="end" fill="%[4]s">%[7]s</text>
`, plotLeft, plotRight, p.y(p.goal), p.color, plotRight, p.y(p.goal)+14, p.goalText)
	var line []string
	for pairs := 1_000; pairs <= 10_000_000; pairs *= 10 {
		v := f.of(fmt.Sprintf("New/%d", pairs), p.unit)
		x, y := plotX(float64(pairs)), p.y(v)
		line = append(line, fmt.Sprintf("%.1f,%.1f", x, y))
		fmt.Fprintf(s, `<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>
<circle cx="%.1[1]f" cy="%.1[4]f" r="4" fill="%s"/><text x="%.1[1]f" y="%.1[6]f" text-anchor="middle" fill="%[5]s" font-weight="bold">%[7]s</text>
`, x, p.bottom+18, thousands(pairs), y, p.color, y-9, p.label(v))
	}
	fmt.Fprintf(s, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>
`, strings.Join(line, " "), p.color)
}

func (p *panel) y(v float64) float64 { return p.bottom - (p.bottom-p.top)*p.height(v) }

func plotX(pairs float64) float64 {
	return plotLeft + 30 + (plotRight-plotLeft-60)*(math.Log10(pairs)-3)/4
}
