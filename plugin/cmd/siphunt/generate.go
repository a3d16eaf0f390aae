package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
)

var generateCommand = &command{
	name: "generate",
	arguments: "week [-seed N] [-scale S] ...  or  network [-seed N] [-registrars N] [-phones N] [-hours N] [-exporter E] ...  " +
		"with [-format jsonl|chunks] [-names ipfixprobe|ipfixcol2] [-truth FILE] [-o FILE]",
	summary: "make flow records with known attacks in them",
	details: `
week makes a week of SIP flow records in which there is exactly what Table 1 of "Hunting SIP Authentication Attacks
Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) reports: 718,627,758 records, 40,909,352 of them answers 401 and 200 to
REGISTER, 18,945,291 of those in 6,488 brute force attacks and 520 scans, 7 of them successful. With -scale 0.01 all
these figures are a hundredth. The same seed and scale make the same week. A whole one is 400 GB of JSON:
use a pipe.

network makes the registrations of a provider's phones, with all that goes wrong with them in a day, and attacks of all kinds,
as exporters tell of them that lose, delay, double and reorder records. The same options make the same network.`,
	run: runGenerate,
}

// weekFlags are those that say which week.
func weekFlags(c *call) (seed *uint64, scale *float64) {
	return c.flags.Uint64("seed", 1, "which week, a `number`"),
		c.flags.Float64("scale", 1, fmt.Sprintf("a `share` of the week, from %g to 1", week.MinScale))
}

// networkFlags are those that say which network, beside the seed.
func networkFlags(c *call) *network.Options {
	o := network.DefaultOptions
	c.flags.IntVar(&o.Registrars, "registrars", o.Registrars, "`number` of registrars of a network")
	c.flags.IntVar(&o.Phones, "phones", o.Phones, "`number` of good phones of a network")
	c.flags.IntVar(&o.Hours, "hours", o.Hours, "how many `hours` of a network")
	c.flags.StringVar(&o.Exporter, "exporter", o.Exporter, "`model` of a network's exporters: "+strings.Join(network.Exporters, ", "))
	return &o
}

// generator makes records.
type generator struct {
	chunk      func(b []byte) (_ []byte, more bool) // appends some
	writeTruth func(w io.Writer) error
}

func runGenerate(c *call) int {
	what, usualNames := "", traffic.Ipfixprobe
	if len(c.args) > 0 && (c.args[0] == "week" || c.args[0] == "network") {
		what, c.args = c.args[0], c.args[1:]
	}
	if what == "network" {
		usualNames = traffic.Ipfixcol2
	}
	seed, scale := weekFlags(c)
	options := networkFlags(c)
	format := c.flags.String("format", traffic.JSONL, "`form` of the records: jsonl (JSON lines), or chunks (msgpack, as Fluent Bit gives them to an output)")
	names := c.flags.String("names", usualNames, "`names` of the records' fields: ipfixprobe or ipfixcol2, usual for a network")
	truth := c.flags.String("truth", "", "`file` to write to what is in the records, for siphunt evaluate")
	output := c.flags.String("o", "-", "`file` to write the records to, - for standard output")
	if code, ok := c.parse(); !ok {
		return code
	}
	if what == "" || c.flags.NArg() > 0 {
		return c.usage("say first what to generate: week or network")
	}
	var g *generator
	var err error
	if what == "week" {
		g, err = newWeek(*seed, *scale, *format, *names)
	} else {
		options.Seed = *seed
		g, err = newNetwork(*options, *format, *names)
	}
	if err != nil {
		return c.usage("%v", err)
	}
	if err := c.generate(g, *output, *truth); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return exitOK
}

// generate writes the records and then, before their reader can see their end, the truth.
func (c *call) generate(g *generator, output, truth string) (err error) {
	out := c.stdout
	if output != "-" {
		f, err := os.Create(output)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	var chunk []byte
	for more := true; more; {
		chunk, more = g.chunk(chunk[:0])
		if _, err := out.Write(chunk); err != nil {
			return fmt.Errorf("writing records: %w", err)
		}
	}
	if truth == "" {
		return nil
	}
	f, err := os.Create(truth)
	if err != nil {
		return err
	}
	return errors.Join(g.writeTruth(f), f.Close())
}

func newWeek(seed uint64, scale float64, format, names string) (*generator, error) {
	encoder, err := week.NewEncoder(format, names)
	if err != nil {
		return nil, err
	}
	g, err := week.New(seed, scale)
	if err != nil {
		return nil, err
	}
	chunk := func(b []byte) ([]byte, bool) {
		b, _, more := encoder.Chunk(b, g)
		return b, more
	}
	return &generator{chunk, g.Truth().Write}, nil
}

func newNetwork(o network.Options, format, names string) (*generator, error) {
	encoder, err := network.NewEncoder(format, names)
	if err != nil {
		return nil, err
	}
	g, err := network.New(o)
	if err != nil {
		return nil, err
	}
	chunk := func(b []byte) ([]byte, bool) { return encoder.Chunk(b, g) }
	return &generator{chunk, g.Truth().Write}, nil
}
