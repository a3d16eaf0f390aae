package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

var topCommand = &command{
	name:      "top",
	arguments: "[-c siphunt.toml | -state DIR] [-detector NAME] [-metrics URL] [-interval 2s] [-once]",
	summary:   "watch the open incidents of a running detector",
	details: `
Shows the open incidents of a detector that is at work in Fluent Bit, the most severe first, and how it does. It reads the
state that the detector keeps in state_dir, as fast as it is written, without a lock and without changing anything: who may read
those files may look. It takes about as much memory and a little of the processor time that the detector takes. Ctrl-C ends it.

-metrics adds what only the metrics know, such as alerts that wait, from Fluent Bit's http://127.0.0.1:2020/api/v2/metrics/prometheus.`,
	run: runTop,
}

func runTop(c *call) int {
	file := c.flags.String("c", "", "configuration `file`, which names state_dir")
	folder := c.flags.String("state", "", "state_dir, a `folder` (default: as configured)")
	name := c.flags.String("detector", "main", "`name` of the detector")
	metrics := c.flags.String("metrics", "", "`URL` of Fluent Bit's Prometheus endpoint")
	interval := c.flags.Duration("interval", 2*time.Second, "`time` between two looks")
	once := c.flags.Bool("once", false, "show it once, as is done where standard output is no terminal")
	if code, ok := c.parse(); !ok {
		return code
	}
	switch {
	case c.flags.NArg() > 0:
		return c.usage("give flags only")
	case *interval < 100*time.Millisecond:
		return c.usage("-interval %s: give 100ms or more", *interval)
	case !filepath.IsLocal(*name) || filepath.Base(*name) != *name || *name == ".":
		return c.usage("-detector %s: no detector has this name", *name)
	}
	source := &rules.Source{File: *file, Version: version, Warn: func(string) {}}
	r, err := source.Load()
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	if *folder == "" {
		*folder = r.Config.State.StateDir
	}
	if *folder == "" {
		return c.usage("give the configuration with -c, or the detector's state_dir with -state: without one it leaves nothing to look at")
	}
	f, err := judge.NewFollower(filepath.Join(*folder, *name), *name, source, r)
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	t := &top{name: *name, follower: f}
	if *metrics != "" {
		t.metrics = &liveMetrics{url: *metrics, detector: *name}
	}
	if err := t.look(context.Background()); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	if size := terminalSize(c.stdout); size != nil && !*once {
		return c.watch(t, *interval, size)
	}
	return c.print(t)
}

// print shows it once.
func (c *call) print(t *top) int {
	if _, err := io.WriteString(c.stdout, t.screen(time.Now(), 0, 0)); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return exitOK
}

// What the terminal is told: another screen without a cursor, and back; up to the corner; clear to the end of the line, of the screen.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	corner      = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// watch shows it again and again, until Ctrl-C.
func (c *call) watch(t *top, interval time.Duration, size func() (int, int)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprint(c.stdout, enterScreen)
	defer fmt.Fprint(c.stdout, leaveScreen)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		width, height := size()
		fmt.Fprint(c.stdout, corner, linewise(t.screen(time.Now(), width, height)), clearRest)
		select {
		case <-ctx.Done():
			return exitOK
		case <-tick.C:
		}
		if err := t.look(ctx); err != nil {
			t.problem = err.Error()
		}
	}
}

// terminalSize returns what asks for the columns and lines of a terminal, or nil if it is none.
func terminalSize(w io.Writer) func() (width, height int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 80, 24
		}
		return width, height
	}
}

// top is what is known of a running detector.
type top struct {
	name     string
	follower *judge.Follower
	metrics  *liveMetrics // nil where nobody has asked for them
	problem  string
	began    bool // something was read
}

// look reads what is new. What another process is replacing at the moment is no error: the next look has it.
func (t *top) look(ctx context.Context) error {
	err := t.follower.Follow()
	t.problem = ""
	if err != nil && !(t.began && state.IsBehind(err)) {
		return err
	}
	if err != nil {
		t.problem = "A part of the state cannot be read; the next snapshot makes up for it."
	}
	t.began = true
	if t.metrics != nil {
		if err := t.metrics.read(ctx); err != nil {
			t.problem = err.Error()
		}
	}
	return nil
}
