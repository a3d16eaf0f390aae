package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The library is built once, and hosts for it: a C program that makes the calls of Fluent Bit's Go proxy, one with the
// functions for metrics and one without.
var built struct{ plugin, host, hostWithoutMetrics string }

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "siphunt")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	built.plugin = filepath.Join(folder, "siphunt.so")
	built.host = filepath.Join(folder, "host")
	built.hostWithoutMetrics = filepath.Join(folder, "host-without-metrics")
	library := []string{"go", "build", "-buildmode=c-shared", "-o", built.plugin}
	host := []string{"cc", "-Wall", "-Wextra", "-Werror", "-O1", "-rdynamic", "-pthread"}
	if library, host, err = sanitized(library, host); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	const source, metrics = "../testdata/host/host.c", "../testdata/host/metrics.c"
	for _, command := range [][]string{
		append(library, "."),
		append(slices.Clone(host), "-o", built.host, source, metrics, "-ldl"),
		append(slices.Clone(host), "-o", built.hostWithoutMetrics, source, "-ldl"),
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", strings.Join(command, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

// sanitized adds to the commands that build library and host what SIPHUNT_SANITIZE (make sanitize) asks for. A finding ends
// the host with an exit code that no test expects.
func sanitized(library, host []string) (_, _ []string, err error) {
	var cgo, options string
	switch sanitizer := os.Getenv("SIPHUNT_SANITIZE"); sanitizer {
	case "":
		return library, host, nil
	case "address":
		library, host, options = append(library, "-asan"), append(host, "-g", "-fsanitize=address"), "ASAN_OPTIONS"
	case "thread": // of C: Go's own race detector does not work in a library that is loaded (go test -race has it)
		cgo, host, options = "-g -O1 -fsanitize=thread", append(host, "-g", "-fsanitize=thread"), "TSAN_OPTIONS"
	case "undefined":
		cgo, host, options = "-g -O1 -fsanitize=undefined -fno-sanitize-recover", append(host, "-g", "-fsanitize=undefined", "-fno-sanitize-recover"), "UBSAN_OPTIONS"
	default:
		return nil, nil, fmt.Errorf("SIPHUNT_SANITIZE=%s is none of address, thread, undefined", sanitizer)
	}
	variables := map[string]string{options: "exitcode=99"}
	if cgo != "" {
		variables["CGO_CFLAGS"], variables["CGO_LDFLAGS"] = cgo, cgo
	}
	for name, value := range variables {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return library, host, err
}

// run is what a host has made of a list of commands.
type run struct {
	out, log string
	code     int
}

// inHost runs commands in the host; LIB stands for the library.
func inHost(t *testing.T, commands ...string) run {
	t.Helper()
	return inHostProgram(t, built.host, commands...)
}

func inHostProgram(t *testing.T, host string, commands ...string) run {
	t.Helper()
	var out, log bytes.Buffer
	c := exec.Command(host)
	c.Stdin = strings.NewReader(strings.ReplaceAll(strings.Join(commands, "\n")+"\n", "LIB", built.plugin))
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() < 0 {
		t.Fatalf("host: %v\n%s%s", err, &out, &log)
	}
	return run{out.String(), log.String(), c.ProcessState.ExitCode()}
}

func (r run) wants(t *testing.T, code int, log ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, text := range log {
		if !strings.Contains(r.log, text) {
			t.Errorf("the log does not say %q", text)
		}
	}
	if t.Failed() {
		t.Logf("output:\n%s\nlog:\n%s", r.out, r.log)
	}
}

// pair is what every good start has.
var pair = []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt"}

func TestHostHalves(t *testing.T) {
	r := inHost(t, append(pair, "start", "stop")...)
	r.wants(t, 0)
	if want := "registered siphunt\nregistered siphunt_alerts\n"; r.out != want {
		t.Errorf("got %q, want %q", r.out, want)
	}
	if want := "[info] [output:siphunt:siphunt.1] siphunt dev, detector \"main\" starts: no configuration file, all defaults; nothing is known yet\n"; r.log != want {
		t.Errorf("the log is %q, want %q", r.log, want)
	}
}

// TestHostSymlink: a second name of the same file is the same library.
func TestHostSymlink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link.so")
	if err := os.Symlink(built.plugin, link); err != nil {
		t.Fatal(err)
	}
	inHost(t, "load "+link, "load LIB", "input siphunt_alerts", "output siphunt", "start", "stop").wants(t, 0)
}

// TestHostRefuses: each mistake stops the start, and the log says what to change.
func TestHostRefuses(t *testing.T) {
	folder := t.TempDir()
	copied := filepath.Join(folder, "copy.so")
	write(t, copied, read(t, built.plugin))
	faulty := write(t, filepath.Join(folder, "faulty.toml"), "[detector]\nattempt = 3\n")
	good := write(t, filepath.Join(folder, "good.toml"), "")
	other := write(t, filepath.Join(folder, "other.toml"), "")
	absent := filepath.Join(folder, "absent.toml")
	for name, c := range map[string]struct {
		commands []string
		log      []string
	}{
		"listed once": {
			[]string{"load LIB", "output siphunt", "input siphunt_alerts", "start"},
			[]string{"[error] [siphunt] this library is listed once", "list the same path a second time", `"Path ` + built.plugin + `" twice under [PLUGINS]`},
		},
		"a copy": {
			[]string{"load LIB", "load " + copied, "output siphunt", "input siphunt_alerts", "start"},
			[]string{"loaded from two files, " + built.plugin + " and " + copied, "list the same path twice"},
		},
		"a copy and no input": {
			[]string{"load LIB", "load " + copied, "output siphunt", "start"},
			[]string{"list the same path twice", "[error] [output:siphunt:siphunt.0] detector \"main\": its alerts have no way out"},
		},
		"an output without its input": {
			[]string{"load LIB", "load LIB", "output siphunt", "start"},
			[]string{`add an input to the pipeline, with "name: siphunt_alerts" and "detector: main"`},
		},
		"an output with another input": {
			[]string{"load LIB", "load LIB", "input siphunt_alerts detector=mian", "output siphunt", "start"},
			[]string{`detector "main": its alerts have no way out`, `(there are inputs for "mian")`},
		},
		"two inputs": {
			append(slices.Clone(pair), "input siphunt_alerts", "start"),
			[]string{`[error] [input:siphunt_alerts:siphunt_alerts.2] detector "main": it has two siphunt_alerts inputs`},
		},
		"no such file": {
			[]string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + absent, "start"},
			[]string{`[error] [output:siphunt:siphunt.1] detector "main": `, absent, "no such file"},
		},
		"a faulty file": {
			[]string{"load LIB", "load LIB", "input siphunt_alerts config=" + faulty, "output siphunt", "start"},
			[]string{faulty + ":2: ", "attempts"},
		},
		"two files": {
			[]string{"load LIB", "load LIB", "input siphunt_alerts config=" + good, "output siphunt config=" + other, "start"},
			[]string{good, other, "give them the same property config"},
		},
		"a file that comes too late": {
			append(slices.Clone(pair), "output siphunt config="+good, "start"),
			[]string{"give that one the property config " + good},
		},
		"no name": {
			[]string{"load LIB", "load LIB", "input siphunt_alerts detector=../x", "start"},
			[]string{`property detector: "../x" is no name`},
		},
	} {
		t.Run(name, func(t *testing.T) { inHost(t, c.commands...).wants(t, 1, c.log...) })
	}
}

