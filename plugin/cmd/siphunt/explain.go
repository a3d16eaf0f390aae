package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

var explainCommand = &command{
	name:      "explain",
	arguments: "[-c siphunt.toml] [-format F] [-n 5] FILE | -",
	summary:   "say how records are read, and what to change",
	details: `
Reads a sample of flow records, a line each, and shows of the first of each sort which format it was taken for and why, where
each field was found, and what became of it; at the end what there is in all, and the one thing to change. Start with
it where siphunt finds nothing, or a format is new.`,
	run: runExplain,
}

// maxExplained is how many records of a sample are looked at.
const maxExplained = 10_000

// maxRenamed is how many of those that no format fits are looked at for names in another form.
const maxRenamed = 200

func runExplain(c *call) int {
	configured := c.recordFlags()
	shown := c.flags.Int("n", 5, "records to show in full, each of another sort")
	if code, ok := c.parse(); !ok {
		return code
	}
	if c.flags.NArg() != 1 {
		return c.usage("give one file, or - for standard input")
	}
	cfg, code := configured()
	if cfg == nil {
		return code
	}
	x, err := newExplanation(cfg, c.stdout, *shown)
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	in, err := c.input(c.flags.Arg(0))
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	defer in.Close()
	if err := x.read(in); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	x.summary()
	return exitOK
}

// explanation is what is said about a sample.
type explanation struct {
	config    *config.Config
	explainer *flow.Explainer
	detector  *detect.Detector
	out       io.Writer
	left      int             // records to show
	sorts     map[string]bool // of records that were shown
	runs      map[run3]int    // rejections since the last acceptance

	stats   flow.Stats
	formats map[string]int
	alerts  map[string]int
	unread  string            // the first line that is no record
	renamed *flow.Renamed     // of records that no format fits, the one with most fields
	nearest *flow.Explanation // of a record that no format fits, the one with most in it
	strange *flow.Explanation // of SIP that is never relevant, the first answer
}

// run3 is what rejections are counted by.
type run3 struct{ registrar, client, extension string }

func newExplanation(cfg *config.Config, out io.Writer, shown int) (*explanation, error) {
	explainer, err := cfg.NewExplainer()
	if err != nil {
		return nil, err
	}
	detector, err := detect.New(cfg.Detector)
	if err != nil {
		return nil, err
	}
	return &explanation{
		config: cfg, explainer: explainer, detector: detector, out: out, left: shown,
		sorts: map[string]bool{}, runs: map[run3]int{}, formats: map[string]int{}, alerts: map[string]int{},
	}, nil
}

func (x *explanation) read(in io.Reader) error {
	lines, err := replay.NewLines(in)
	if err != nil {
		return err
	}
	defer lines.Close()
	for lines.Number() < maxExplained {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, replay.ErrLongLine) {
			return err
		}
		e := x.explainer.Line(line)
		if x.unread == "" && len(e.Leaves) == 0 {
			x.unread = string(line)
		}
		x.line(lines.Number(), e)
	}
	return nil
}

// line takes in one record, and shows it if it is the first of its sort.
func (x *explanation) line(number int, e *flow.Explanation) {
	if e.Stats.Records == 0 {
		return
	}
	x.stats.Add(&e.Stats)
	x.formats[e.Format]++
	if e.Format == "" && (x.nearest == nil || len(e.Leaves) > len(x.nearest.Leaves)) {
		x.nearest = e
	}
	if e.Format == "" && x.formats[""] < maxRenamed {
		if r := e.Renamed(); r != nil && (x.renamed == nil || r.Found > x.renamed.Found) {
			x.renamed = r
		}
	}
	if x.strange == nil && e.Stats.Other > 0 && value(e, "status") != "" && value(e, "status") != "0" {
		x.strange = e
	}
	became := x.became(e)
	sort := e.Format + " " + strings.Join(e.Inside, " ") + sortOf(e)
	if x.sorts[sort] || x.left == 0 {
		return
	}
	x.sorts[sort] = true
	x.left--
	x.show(number, e, became)
}

