package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/replay"
	"github.com/siphunt/siphunt/plugin/internal/report"
)

var reportCommand = &command{
	name:      "report",
	arguments: "[-c siphunt.toml] [-o report.html] [-json] [-state DIR] FILE... | -",
	summary:   "make a page of alerts or flows for people",
	details: `
Reads alerts as siphunt writes them (format ecs), flow records, or both, JSON lines (plain, or compressed with gzip or
zstd), from files or from standard input (-), and tells them apart by itself. Flow records go through the detector first. Writes
one HTML file that needs neither network nor script: break-ins first, and what to do about them. Ctrl-C ends the reading; the
report is then of what was read. How thresholds fit the network is measured in the flow records; where there are only alerts, -state
takes it from what a running siphunt has measured.`,
	run: runReport,
}

func runReport(c *call) int {
	file := c.flags.String("c", "", "configuration `file` for flow records (default: the defaults)")
	output := c.flags.String("o", "", "`file` to write the page to, - for standard output (default: report.html, or no page with -json)")
	asJSON := c.flags.Bool("json", false, "write what is in the page as JSON to standard output")
	state := c.flags.String("state", "", "state_dir of a siphunt in Fluent Bit, a `folder`, for what it has measured")
	c.args = flagsFirst(c.flags, c.args)
	if code, ok := c.parse(); !ok {
		return code
	}
	switch {
	case c.flags.NArg() == 0:
		return c.usage("give a file, or - for standard input")
	case *asJSON && *output == "-":
		return c.usage("-json and -o - would both write to standard output")
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	o := report.Options{Version: version}
	if *state != "" {
		if o.Calibration, err = stateMeasurements(*state, *file); err != nil {
			c.complain("%v", err)
			return exitBad
		}
	}
	r, code := c.collect(cfg, o)
	if r == nil {
		return code
	}
	if *output == "" && !*asJSON {
		*output = "report.html"
	}
	if err := c.writeReport(r, *output, *asJSON); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return code
}

// stateMeasurements returns what a siphunt in Fluent Bit has measured, as siphunt calibrate -state does.
func stateMeasurements(dir, configFile string) (*calibrate.Result, error) {
	name, err := measurements(dir)
	if err != nil {
		return nil, err
	}
	text, err := readMeasurements(name)
	if err != nil {
		return nil, err
	}
	cfg, collector, err := restoreMeasurements(text, configFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return collector.Result(&cfg.Detector), nil
}

// flagsFirst puts flags before the files, for those who write them last. What is behind -- are files.
func flagsFirst(flags *flag.FlagSet, args []string) []string {
	var first, files []string
	for i := 0; i < len(args); i++ {
		name := strings.TrimLeft(args[i], "-")
		switch {
		case args[i] == "--":
			return append(append(first, "--"), append(files, args[i+1:]...)...)
		case name == "" || name == args[i]: // "-" is standard input
			files = append(files, args[i])
			continue
		}
		first = append(first, args[i])
		f := flags.Lookup(name)
		if f == nil || i+1 == len(args) { // -o=file, -h, or one that there is not
			continue
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); !ok || !b.IsBoolFlag() {
			i++
			first = append(first, args[i])
		}
	}
	return append(first, files...)
}

// collect reads the files that the arguments name. Where there is nothing to report it returns nil.
func (c *call) collect(cfg *config.Config, o report.Options) (*report.Report, int) {
	ctx, stop := untilInterrupted()
	defer stop()
	progress := newProgress(c.stderr, "reading", c.flags.Args())
	defer progress.finish()
	complain := func(text string) {
		progress.clear()
		c.complain("%s", text)
	}
	in, err := newReportInput(cfg, complain)
	if err != nil {
		complain(err.Error())
		return nil, exitBad
	}
	code := exitOK
	for _, name := range c.flags.Args() {
		if err := c.readFile(ctx, in.replay, name, progress); err != nil && ctx.Err() == nil {
			complain(err.Error())
			code = exitBad
			continue
		}
		o.Sources = append(o.Sources, sourceName(name))
		if o.Partial = ctx.Err() != nil; o.Partial {
			break
		}
	}
	if len(o.Sources) == 0 {
		return nil, code
	}
	return in.report(o), code
}

// readFile reads one file, or standard input, until its end or until ctx is done.
func (c *call) readFile(ctx context.Context, r *replay.Replay, name string, p *progress) error {
	if name == "-" {
		return r.Read("standard input", newInterruptible(ctx, p.reader(c.stdin)))
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Read(name, newInterruptible(ctx, p.reader(f)))
}

func sourceName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return filepath.Base(name)
}

// writeReport writes the page, and the JSON if it is asked for.
func (c *call) writeReport(r *report.Report, output string, asJSON bool) error {
	if asJSON {
		if err := r.WriteJSON(c.stdout); err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
	}
	switch output {
	case "":
		return nil
	case "-":
		return r.WritePage(c.stdout)
	}
	f, err := os.Create(output)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	if err := errors.Join(r.WritePage(out), out.Flush(), f.Close()); err != nil {
		return err
	}
	if !asJSON {
		fmt.Fprintf(c.stdout, "%s %s\n%s\n", r.Verdict.Headline, r.Verdict.Detail, output)
	}
	return nil
}