// TestHostInputAlone: Fluent Bit gives an input no way to refuse once there should be an output; so the process ends.
func TestHostInputAlone(t *testing.T) {
	r := inHost(t, "load LIB", "load LIB", "input siphunt_alerts", "start", "sleep 10", "sleep 10", "metrics")
	r.wants(t, 1, `[error] [input:siphunt_alerts:siphunt_alerts.0] detector "main": no flow record can reach it`, `"name: siphunt"`)
	if strings.Contains(r.out, "metric") {
		t.Error("the host went on")
	}
}

// TestHostScenarios: every scenario through the library, each with a detector of its own in one process.
func TestHostScenarios(t *testing.T) {
	folder := t.TempDir()
	commands := []string{"load LIB", "load LIB"}
	var work []string
	all := scenarios(t)
	for i, s := range all {
		config := write(t, filepath.Join(folder, s.name+".toml"), s.config)
		flows := write(t, filepath.Join(folder, s.name+".flows"), string(chunk(t, s.flows)))
		alerts := write(t, filepath.Join(folder, s.name+".alerts"), "")
		commands = append(commands, "input siphunt_alerts detector="+s.name, "output siphunt detector="+s.name+" config="+config)
		work = append(work, fmt.Sprintf("flush %d %s 1 1", i, flows), fmt.Sprintf("collect %d %s", i, alerts))
	}
	commands = append(append(append(commands, "start"), work...), "stop")
	inHost(t, commands...).wants(t, 0)
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			compareAlerts(t, s.alerts, unpack(t, []byte(read(t, filepath.Join(folder, s.name+".alerts")))))
		})
	}
}

