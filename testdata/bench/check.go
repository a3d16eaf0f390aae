package main

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

const baselineFile = "testdata/bench/baseline.txt"

// quiet makes a Go process do the same thing each time: one thread, no garbage collection, no preemption by signals.
var quiet = []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1"}

// checks are the benchmarks that are compared. Allocations are those of one operation, mostly a chunk of 3,000 records;
// instructions are those inside of one function and all that it calls, over all operations.
var checks = []struct {
	from, name, times string
	inside            string  // the function whose instructions are compared; empty compares none
	tolerance         float64 // of them
	seeded            bool    // indices grow with their seeds, which are others in each process: allocations are not compared
}{
	{"flow", "ChunkMix", "10x", "*flow.*Decoder*.Chunk", 0.01, false},
	{"flow", "ChunkRelevant", "10x", "*flow.*Decoder*.Chunk", 0.01, false},
	{"detect", "KnownPairs", "20x", "*detect.*Detector*.ObserveAll", 0.03, false},
	{"detect", "NewPairs/10000", "1x", "*detect.*Detector*.ObserveAll", 0.03, true},
	// The engine judges in a goroutine of its own, which valgrind does not follow: its instructions cannot be told.
	{"engine", "Known", "20x", "", 0, false},
}

// runCheck compares allocations, exactly, and instructions with the baseline: unlike seconds they do not depend on what
// else the machine does. valgrind counts instructions, on a processor that it makes up, so all amd64 machines agree.
func runCheck(args []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	update := flags.Bool("update", false, "write what is measured to "+baselineFile)
	if err := parse(flags, args); err != nil {
		return err
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		return fmt.Errorf("valgrind counts the instructions, and there is none: apt-get install valgrind")
	}
	if *update {
		measured, err := count(nil)
		if err != nil {
			return err
		}
		return writeBaseline(measured)
	}
	baseline, version, err := readBaseline()
	if err != nil {
		return err
	}
	measured, err := count(baseline)
	if err != nil {
		return err
	}
	bad := 0
	for _, c := range measured {
		want, ok := baseline[c.name]
		within := math.Abs(c.value/want-1) <= c.tolerance || c.value == want
		verdict := "ok"
		if !ok || !within {
			verdict = "DIFFERS"
			bad++
		}
		fmt.Printf("%-28s %12.0f, baseline %12.0f: %s\n", c.name, c.value, want, verdict)
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d figures are not those of %s (of %s; this is %s). If the change is worth it: make bench-check UPDATE=1, and say why in the commit",
			bad, len(measured), baselineFile, version, runtime.Version())
	}
	return nil
}

// counted is one figure.
type counted struct {
	name      string
	value     float64
	tolerance float64
}

func count(baseline map[string]float64) ([]counted, error) {
	b, err := compile("plugin/internal/flow", "plugin/internal/engine", "detect")
	if err != nil {
		return nil, err
	}
	var all []counted
	for _, c := range checks {
		pattern := "^Benchmark" + c.name + "$"
		if !c.seeded {
			n, err := least(baseline[c.name+":allocations"], func() (float64, error) {
				f := figures{}
				err := f.run(b[c.from], pattern, c.times, quiet...)
				return f.of(c.name, "allocs/op"), err
			})
			if err != nil {
				return nil, err
			}
			all = append(all, counted{c.name + ":allocations", n, 0})
		}
		if c.inside == "" {
			continue
		}
		n, err := least(baseline[c.name+":instructions"]*(1+c.tolerance), func() (float64, error) {
			return instructions(b[c.from], pattern, c.times, c.inside)
		})
		if err != nil {
			return nil, err
		}
		all = append(all, counted{c.name + ":instructions", n, c.tolerance})
	}
	return all, nil
}

// least is the least count of some runs: of three, and of up to ten while it is above enough. Runs count too many, never
// too few: the engine's once-a-second work allocates beside what is measured, and callgrind can miss that the function
// is left when the scheduler switches inside of it.
func least(enough float64, count func() (float64, error)) (float64, error) {
	lowest := math.Inf(1)
	for run := 0; run < 3 || run < 10 && lowest > enough; run++ {
		n, err := count()
		if err != nil {
			return 0, err
		}
		lowest = min(lowest, n)
	}
	return lowest, nil
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

// instructions counts those of benchmarks in one function and below.
func instructions(b binary, pattern, times, inside string) (float64, error) {
	run := b.command(pattern, times)
	c := exec.Command("valgrind", append([]string{"--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=" + inside}, run.Args...)...)
	c.Dir, c.Env = run.Dir, append(os.Environ(), quiet...)
	out, err := c.CombinedOutput()
	m := collected.FindSubmatch(out)
	if err != nil || m == nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func writeBaseline(all []counted) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# What make bench-check compares with; make bench-check UPDATE=1 writes it.\nversion %s\n", runtime.Version())
	for _, c := range all {
		fmt.Fprintf(&text, "%s %.0f\n", c.name, c.value)
	}
	return os.WriteFile(baselineFile, []byte(text.String()), 0o644)
}

func readBaseline() (baseline map[string]float64, version string, err error) {
	f, err := os.Open(baselineFile)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	baseline = map[string]float64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "#":
		case "version":
			version = value
		default:
			if baseline[name], err = strconv.ParseFloat(value, 64); err != nil {
				return nil, "", fmt.Errorf("%s: %w", baselineFile, err)
			}
		}
	}
	return baseline, version, nil
}
