package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

var replayCommand = &command{
	name:      "replay",
	arguments: "[-c siphunt.toml] [-format F] [-report all|end] FILE... | -",
	summary:   "find the attacks in recorded flows",
	details: `
Reads flow records, a JSON object a line or chunks of msgpack, from files (plain, or compressed with gzip or zstd) or from standard
input (-).
Alerts go to standard output as JSON lines, a summary of the incidents to standard error. The clock is that of the
flows, so the same flows always give the same alerts; at the end of the input all incidents end.`,
	run: runReplay,
}

func runReplay(c *call) int {
	configured := c.recordFlags()
	report := c.flags.String("report", "", "`all` reports of an incident, or only one at its end (default: as configured)")
	if code, ok := c.parse(); !ok {
		return code
	}
	if c.flags.NArg() == 0 {
		return c.usage("give a file, or - for standard input")
	}
	if *report != "" && *report != "all" && *report != "end" {
		return c.usage("-report %s: write all or end", *report)
	}
	cfg, code := configured()
	if cfg == nil {
		return code
	}
	if *report != "" {
		cfg.Detector.ReportEnd = *report == "end"
	}
	return c.replay(cfg)
}

// recordFlags are those that say how records are read. The function that they give is called when they are parsed: it returns the
// configuration, or nil and the exit code.
func (c *call) recordFlags() func() (*config.Config, int) {
	file := c.flags.String("c", "", "configuration `file` (default: the defaults)")
	format := c.flags.String("format", "", "`names` of the records' fields: "+strings.Join(flow.Formats(), ", ")+" (default: as configured)")
	return func() (*config.Config, int) {
		if *format != "" && !slices.Contains(flow.Formats(), *format) {
			return nil, c.usage("-format %s: write one of %s", *format, strings.Join(flow.Formats(), ", "))
		}
		cfg, err := config.Load(*file)
		if err != nil {
			fmt.Fprintln(c.stderr, err)
			return nil, exitBad
		}
		if *format != "" {
			cfg.Format = *format
		}
		return cfg, exitOK
	}
}

// input opens the file that an argument names; - is standard input.
func (c *call) input(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.stdin), nil
	}
	return os.Open(name)
}

// replay runs the detector over the files that the arguments name.
func (c *call) replay(cfg *config.Config) int {
	encoder, err := cfg.NewEncoder("", version, func(text string) { c.complain("%s", text) })
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	out := &alertWriter{encoder: encoder, out: bufio.NewWriter(c.stdout)}
	if cfg.AlertFormat != "ecs" {
		if out.forSummary, err = alert.NewEncoder(alert.Options{Format: "ecs"}); err != nil {
			c.complain("%v", err)
			return exitBad
		}
	}
	progress := newProgress(c.stderr, "replaying", c.flags.Args())
	r, err := replay.New(cfg, out.write, func(msg string) {
		progress.clear()
		c.complain("%s", msg)
	})
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	code := exitOK
	for _, name := range c.flags.Args() {
		if err := c.replayFile(r, name, progress); err != nil {
			progress.clear()
			c.complain("%v", err)
			code = exitBad
		}
	}
	r.Finish()
	progress.finish()
	if err := out.out.Flush(); err != nil {
		c.complain("writing alerts: %v", err)
		return exitBad
	}
	out.summary.write(c.stderr)
	writeCounts(c.stderr, r.Counts())
	return code
}

// replayFile reads one file, or standard input.
func (c *call) replayFile(r *replay.Replay, name string, p *progress) error {
	in, err := c.input(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	return r.Read(name, p.reader(in))
}

// alertWriter writes alerts as JSON lines and keeps what the summary needs.
type alertWriter struct {
	encoder    *alert.Encoder
	forSummary *alert.Encoder // the summary reads ECS; nil where that is what is written
	out        *bufio.Writer
	line       []byte
	summary    summary
}

// write takes as the moment of detection what the flows' clock says, so that a replay always gives the same bytes.
func (w *alertWriter) write(a *detect.Alert) {
	at := time.UnixMilli(a.Time)
	w.line = w.encoder.AppendJSON(w.line[:0], a, at)
	if w.forSummary != nil {
		w.summary.add(w.forSummary.AppendJSON(nil, a, at))
	} else {
		w.summary.add(w.line)
	}
	w.line = append(w.line, '\n')
	_, _ = w.out.Write(w.line) // Flush tells
}

// writeCounts says in a line what became of the records.
func writeCounts(w io.Writer, c replay.Counts) {
	fmt.Fprintf(w, "%s: %d relevant, %d other", humanize.Count(int(c.Records), "record"), c.Relevant, c.Other)
	for i, n := range c.Dropped {
		writeCount(w, flow.Reason(i).String(), n)
	}
	d := &c.Detector
	fmt.Fprintf(w, "; %s, %s", humanize.Count(int(d.Rejections), "rejection"), humanize.Count(int(d.Acceptances), "acceptance"))
	writeCount(w, "late", d.Late)
	writeCount(w, "time_rejected", d.TimeRejected)
	writeCount(w, "allowed", d.Allowed)
	writeCount(w, "evicted", d.Evicted)
	writeCount(w, "ended early", d.EndedEarly)
	if c.Broken > 0 {
		fmt.Fprintf(w, "; %s broke off", humanize.Count(c.Broken, "file"))
	}
	fmt.Fprintln(w)
}

func writeCount(w io.Writer, what string, n uint64) {
	if n > 0 {
		fmt.Fprintf(w, ", %d %s", n, what)
	}
}