// TestHostReload: an attack that began before a hot reload is the same incident after it. Nothing is lost, and nothing
// comes twice: the alerts are those of a run without a reload.
func TestHostReload(t *testing.T) {
	s := oneScenario(t, "distributed-success")
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), s.config)
	cut := len(s.flows) * 9 / 10
	first := write(t, filepath.Join(folder, "first"), string(chunk(t, s.flows[:cut])))
	second := write(t, filepath.Join(folder, "second"), string(chunk(t, s.flows[cut:])))
	for name, collectFirst := range map[string]string{"alerts collected before": "collect 0 ", "alerts waiting": "sleep 1 "} {
		t.Run(name, func(t *testing.T) {
			alerts := write(t, filepath.Join(t.TempDir(), "alerts"), "")
			load := []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + config, "start"}
			commands := append(slices.Clone(load), "flush 0 "+first+" 1 1", collectFirst+alerts)
			commands = append(append(commands, load...), "collect 0 "+alerts, "flush 0 "+second+" 1 1", "collect 0 "+alerts, "collect 0 "+alerts, "metrics")
			r := inHost(t, commands...)
			r.wants(t, 0)
			if strings.Contains(r.out, "collected 0 from siphunt_alerts.0\nregistered") {
				t.Fatal("the attack had not opened before the reload")
			}
			compareAlerts(t, s.alerts, unpack(t, []byte(read(t, alerts))))
			if want := fmt.Sprintf(`fluentbit_siphunt_records_total{detector="main"} %d`, len(s.flows)); !strings.Contains(r.out, want) {
				t.Errorf("no %q in\n%s", want, r.out)
			}
		})
	}
}

// TestHostReloadWithFaultyFile: whoever reloads Fluent Bit with a mistake in siphunt.toml reads of it in the log, and detection
// goes on as it was.
func TestHostReloadWithFaultyFile(t *testing.T) {
	s := oneScenario(t, "distributed-success")
	folder := t.TempDir()
	good := write(t, filepath.Join(folder, "good.toml"), s.config)
	faulty := write(t, filepath.Join(folder, "faulty.toml"), "[detector]\nattempt = 3\n")
	cut := len(s.flows) / 2
	first := write(t, filepath.Join(folder, "first"), string(chunk(t, s.flows[:cut])))
	second := write(t, filepath.Join(folder, "second"), string(chunk(t, s.flows[cut:])))
	alerts := write(t, filepath.Join(folder, "alerts"), "")
	load := func(config string) []string {
		return []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + config, "start"}
	}
	commands := append(load(good), "flush 0 "+first+" 1 1")
	commands = append(append(commands, load(faulty)...), "flush 0 "+second+" 1 1", "collect 0 "+alerts, "metrics", "stop")
	r := inHost(t, commands...)
	r.wants(t, 0, "[error] [output:siphunt:siphunt.1] the changed configuration is refused, the rules in force stay:", faulty+":2: ", "attempts")
	compareAlerts(t, s.alerts, unpack(t, []byte(read(t, alerts))))
	if want := `reloads_total{detector="main",result="refused"} 1`; !strings.Contains(r.out, want) {
		t.Errorf("no %q in\n%s", want, r.out)
	}
}

// TestHostFullStorage: what Fluent Bit copies and then drops is given again.
func TestHostFullStorage(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), s.config)
	flows := write(t, filepath.Join(folder, "flows"), string(chunk(t, s.flows)))
	alerts := write(t, filepath.Join(folder, "alerts"), "")
	r := inHost(t, "load LIB", "load LIB", "input siphunt_alerts", "output siphunt config="+config, "start", "flush 0 "+flows+" 1 1",
		"full 1", "collect 0 "+alerts, "full 0", "sleep 10100", "collect 0 "+alerts, "collect 0 "+alerts)
	r.wants(t, 0, "Fluent Bit has not taken")
	compareAlerts(t, s.alerts, unpack(t, []byte(read(t, alerts))))
}

// TestHostReloadRefused: a hot reload with a library that is listed once ends before the old pair stops.
func TestHostReloadRefused(t *testing.T) {
	commands := append(slices.Clone(pair), "start", "load LIB", "input siphunt_alerts", "output siphunt", "start")
	inHost(t, commands...).wants(t, 1, "this library is listed once")
}

// TestHostSignals: Fluent Bit installs its handler of SIGSEGV anew now and then, and with it a nil pointer in Go would end
// it: Go's comes back. That of another library, a crash reporter, was put there on purpose, and stays.
func TestHostSignals(t *testing.T) {
	alerts := write(t, filepath.Join(t.TempDir(), "alerts"), "")
	collect := "collect 0 " + alerts
	reload := []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt", "start"}
	commands := append(slices.Clone(reload), "handled",
		"handler program", "handled", collect, "handled",
		"handler none", collect, "handled",
		"handler library", "handled", collect, "handled")
	commands = append(append(commands, reload...), collect, "handled",
		"handler program", collect, "handled")
	r := inHost(t, commands...)
	r.wants(t, 0)
	var got []string
	for line := range strings.Lines(r.out) {
		if whose, ok := strings.CutPrefix(line, "SIGSEGV is handled by "); ok {
			got = append(got, strings.TrimSpace(whose))
		}
	}
	const plugin, program, library = "the plugin", "the program", "another library"
	if want := []string{plugin, program, plugin, plugin, library, library, library, plugin}; !slices.Equal(got, want) {
		t.Errorf("SIGSEGV is handled by\n%q, want\n%q", got, want)
	}
}

