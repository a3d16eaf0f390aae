package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
)

var generateCommand = &command{
	name:      "generate",
	arguments: "week [-seed N] [-scale S] [-format jsonl|chunks] [-names ipfixprobe|ipfixcol2] [-truth FILE] [-o FILE]",
	summary:   "make flow records with known attacks in them",
	details: `
Makes a week of SIP flow records in which there is exactly what Table 1 of "Hunting SIP Authentication Attacks
Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) reports: 718,627,758 records, 40,909,352 of them answers 401 and 200 to
REGISTER, 18,945,291 of those in 6,488 brute force attacks and 520 scans, 7 of them successful. With -scale 0.01 all
these figures are a hundredth. The same seed and scale make the same week. A whole one is 400 GB of JSON:
use a pipe.`,
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
	c.flags.StringVar(&o.Exporter, "exporter", o.Exporter, "`model` of a network's exporters: prompt, ipfixprobe, active30 or two-probes")
	return &o
}

func runGenerate(c *call) int {
	seed, scale := weekFlags(c)
	format := c.flags.String("format", traffic.JSONL, "`form` of the records: jsonl (JSON lines), or chunks (msgpack, as Fluent Bit gives them to an output)")
	names := c.flags.String("names", traffic.Ipfixprobe, "`names` of the records' fields: ipfixprobe or ipfixcol2")
	truth := c.flags.String("truth", "", "`file` to write to what is in the week, for siphunt evaluate")
	output := c.flags.String("o", "-", "`file` to write the records to, - for standard output")
	first := len(c.args) > 0 && c.args[0] == "week"
	if first {
		c.args = c.args[1:]
	}
	if code, ok := c.parse(); !ok {
		return code
	}
	if !first || c.flags.NArg() > 0 {
		return c.usage("say first what to generate: week")
	}
	encoder, err := week.NewEncoder(*format, *names)
	if err != nil {
		return c.usage("%v", err)
	}
	g, err := week.New(*seed, *scale)
	if err != nil {
		return c.usage("%v", err)
	}
	if err := c.generate(g, encoder, *output, *truth); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return exitOK
}

// generate writes the records and then, before their reader can see their end, the truth.
func (c *call) generate(g *week.Generator, encoder *week.Encoder, output, truth string) (err error) {
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
		chunk, _, more = encoder.Chunk(chunk[:0], g)
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
	return errors.Join(g.Truth().Write(f), f.Close())
}
