package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"slices"

	"github.com/schollz/progressbar/v3"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

var evaluateCommand = &command{
	name:      "evaluate",
	arguments: "[-c siphunt.toml] -truth T ALERTS | -  or  -week [-seed N] [-scale S]  or  -network [-seed N] [-seeds N] [-registrars N] [-phones N] [-hours N] [-exporter E]",
	summary:   "compare what was found in generated traffic with what is in it",
	details: `
Of the paper's week it prints Table 1 of "Hunting SIP Authentication Attacks Efficiently" (Jansky, Cejka, Bartos, AIMS 2017)
beside what was planted and what was found, all incidents that were missed, false, merged, split, or have other figures, and
how long the reports took. Exits with 1 where anything differs.

Of a network it prints what was told of each kind of attack, and what each cause of good traffic raised; then each attack that
was missed and each break-in that was not told of. -verbose adds other counts and what was raised beside the attacks. Exits
with 1 where a goal is missed: every attack told, every break-in too, and for a million good registrations at most 1 alert of
severity 99 and 5 incidents of severity 47 or more.

With -truth it reads alerts, as siphunt replay writes them; the truth is read when they are over, so that this works:

  siphunt generate week -truth t.json | siphunt replay - | siphunt evaluate -truth t.json -

With -week it generates the records and takes them through decoder and detector in this process, and tells the
processor time of both apart. With -network it does the same with a network, without a decoder. With -seeds it takes as many
networks, from -seed on, each with the next model of exporters, and adds them up.`,
	run: runEvaluate,
}

func runEvaluate(c *call) int {
	file := c.flags.String("c", "", "configuration `file` (default: the defaults)")
	truth := c.flags.String("truth", "", "the `file` that siphunt generate -truth wrote")
	ofWeek := c.flags.Bool("week", false, "generate the paper's week, and detect in this process")
	ofNetwork := c.flags.Bool("network", false, "generate a network, and detect in this process")
	seeds := c.flags.Int("seeds", 1, "`number` of networks")
	markdown := c.flags.Bool("markdown", false, "write the tables of networks as Markdown")
	verbose := c.flags.Bool("verbose", false, "list also what was raised beside the attacks of a network")
	seed, scale := weekFlags(c)
	options := networkFlags(c)
	if code, ok := c.parse(); !ok {
		return code
	}
	ways := 0
	for _, chosen := range []bool{*ofWeek, *ofNetwork, *truth != ""} {
		if chosen {
			ways++
		}
	}
	if ways != 1 || (*truth != "") != (c.flags.NArg() == 1) {
		return c.usage("give -truth and one file of alerts (or -), or -week, or -network")
	}
	if *seeds < 1 {
		return c.usage("-seeds %d: must be at least 1", *seeds)
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	options.Seed = *seed
	report := &network.Report{Markdown: *markdown, Verbose: *verbose}
	var ok bool
	switch {
	case *ofWeek:
		ok, err = c.evaluateWeek(cfg, *seed, *scale)
	case *ofNetwork:
		ok, err = c.evaluateNetworks(cfg, *options, *seeds, report)
	default:
		ok, err = c.evaluateAlerts(cfg, *truth, c.flags.Arg(0), report)
	}
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	if !ok {
		return exitBad
	}
	return exitOK
}

// evaluateAlerts compares the alerts of a file, or of standard input.
func (c *call) evaluateAlerts(cfg *config.Config, truthFile, alertFile string, report *network.Report) (ok bool, err error) {
	alerts, err := c.parseAlerts(alertFile)
	if err != nil {
		return false, fmt.Errorf("%s: %w", alertFile, err)
	}
	text, err := os.ReadFile(truthFile)
	if err != nil {
		return false, err
	}
	if truth := network.ReadTruth(bytes.NewReader(text)); truth != nil {
		var found network.Incidents
		for _, a := range alerts {
			found.Add(a)
		}
		report.Results = []*network.Result{network.Judge(truth, &found)}
		return c.conclude(report), nil
	}
	truth, err := week.ReadTruth(bytes.NewReader(text))
	if err != nil {
		return false, fmt.Errorf("%s: %w", truthFile, err)
	}
	var found week.Incidents
	for _, a := range alerts {
		found.Add(a)
	}
	result := week.Compare(truth, found.Ended())
	result.Write(c.stdout, &cfg.Detector)
	return result.Exact(), nil
}

// parseAlerts reads what siphunt replay has written.
func (c *call) parseAlerts(name string) (alerts []*detect.Alert, err error) {
	in, err := c.input(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		a, err := traffic.ReadAlert(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		alerts = append(alerts, a)
	}
	return alerts, lines.Err()
}

// evaluateWeek generates a week and detects in it.
func (c *call) evaluateWeek(cfg *config.Config, seed uint64, scale float64) (ok bool, err error) {
	g, err := week.New(seed, scale)
	if err != nil {
		return false, err
	}
	bar := newProgressOf(c.stderr, "detecting", int64(g.Truth().Table.Records), progressbar.OptionShowCount())
	defer bar.finish()
	result, err := week.Run(g, cfg, bar.add)
	if err != nil {
		return false, err
	}
	bar.finish()
	result.Write(c.stdout, &cfg.Detector)
	return result.Exact(), nil
}

// evaluateNetworks generates networks and detects in them, one after the other.
func (c *call) evaluateNetworks(cfg *config.Config, o network.Options, seeds int, report *network.Report) (ok bool, err error) {
	first := slices.Index(network.Exporters, o.Exporter)
	for i := range seeds {
		if first >= 0 {
			o.Exporter = network.Exporters[(first+i)%len(network.Exporters)]
		}
		bar := newProgressOf(c.stderr, fmt.Sprintf("detecting in network %d", o.Seed), -1, progressbar.OptionShowCount())
		result, err := network.Run(o, cfg.Detector, bar.add)
		bar.finish()
		if err != nil {
			return false, err
		}
		report.Results = append(report.Results, result)
		o.Seed++
	}
	return c.conclude(report), nil
}

// conclude writes a report and says whether the goals are met.
func (c *call) conclude(report *network.Report) bool {
	report.Write(c.stdout)
	return len(network.Sum(report.Results).Faults()) == 0
}