// TestHostThreads: an output with four workers, and a second output, on one detector. No record is lost.
func TestHostThreads(t *testing.T) {
	s := oneScenario(t, "good-phones")
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), s.config)
	flows := write(t, filepath.Join(folder, "flows"), string(chunk(t, s.flows)))
	r := inHost(t, "load LIB", "load LIB", "input siphunt_alerts", "output siphunt config="+config, "output siphunt", "start",
		"flush 0 "+flows+" 4 10", "flush 1 "+flows+" 4 5", "collect 0 "+filepath.Join(folder, "alerts"), "metrics", "stop")
	r.wants(t, 0)
	for _, want := range []string{
		"flushed 40, failed 0", "flushed 20, failed 0",
		fmt.Sprintf(`metric fluentbit_siphunt_records_total{detector="main"} %d`, 60*len(s.flows)),
		`metric fluentbit_siphunt_panics_total{detector="main"} 0`,
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
}

// TestHostHostile: chunks that are no good cost nothing but themselves, and never ask for a retry.
func TestHostHostile(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), s.config)
	good := string(chunk(t, s.flows))
	commands := []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + config, "start"}
	for i, bad := range []string{
		"",
		strings.Repeat("\x91", 100_000), // deep nesting
		"\x92\x92\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\xdf\xff\xff\xff\xff", // a map of 4 billion
		"\xdd\xff\xff\xff\xff",                         // an array of 4 billion
		"\x92\x00\x81\xdb\xff\xff\xff\xffabc",          // a string of 4 GB
		"\x92\x00\x81\xa3\xff\xfe\xfd\xa3\xff\xfe\xfd", // bad UTF-8
		"\xc1\xc1\xc1",
		good[:len(good)/2+3], // cut within a record
	} {
		file := write(t, filepath.Join(folder, fmt.Sprint(i)), bad)
		commands = append(commands, "flush 0 "+file+" 1 1")
	}
	alerts := write(t, filepath.Join(folder, "alerts"), "")
	rest := write(t, filepath.Join(folder, "rest"), string(chunk(t, s.flows[len(s.flows)-3:])))
	r := inHost(t, append(commands, "flush 0 "+rest+" 1 1", "collect 0 "+alerts, "metrics")...)
	r.wants(t, 0, "[warn] [input:siphunt_alerts:siphunt_alerts.0] ")
	if n := strings.Count(r.out, "flushed 1, failed 0"); n != 9 {
		t.Errorf("%d of 9 flushes were fine:\n%s", n, r.out)
	}
	if n := len(unpack(t, []byte(read(t, alerts)))); n < 2 {
		t.Errorf("%d alerts of half an attack, want that it opens and ends", n)
	}
	if !strings.Contains(r.out, `panics_total{detector="main"} 0`) {
		t.Error("a chunk has made the engine panic")
	}
}

// TestHostMetrics: the figures go to Fluent Bit's metrics, or else to its log.
func TestHostMetrics(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), s.config)
	flows := write(t, filepath.Join(folder, "flows"), string(chunk(t, s.flows)))
	commands := []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + config, "start",
		"flush 0 " + flows + " 1 1", "collect 0 " + filepath.Join(folder, "alerts")}
	want := []string{
		fmt.Sprintf(`records_total{detector="main"} %d`, len(s.flows)),
		`alerts_total{detector="main",kind="brute-force",state="success"} 1`,
	}

	with := inHost(t, append(slices.Clone(commands), "metrics")...)
	without := inHostProgram(t, built.hostWithoutMetrics, commands...)
	with.wants(t, 0)
	without.wants(t, 0, "[info] [output:siphunt:siphunt.1] metrics: ")
	for _, w := range want {
		if !strings.Contains(with.out, "metric fluentbit_siphunt_"+w+"\n") {
			t.Errorf("no metric %s in\n%s", w, with.out)
		}
	}
	if strings.Contains(with.log, "metrics: ") {
		t.Error("with metrics, they are logged too")
	}
}

// TestHostLogLevel: Fluent Bit's log_level holds for siphunt.
func TestHostLogLevel(t *testing.T) {
	bad := write(t, filepath.Join(t.TempDir(), "bad"), "\xc1")
	r := inHost(t, "load LIB", "load LIB", "input siphunt_alerts log_level=1", "output siphunt", "start",
		"flush 0 "+bad+" 1 1", "collect 0 /dev/null")
	r.wants(t, 0)
	if strings.Contains(r.log, "warn") {
		t.Errorf("a warning at log_level error: %s", r.log)
	}
}
