package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

var evaluateCommand = &command{
	name:      "evaluate",
	arguments: "[-c siphunt.toml] -truth T ALERTS | -  or  [-c siphunt.toml] -week [-seed N] [-scale S]",
	summary:   "compare what was found in a generated week with what is in it",
	details: `
Prints Table 1 of "Hunting SIP Authentication Attacks Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) beside what was
planted and what was found, all incidents that were missed, false, merged, split, or have other figures, and how long
the reports took. Exits with 1 where anything differs.

With -truth it reads alerts, as siphunt replay writes them; the truth is read when they are over, so that this works:

  siphunt generate week -truth t.json | siphunt replay - | siphunt evaluate -truth t.json -

With -week it generates the records and takes them through decoder and detector in this process, and tells the
processor time of both apart.`,
	run: runEvaluate,
}

func runEvaluate(c *call) int {
	file := c.flags.String("c", "", "configuration `file` (default: the defaults)")
	truth := c.flags.String("truth", "", "the `file` that siphunt generate -truth wrote")
	inProcess := c.flags.Bool("week", false, "generate the records, and detect in this process")
	seed, scale := weekFlags(c)
	if code, ok := c.parse(); !ok {
		return code
	}
	if *inProcess == (*truth != "") || *inProcess == (c.flags.NArg() == 1) {
		return c.usage("give -truth and one file of alerts (or -), or -week")
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
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
