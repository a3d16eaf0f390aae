package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	rounds      = 5
	weekRecords = 718_627_758
)

// row is a line of the table: a figure, and what it is meant to be at least or at most.
type row struct {
	what, figure, goal, met string
}

// runTable measures everything and prints it.
func runTable(args []string) error {
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	markdown := flags.Bool("markdown", false, "print the table as Markdown")
	plot := flags.String("plot", "", "write the scaling plot to this `file`, as SVG")
	if err := parse(flags, args); err != nil {
		return err
	}
	fmt.Println(machine())
	begin := time.Now()
	f, err := measure()
	if err != nil {
		return err
	}
	if *plot != "" {
		if err := os.WriteFile(*plot, []byte(scalingPlot(f)), 0o644); err != nil {
			return err
		}
	}
	pipeline, err := comparePipelines(3)
	if err != nil {
		return err
	}
	out := table.NewWriter()
	out.SetStyle(table.StyleLight)
	out.Style().Format.Header = text.FormatDefault
	out.AppendHeader(table.Row{"what", "here", "goal", ""})
	out.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
	})
	for _, r := range rows(f, pipeline) {
		out.AppendRow(table.Row{r.what, r.figure, r.goal, r.met})
	}
	if *markdown {
		fmt.Println(out.RenderMarkdown())
	} else {
		fmt.Println(out.Render())
	}
	fmt.Printf("Speeds are records a second of processor time (user and system), garbage collection included, from chunk to verdict; "+
		"medians of %d runs in turn. It took %v.\n", rounds, time.Since(begin).Round(time.Second))
	return nil
}

// measure runs the benchmarks. Those that are compared take turns, so that what else the machine does meets all of them.
func measure() (figures, error) {
	b, err := compile("plugin/internal/engine", "plugin/internal/flow", "plugin/cmd/siphunt/week")
	if err != nil {
		return nil, err
	}
	f := figures{}
	for n := range rounds {
		for _, p := range []struct {
			from, pattern, time string
			rounds              int
		}{
			{"engine", "^BenchmarkMix$", "0.5s", rounds},
			{"flow", "^Benchmark(ChunkMix|FluentBitGoDecoder)$", "0.2s", rounds},
			{"engine", "^BenchmarkKnown$", "0.3s", rounds},
			{"engine", "^BenchmarkNew/1000000$", "1x", rounds},
			{"engine", "^BenchmarkWorkers$", "12x", rounds},
			{"engine", "^BenchmarkStall$", "700x", 3},
			{"engine", "^BenchmarkBurst$", "1x", 3},
			{"engine", "^BenchmarkNew/(1000|10000|100000)$", "0.2s", 3},
			{"engine", "^BenchmarkNew/10000000$", "1x", 1},
			{"week", "^BenchmarkWeek$", "1x", 1},
		} {
			if n >= p.rounds {
				continue
			}
			if err := f.run(b[p.from], p.pattern, p.time); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

func rows(f figures, p *pipelineFigures) []row {
	mix, known, million := f.of("Mix", "records/s"), f.of("Known", "records/s"), f.of("New/1000000", "records/s")
	againstSkip := func(speed float64) float64 { return 1e9 / speed / f.of("Mix", "ns/skipped") }
	rows := []row{
		atLeast("5.7 % relevant, 15 and 24 fields a record", mix, 6e6, perSecond),
		atMost("  time against tinylib/msgp's Skip, same chunks", f.ratio("Mix", "ns/record", "Mix", "ns/skipped"), 1, times),
		{what: "  time of fluent-bit-go's decoder against it", figure: times(f.ratio("FluentBitGoDecoder", "ns/record", "Mix", "ns/record"))},
		{what: "  decoding alone", figure: perSecond(f.of("ChunkMix", "records/s"))},
		atLeast("all relevant, 50,000 known pairs", known, 4e6, perSecond),
		atMost("  time against Skip", againstSkip(known), 1.6, times),
		atLeast("a new pair with every record, to 1,000,000 pairs", million, 1.5e6, perSecond),
		atMost("  time against Skip", againstSkip(million), 3.5, times),
		atMost("  time to 10,000,000 pairs against that, a record", million/f.of("New/10000000", "records/s"), 2, times),
		atMost("memory a pair, of 1,000,000", f.of("New/1000000", "B/pair"), 160, unit("%.0f bytes")),
		atMost("  most resident memory of the process on the way there", f.of("New/1000000", "MiB-peak"), 200, mebibytes),
		{what: "  and after an hour of traffic with 1,000,000 pairs alive", figure: mebibytes(f.of("Stall/memory", "MiB-peak"))},
		{what: "  the same with state on disk", figure: mebibytes(f.of("Stall/state", "MiB-peak"))},
		atMost("longest flush of 3,000 records by the wall clock, 1,000,000 pairs alive", f.of("Stall/memory", "ms-wall"), 10, milliseconds),
		atMost("  the same while snapshots are written", f.of("Stall/state", "ms-wall"), 10, milliseconds),
		{what: "  processor time of the thread, longest and median", figure: milliseconds(f.of("Stall/memory", "ms-thread")) + "; " + milliseconds(f.of("Stall/memory", "ms-median"))},
		{what: "  when 1,000,000 pairs fall due and 40,000 attacks open, or end, at once", figure: milliseconds(f.of("Burst", "ms-wall"))},
	}
	if p == nil {
		rows = append(rows, row{"Fluent Bit with siphunt against null", "not measured", "1.15 times", "there is no fluent-bit on PATH"})
	} else {
		rows = append(rows, atMost("Fluent Bit with siphunt against null, processor time", p.siphunt, 1.15, times),
			row{what: "  with a plugin that only calls msgp's Skip", figure: times(p.skip)})
	}
	rows = append(rows, atLeast("two workers against one, throughput by the wall clock, best round", f.best("Workers", "speed-up"), 1.7, times))
	return append(rows, weekRows(f)...)
}

func weekRows(f figures) []row {
	records, memory := f.of("Week", "records"), f.of("Week", "MiB-peak")
	detection := f.of("Week", "s-detection")
	generation := unit("%.0f s")(f.of("Week", "s-generation"))
	if records == weekRecords {
		return []row{
			atMost("the paper's week, 718,627,758 records: processor time", detection, 180, unit("%.0f s")),
			{what: "  making the records, not in it", figure: generation},
			atMost("  most resident memory", memory, 256, mebibytes),
		}
	}
	share := unit("%.3g %%")(100 * records / weekRecords)
	r := atMost("the paper's week, 718,627,758 records: processor time, from "+share+" of it", detection*weekRecords/records, 180, unit("%.0f s"))
	return []row{r, {"  most resident memory, " + share + " of it", mebibytes(memory), "256 MiB for all of it", "WEEK=1 measures it"}}
}

func atLeast(what string, figure, goal float64, form func(float64) string) row {
	return row{what, form(figure), form(goal), verdict(figure >= goal)}
}

func atMost(what string, figure, goal float64, form func(float64) string) row {
	return row{what, form(figure), form(goal), verdict(figure <= goal)}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

func perSecond(v float64) string { return thousands(int(v/1000)*1000) + "/s" }

func times(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " times" }

var (
	mebibytes    = unit("%.0f MiB")
	milliseconds = unit("%.1f ms")
)

func unit(format string) func(float64) string {
	return func(v float64) string { return fmt.Sprintf(format, v) }
}

// thousands writes 718627758 as 718,627,758.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