// sortOf is what a record has in common with others that need not be shown.
func sortOf(e *flow.Explanation) string {
	for r, n := range e.Stats.Dropped {
		if n > 0 {
			return flow.Reason(r).String()
		}
	}
	if len(e.Flows) > 0 {
		return fmt.Sprint(e.Flows[0].Status / 100)
	}
	return "other"
}

// became says what became of a record, a line for each message, and gives it to the detector.
func (x *explanation) became(e *flow.Explanation) (lines []string) {
	for r, n := range e.Stats.Dropped {
		if n > 0 {
			lines = append(lines, fmt.Sprintf("dropped, %v: %s", flow.Reason(r), e.Stats.Example[r]))
		}
	}
	for i := range e.Flows {
		f := &e.Flows[i]
		lines = append(lines, x.message(f))
		x.detector.Observe(f)
	}
	for _, a := range x.detector.Alerts() {
		x.alerts[a.State.String()+" "+a.Kind.String()]++
		lines = append(lines, fmt.Sprintf("the detector reports: %v %v", a.Kind, a.State))
	}
	if len(lines) == 0 {
		lines = append(lines, "SIP, but no answer that counts: it moves the clock only")
	}
	return lines
}

// message says what a message is to the detector.
func (x *explanation) message(f *detect.Flow) string {
	who := fmt.Sprintf("%+q at registrar %v by client %v, %s", f.Extension, f.Registrar, f.Client, time.UnixMilli(f.Time).UTC().Format("2006-01-02T15:04:05.000Z"))
	if f.Status == 0 {
		return fmt.Sprintf("request of %s: its User-Agent %+q is noted", who, f.UserAgent)
	}
	run := run3{f.Registrar.String(), f.Client.String(), strings.Clone(f.Extension)}
	if f.Status < 300 {
		n := x.runs[run]
		delete(x.runs, run)
		return fmt.Sprintf("acceptance (%d) of %s; it ends a run of %s", f.Status, who, humanize.Count(n, "rejection"))
	}
	x.runs[run]++
	return fmt.Sprintf("rejection (%d) of %s; number %d of its run", f.Status, who, x.runs[run])
}

// show shows one record.
func (x *explanation) show(number int, e *flow.Explanation, became []string) {
	fmt.Fprintf(x.out, "line %d: ", number)
	switch {
	case e.Format != "":
		fmt.Fprintf(x.out, "%s", e.Format)
	case len(e.Nearest) > 0 && e.Nearest[0].Found > 0:
		fmt.Fprintf(x.out, "no format fits; the nearest is %s", e.Nearest[0].Format)
	default:
		fmt.Fprint(x.out, "no format fits")
	}
	if len(e.Inside) > 0 {
		fmt.Fprintf(x.out, ", inside of %s", strings.Join(e.Inside, ", "))
	}
	if near := nearby(e.Nearest); near != "" {
		fmt.Fprintf(x.out, " (fields found: %s)", near)
	}
	fmt.Fprintln(x.out)
	for _, f := range e.Fields {
		if f.Path == "" {
			fmt.Fprintf(x.out, "  %-17s not there: %s\n", f.Key, strings.Join(f.Paths, ", "))
		} else {
			fmt.Fprintf(x.out, "  %-17s %s = %s\n", f.Key, f.Path, f.Value)
		}
	}
	for _, line := range became {
		fmt.Fprintf(x.out, "  -> %s\n", line)
	}
	fmt.Fprintln(x.out)
}

// nearby lists how much of the formats was found, those of which there is most.
func nearby(all []flow.Nearness) string {
	var words []string
	for _, n := range all {
		if n.Found > 0 && len(words) < 3 {
			words = append(words, fmt.Sprintf("%s %d", n.Format, n.Found))
		}
	}
	return strings.Join(words, ", ")
}

// value is what a field of the record holds, empty if it is not there.
func value(e *flow.Explanation, key string) string {
	for _, f := range e.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}
