package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

var evaluateCommand = &command{
	name:      "evaluate",
	arguments: "[-c siphunt.toml] -truth T ALERTS | -  or  -week [-seed N] [-scale S]  or  -network [-seed N] [-registrars N] [-phones N] [-hours N] [-exporter E] [-verbose]",
	summary:   "compare what was found in generated traffic with what is in it",
	details: `
Prints Table 1 of "Hunting SIP Authentication Attacks Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) beside what was
planted and what was found, all incidents that were missed, false, merged, split, or have other figures, and how long
the reports took. Exits with 1 where anything differs.

With -truth it reads alerts, as siphunt replay writes them; the truth is read when they are over, so that this works:

  siphunt generate week -truth t.json | siphunt replay - | siphunt evaluate -truth t.json -

With -week it generates the records and takes them through decoder and detector in this process, and tells the
processor time of both apart.

With -network it does the same with a provider's traffic (siphunt help generate), without a decoder, and prints two tables:
what was told of each kind of attack, and what each cause of good traffic raised; then each attack that was missed and each
break-in that was not told of. -verbose adds what was raised beside the attacks. Exits with 1 where a goal is missed.`,
	run: runEvaluate,
}

func runEvaluate(c *call) int {
	file := c.flags.String("c", "", "configuration `file` (default: the defaults)")
	truth := c.flags.String("truth", "", "the `file` that siphunt generate -truth wrote")
	inProcess := c.flags.Bool("week", false, "generate the records, and detect in this process")
	ofNetwork := c.flags.Bool("network", false, "generate a provider's traffic, and detect in this process")
	verbose := c.flags.Bool("verbose", false, "list what was raised beside the attacks of a network")
	seed, scale := weekFlags(c)
	options := networkFlags(c)
	if code, ok := c.parse(); !ok {
		return code
	}
	ways := 0
	for _, chosen := range []bool{*inProcess, *ofNetwork, *truth != ""} {
		if chosen {
			ways++
		}
	}
	if ways != 1 || (*truth != "") != (c.flags.NArg() == 1) {
		return c.usage("give -truth and one file of alerts (or -), or -week, or -network")
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	if *ofNetwork {
		options.Seed = *seed
		return c.evaluateNetwork(cfg, *options, *verbose)
	}
	var result *week.Result
	if *inProcess {
		result, err = c.runWeek(cfg, *seed, *scale)
	} else {
		result, err = c.evaluateAlerts(*truth, c.flags.Arg(0))
	}
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	result.Write(c.stdout, &cfg.Detector)
	if !result.Exact() {
		return exitBad
	}
	return exitOK
}

// evaluateAlerts compares the alerts of a file, or of standard input.
func (c *call) evaluateAlerts(truthFile, alerts string) (*week.Result, error) {
	in := c.stdin
	if alerts != "-" {
		f, err := os.Open(alerts)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var incidents week.Incidents
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		if err := incidents.AddJSON(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", alerts, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", alerts, err)
	}
	f, err := os.Open(truthFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	truth, err := week.ReadTruth(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", truthFile, err)
	}
	return week.Compare(truth, incidents.Ended()), nil
}

// runWeek generates a week and detects in it.
func (c *call) runWeek(cfg *config.Config, seed uint64, scale float64) (*week.Result, error) {
	g, err := week.New(seed, scale)
	if err != nil {
		return nil, err
	}
	bar := newProgressOf(c.stderr, "detecting", int64(g.Truth().Table.Records), progressbar.OptionShowCount())
	defer bar.finish()
	return week.Run(g, cfg, bar.add)
}

// evaluateNetwork generates a network and detects in it.
func (c *call) evaluateNetwork(cfg *config.Config, options network.Options, verbose bool) int {
	bar := newProgressOf(c.stderr, "detecting", -1, progressbar.OptionShowCount())
	result, err := network.Run(options, cfg.Detector, bar.add)
	bar.finish()
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	result.Write(c.stdout, verbose)
	if len(result.Faults()) > 0 {
		return exitBad
	}
	return exitOK
}
