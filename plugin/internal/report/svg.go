package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// ink is a colour that the page's scheme decides on: class i-NAME of page.css. The library draws with a stand-in for it.
type ink uint8

const (
	inkText ink = iota + 1
	inkMuted
	inkGrid
	inkLow
	inkMedium
	inkHigh
	inkCritical
	inkAccent
	inkProposed
)

// inks are the names of the classes.
var inks = [...]string{"", "text", "muted", "grid", "low", "medium", "high", "critical", "accent", "proposed"}

// RGBA is the stand-in.
func (i ink) RGBA() (r, g, b, a uint32) { return color.RGBA{B: uint8(i), A: 255}.RGBA() }

// inkOf returns the class of what the library has written for an ink; others are text.
func inkOf(written string) string {
	for i := range inks {
		if written == fmt.Sprintf("#%06x", i) && i > 0 {
			return inks[i]
		}
	}
	return inks[inkText]
}

// drawing is a plot as it stands in the page, once for wide and once for narrow windows.
type drawing struct {
	Label        string // says to those who cannot see it what it shows
	Wide, Narrow template.HTML
}

// size is that of a plot, in CSS pixels.
type size struct {
	width, height float64
	narrow        bool
}

// The widths of drawings: across the page, half of it, and all of a telephone's.
const (
	fullWidth   = 1000
	halfWidth   = 490
	narrowWidth = 340
)

// newDrawing draws a plot in both sizes. What cannot be drawn is left out: the figures are in the page anyhow.
func newDrawing(label string, width, height float64, make func(s size) *plot.Plot) *drawing {
	d := &drawing{Label: label}
	for _, s := range []size{{width, height, false}, {narrowWidth, height, true}} {
		svg, err := render(make(s), s, label)
		if err != nil {
			return nil
		}
		if s.narrow {
			d.Narrow = svg
		} else {
			d.Wide = svg
		}
	}
	return d
}

func render(p *plot.Plot, s size, label string) (template.HTML, error) {
	canvas := vgsvg.New(vg.Length(s.width), vg.Length(s.height))
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	return forPage(&b, label)
}

// What a drawing may consist of. Nothing in it can load, run or link anything, whatever is in its texts.
var (
	shapes     = []string{"svg", "g", "path", "text"}
	attributes = []string{"viewBox", "transform", "d", "x", "y"}
	measures   = []string{"stroke-width", "stroke-dasharray", "fill-opacity", "stroke-opacity"}
)

// forPage rewrites an SVG so that the page's style sheet colours it: each style attribute, which the page's policy would ignore,
// becomes classes and attributes.
func forPage(svg io.Reader, label string) (template.HTML, error) {
	var b strings.Builder
	in := xml.NewDecoder(svg)
	inText := false
	for {
		t, err := in.Token()
		if errors.Is(err, io.EOF) {
			return template.HTML(b.String()), nil
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if !slices.Contains(shapes, t.Name.Local) {
				return "", fmt.Errorf("a drawing has a %s", t.Name.Local)
			}
			writeElement(&b, &t, label)
			if inText = t.Name.Local == "text"; !inText {
				b.WriteString(">")
			}
		case xml.EndElement:
			fmt.Fprintf(&b, "</%s>", t.Name.Local)
		case xml.CharData:
			if !inText {
				continue
			}
			written := strings.TrimSpace(string(t))
			fmt.Fprintf(&b, ` textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s`, widthOf(written), html.EscapeString(written))
			inText = false
		}
	}
}

func writeElement(b *strings.Builder, t *xml.StartElement, label string) {
	b.WriteString("<" + t.Name.Local)
	if t.Name.Local == "svg" {
		fmt.Fprintf(b, ` role="img" aria-label="%s"`, html.EscapeString(label))
	}
	style := ""
	for _, a := range t.Attr {
		switch {
		case a.Name.Local == "style":
			style = a.Value
		case slices.Contains(attributes, a.Name.Local):
			fmt.Fprintf(b, ` %s="%s"`, a.Name.Local, html.EscapeString(a.Value))
		}
	}
	if t.Name.Local == "path" || t.Name.Local == "text" {
		writeStyle(b, style)
	}
}

// widthOf returns how wide the library takes a text for. Whatever font the reader has, it is drawn as wide.
func widthOf(s string) float64 {
	face := font.DefaultCache.Lookup(letters(labelSize), labelSize)
	return face.Width(s).Points()
}

// writeStyle writes what a style says as classes and attributes. What it leaves out is SVG's default: filled, without an outline.
func writeStyle(b *strings.Builder, style string) {
	class := "f-text"
	var rest strings.Builder
	for declaration := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(declaration, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case name == "fill" && value == "none":
			class = "no-fill"
		case name == "fill":
			class = "f-" + inkOf(value)
		case name == "stroke":
			class = "no-fill s-" + inkOf(value)
		case name == "font-size":
			fmt.Fprintf(&rest, ` font-size="%s"`, html.EscapeString(value))
		case slices.Contains(measures, name):
			fmt.Fprintf(&rest, ` %s="%s"`, name, html.EscapeString(value))
		}
	}
	fmt.Fprintf(b, ` class="%s"%s`, class, rest.String())
}
