package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	pipelineRecords = 1_000_000
	pipelineLimit   = 3 * time.Minute // for one Fluent Bit to read them
)

// pipelineFigures are the processor time of Fluent Bit with an output, against the same with null.
type pipelineFigures struct{ siphunt, skip float64 }

// runPipeline prints them.
func runPipeline(args []string) error {
	flags := flag.NewFlagSet("pipeline", flag.ContinueOnError)
	rounds := flags.Int("rounds", 4, "how often each pipeline runs, in turn")
	if err := parse(flags, args); err != nil {
		return err
	}
	fmt.Println(machine())
	p, err := comparePipelines(*rounds)
	if err != nil {
		return err
	}
	if p == nil {
		return fmt.Errorf("there is no %s: put fluent-bit on PATH, or its path into FLUENT_BIT", fluentBit())
	}
	fmt.Printf("Fluent Bit's processor time against null: with siphunt %.3f times (goal: 1.15), with a plugin that only calls msgp's Skip %.3f times\n",
		p.siphunt, p.skip)
	return nil
}

func fluentBit() string { return cmp.Or(os.Getenv("FLUENT_BIT"), "fluent-bit") }

// comparePipelines reads the same file of flow records with Fluent Bit's tail input and JSON parser into each output,
// in turn, and takes medians. It gives nil where there is no Fluent Bit. What is compared is all that the process does, with its
// start: some hundredths of a second.
func comparePipelines(rounds int) (*pipelineFigures, error) {
	program, err := exec.LookPath(fluentBit())
	if err != nil {
		return nil, nil
	}
	folder, err := filepath.Abs(filepath.Join("build", "bench"))
	if err != nil {
		return nil, err
	}
	if err := preparePipelines(folder); err != nil {
		return nil, err
	}
	spent := map[string][]float64{}
	outputs := []string{"null", "siphunt", "skip"}
	for range rounds {
		for _, output := range outputs {
			t, err := runFluentBit(program, folder, output)
			if err != nil {
				return nil, err
			}
			fmt.Printf("  %-8s %.2f s of processor time for %s records\n", output, t.Seconds(), thousands(pipelineRecords))
			spent[output] = append(spent[output], t.Seconds())
		}
	}
	null := median(spent["null"])
	return &pipelineFigures{median(spent["siphunt"]) / null, median(spent["skip"]) / null}, nil
}

// preparePipelines builds the plugins and makes the records and the configurations.
func preparePipelines(folder string) error {
	for _, build := range [][]string{
		{"build", "-o", filepath.Join(folder, "siphunt"), "./plugin/cmd/siphunt"},
		{"build", "-buildmode=c-shared", "-o", filepath.Join(folder, "siphunt.so"), "./plugin"},
		{"build", "-buildmode=c-shared", "-o", filepath.Join(folder, "skip.so"), "./testdata/bench/skip"},
	} {
		if out, err := exec.Command("go", build...).CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(build, " "), err, out)
		}
	}
	if err := makeRecords(folder); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "siphunt.toml"), []byte("detector.clock = \"flow\"\n"), 0o644); err != nil {
		return err
	}
	siphunt := filepath.Join(folder, "siphunt.so")
	for output, c := range map[string]struct{ plugins, input, outputs string }{
		"null": {"[]", "", "{name: 'null', match: flows}"},
		"skip": {"[" + filepath.Join(folder, "skip.so") + "]", "", "{name: skip, match: flows}"},
		"siphunt": {"[" + siphunt + ", " + siphunt + "]", "- {name: siphunt_alerts, tag: alerts}", `{name: siphunt, match: flows, config: ` + folder + `/siphunt.toml}
    - {name: file, match: alerts, path: ` + folder + `, file: alerts.jsonl, format: plain}`},
	} {
		text := fmt.Sprintf(pipelineYAML, c.plugins, filepath.Join(folder, "flows.jsonl"), c.input, c.outputs)
		if err := os.WriteFile(filepath.Join(folder, output+".yaml"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const pipelineYAML = `service: {flush: 1, grace: 2, log_level: info}
parsers:
  - {name: flow, format: json}
plugins: %s
pipeline:
  inputs:
    - {name: tail, path: %s, tag: flows, parser: flow, read_from_head: true, exit_on_eof: true}
    %s
  outputs:
    - %s
`

// makeRecords writes the first records of the paper's week, unless they are there.
func makeRecords(folder string) error {
	file := filepath.Join(folder, "flows.jsonl")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	c := exec.Command(filepath.Join(folder, "siphunt"), "generate", "week", "-scale", "0.002", "-o", file+".new")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("siphunt generate week: %w\n%s", err, out)
	}
	if err := cut(file+".new", pipelineRecords); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// cut leaves the first lines of a file.
func cut(file string, lines int) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var end int64
	block := make([]byte, 1<<20)
	for lines > 0 {
		n, err := f.Read(block)
		if err != nil {
			return fmt.Errorf("%s: %d lines are missing: %w", file, lines, err)
		}
		for b := block[:n]; lines > 0 && len(b) > 0; {
			i := bytes.IndexByte(b, '\n') + 1
			if i == 0 {
				i = len(b)
			} else {
				lines--
			}
			end += int64(i)
			b = b[i:]
		}
	}
	return f.Truncate(end)
}

// runFluentBit runs a pipeline until the file is read, and gives the processor time of the process.
func runFluentBit(program, folder, output string) (time.Duration, error) {
	alerts := filepath.Join(folder, "alerts.jsonl")
	if err := os.RemoveAll(alerts); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pipelineLimit)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-c", filepath.Join(folder, output+".yaml"))
	log, err := c.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("fluent-bit with output %s: %w\n%s", output, err, log)
	}
	if !bytes.Contains(log, []byte("(0 pending tasks)")) || bytes.Contains(log, []byte("[error]")) {
		return 0, fmt.Errorf("fluent-bit with output %s did not take everything:\n%s", output, log)
	}
	if output == "siphunt" {
		if _, err := os.Stat(alerts); err != nil {
			return 0, fmt.Errorf("siphunt in Fluent Bit found nothing: %w\n%s", err, log)
		}
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}
