package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

var calibrateCommand = &command{
	name:      "calibrate",
	arguments: "[-c siphunt.toml] [-format F] [-o FILE] [-json] [-backtest] [-curve KEYS|all] FILE... | -  or  -state DIR [-c siphunt.toml] [-o FILE] [-json]",
	summary:   "recommend thresholds from a network's own traffic",
	details: `
Reads flow records as siphunt replay does, runs the detector over them, and measures what each threshold judges: of phones, of attacks,
and of what is neither. To standard output, or with -o to a file, it writes a siphunt.toml, each value with its reason; to standard error
what it has found. A threshold is raised only where phones reach it and no attack of the traffic would stay below; where too little was
seen it is left as it is. Whoever might be allowed is listed in a comment.

-backtest reads the files again and compares both configurations: what they tell of, how soon, and what that takes; a change that loses an
attack is taken back. -curve does it with other values of some keys, with a comma between them.

With -state it reads what a siphunt in Fluent Bit has measured since it first ran, as of its last snapshot, from its state_dir or the
folder of a detector in it; it may be running.

Ctrl-C ends the input; what was seen so far is used.`,
	run: runCalibrate,
}

// calibration is one run of the command.
type calibration struct {
	*call
	cfg    *config.Config
	ctx    context.Context
	curves []string
	code   int
}

func runCalibrate(c *call) int {
	file := c.flags.String("c", "", "configuration `file` that is in force (default: the defaults)")
	format := c.flags.String("format", "", "`names` of the records' fields: "+strings.Join(flow.Formats(), ", ")+" (default: as configured)")
	output := c.flags.String("o", "-", "`file` to write to, - for standard output")
	asJSON := c.flags.Bool("json", false, "write all that was measured and found as JSON")
	backtest := c.flags.Bool("backtest", false, "compare the present and the recommended configuration; reads the files again")
	state := c.flags.String("state", "", "state_dir of a siphunt in Fluent Bit, or the `folder` of a detector in it")
	curve := c.flags.String("curve", "", "`keys` that other values are tried of, or all; reads the files again")
	if code, ok := c.parse(); !ok {
		return code
	}
	if *state != "" {
		if c.flags.NArg() > 0 || *backtest || *curve != "" || *format != "" {
			return c.usage("-state reads no flow records: give no files, and neither -format, -backtest nor -curve")
		}
		return c.calibrateState(*state, *file, *output, *asJSON)
	}
	if c.flags.NArg() == 0 {
		return c.usage("give a file, or - for standard input, or -state")
	}
	again := *backtest || *curve != ""
	if again && slices.Contains(c.flags.Args(), "-") {
		return c.usage("-backtest and -curve read their input again: give files")
	}
	if *format != "" && !slices.Contains(flow.Formats(), *format) {
		return c.usage("-format %s: write one of %s", *format, strings.Join(flow.Formats(), ", "))
	}
	curves, err := curveKeys(*curve)
	if err != nil {
		return c.usage("%v", err)
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	if *format != "" {
		cfg.Format = *format
	}
	ctx, stop := untilInterrupted()
	defer stop()
	x := &calibration{call: c, cfg: cfg, ctx: ctx, curves: curves}
	result, err := x.measure()
	if err == nil && again {
		err = x.test(result)
	}
	if err == nil {
		writeCalibration(c.stderr, result)
		err = c.writeResult(result, cfg, *output, *asJSON)
	}
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return x.code
}

// curveKeys returns the keys that an argument names.
func curveKeys(list string) ([]string, error) {
	switch list {
	case "":
		return nil, nil
	case "all":
		return calibrate.CurveKeys(), nil
	}
	keys := strings.Split(list, ",")
	for _, key := range keys {
		if !slices.Contains(calibrate.CurveKeys(), key) {
			return nil, fmt.Errorf("-curve %s: write all, or some of %s", key, strings.Join(calibrate.CurveKeys(), ","))
		}
	}
	return keys, nil
}

// measure reads the records and returns what they say.
func (x *calibration) measure() (*calibrate.Result, error) {
	cfg := *x.cfg
	cfg.Detector = calibrate.Measuring(&x.cfg.Detector)
	collector := calibrate.NewCollector(&cfg.Detector)
	r, err := x.read("measuring", &cfg, collector.Alert, func(r *replay.Replay) {
		r.Watch(collector)
		r.Beside(func(func(*detect.Detector)) {
			stats := r.Counts().Detector
			collector.Note(&stats)
		})
	}, true)
	if err != nil {
		return nil, err
	}
	collector.Finish()
	counts := r.Counts()
	writeCounts(x.stderr, counts)
	if counts.Detector.Rejections+counts.Detector.Acceptances == 0 {
		return nil, errors.New("no answer to a registration was read, so that there is nothing to measure; siphunt explain says how records are read")
	}
	return collector.Result(&x.cfg.Detector), nil
}

// test reads the records again, with the present and the recommended configuration, until no change loses an attack.
func (x *calibration) test(result *calibrate.Result) error {
	for again := true; again && x.ctx.Err() == nil; {
		tester, err := calibrate.NewTester(&x.cfg.Detector, result, x.curves)
		if err != nil {
			return err
		}
		_, err = x.read("testing", x.cfg, func(*detect.Alert) {}, func(r *replay.Replay) { r.Beside(tester.Feed) }, false)
		if err != nil {
			return err
		}
		again = tester.Conclude()
		x.curves = nil // once is enough
	}
	return nil
}

// read takes all files through a replay. Only the first time it tells what is wrong with them.
func (x *calibration) read(what string, cfg *config.Config, alert func(*detect.Alert), prepare func(*replay.Replay), first bool) (*replay.Replay, error) {
	progress := newProgressOf(x.stderr, what, totalSize(x.flags.Args()), progressBytes)
	defer progress.finish()
	tell := func(text string) {
		if first {
			progress.clear()
			x.complain("%s", text)
		}
	}
	r, err := replay.New(cfg, alert, tell)
	if err != nil {
		return nil, err
	}
	prepare(r)
	for _, name := range x.flags.Args() {
		if x.ctx.Err() != nil {
			break
		}
		if err := x.readFile(r, name, progress); err != nil {
			tell(err.Error())
			x.code = exitBad
		}
	}
	r.Finish()
	return r, nil
}

func (x *calibration) readFile(r *replay.Replay, name string, p *progress) error {
	if name == "-" {
		return r.Read("standard input", newInterruptible(x.ctx, p.reader(x.stdin)))
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Read(name, newInterruptible(x.ctx, p.reader(f)))
}

// writeResult writes the recommended configuration, or all as JSON.
func (c *call) writeResult(result *calibrate.Result, cfg *config.Config, output string, asJSON bool) error {
	text := []byte(result.File(cfg))
	if asJSON {
		result.TOML = string(text)
		encoded, err := jsoniter.MarshalIndent(result, "", "  ")
		if err != nil {
			return err
		}
		text = encoded
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	if output == "-" {
		_, err := c.stdout.Write(text)
		return err
	}
	return os.WriteFile(output, text, 0o644)
}
