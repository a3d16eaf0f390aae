package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// binary is a compiled test, which runs benchmarks.
type binary struct {
	program, folder string
}

// profile is what go build takes for the library by itself, and go test has to be told of.
const profile = "plugin/default.pgo"

// compile makes the test binaries of packages, by the last element of their paths, optimised as the library is.
func compile(packages ...string) (map[string]binary, error) {
	binaries := map[string]binary{}
	pgo, err := filepath.Abs(profile)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		program, err := filepath.Abs(filepath.Join("build", "bench", filepath.Base(p)+".test"))
		if err != nil {
			return nil, err
		}
		if out, err := exec.Command("go", "test", "-c", "-pgo", pgo, "-o", program, "./"+p).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go test -c ./%s: %w\n%s", p, err, out)
		}
		binaries[filepath.Base(p)] = binary{program, p}
	}
	return binaries, nil
}

// command runs the benchmarks of a pattern, for so long or so often ("10x").
func (b binary) command(pattern, time string) *exec.Cmd {
	c := exec.Command(b.program, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", time, "-test.benchmem", "-test.timeout", "0")
	c.Dir = b.folder
	return c
}

// figures are what benchmarks reported: by benchmark and unit, one of each run.
type figures map[string]map[string][]float64

// run adds what one process with these benchmarks reports.
func (f figures) run(b binary, pattern, time string, env ...string) error {
	c := b.command(pattern, time)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s -bench %s: %w\n%s", b.folder, pattern, err, out)
	}
	if !f.add(out) {
		return fmt.Errorf("%s -bench %s: no benchmark ran\n%s", b.folder, pattern, out)
	}
	return nil
}

var processors = regexp.MustCompile(`-\d+$`)

// add reads the format of go test -bench: name, iterations, and pairs of value and unit.
func (f figures) add(out []byte) (found bool) {
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(words[0], "Benchmark"), "")
		if f[name] == nil {
			f[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(words); i += 2 {
			if v, err := strconv.ParseFloat(words[i], 64); err == nil {
				f[name][words[i+1]] = append(f[name][words[i+1]], v)
				found = true
			}
		}
	}
	return found
}

// best is the greatest of all runs.
func (f figures) best(name, unit string) float64 {
	return slices.Max(append(f[name][unit], 0))
}

// of is the median of all runs, 0 where there was none.
func (f figures) of(name, unit string) float64 { return median(f[name][unit]) }

// ratio is the median of the ratios of two figures that were measured in turn, run by run.
func (f figures) ratio(name, unit, otherName, otherUnit string) float64 {
	a, b := f[name][unit], f[otherName][otherUnit]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, a[i]/b[i])
	}
	return median(ratios)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}
