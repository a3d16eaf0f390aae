package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a Fluent Bit may take for anything.
const patience = 60 * time.Second

// fluentBitProgram is the one to test with.
func fluentBitProgram(t *testing.T) string {
	t.Helper()
	name := os.Getenv("FLUENT_BIT")
	if name == "" {
		name = "fluent-bit"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("NOT TESTED in a real Fluent Bit: there is no %s; put fluent-bit on PATH, or its path into FLUENT_BIT", name)
	}
	return path
}

// process is a running Fluent Bit.
type process struct {
	t       *testing.T
	command *exec.Cmd
	log     string // file
	ended   chan struct{}
}

func startFluentBit(t *testing.T, arguments ...string) *process {
	t.Helper()
	return startFluentBitOn(t, nil, arguments...)
}

// startFluentBitOn starts a Fluent Bit whose standard input is a file.
func startFluentBitOn(t *testing.T, stdin *os.File, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, log: filepath.Join(t.TempDir(), "log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	p.command = exec.Command(fluentBitProgram(t), arguments...)
	p.command.Stdout, p.command.Stderr = log, log
	if stdin != nil {
		p.command.Stdin = stdin
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.command.Wait() // the exit code is looked at
		_ = log.Close()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("Fluent Bit's log:\n%s", read(t, p.log))
		}
	})
	return p
}

// until waits for something to happen.
func (p *process) until(what string, done func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		select {
		case <-p.ended:
			p.t.Fatalf("Fluent Bit ended before %s", what)
		default:
		}
		if time.Now().After(end) {
			p.t.Fatalf("no %s within %s", what, patience)
		}
	}
}

// stop ends Fluent Bit as systemd does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if code := p.wait(); code != 0 {
		p.t.Errorf("exit code %d after SIGTERM", code)
	}
}

func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("Fluent Bit did not end within %s", patience)
		return -1
	}
}

// yaml is a configuration with the library listed, and more.
func yaml(sections ...string) string {
	return fmt.Sprintf(`service:
  flush: 0.2
  grace: 1
  log_level: info
parsers:
  - name: flow
    format: json
plugins:
  - %[1]s
  - %[1]s
pipeline:
`, built.plugin) + strings.Join(sections, "")
}

// tail, siphunt, siphunt_alerts and a file are the pipeline of all tests.
const (
	tailInput = `    - name: tail
      path: %[1]s/%[2]s.flows
      tag: flows.%[2]s
      parser: flow
      read_from_head: true
`
	alertsInput = `    - name: siphunt_alerts
      tag: alerts.%[2]s
      detector: %[2]s
`
	siphuntOutput = `    - name: siphunt
      match: flows.%[2]s
      detector: %[2]s
      config: %[1]s/%[2]s.toml
`
	fileOutput = `    - name: file
      match: alerts.*
      path: %[1]s
      format: plain
`
)

func (s *scenario) write(t *testing.T, folder string) {
	t.Helper()
	write(t, filepath.Join(folder, s.name+".toml"), s.config)
	write(t, filepath.Join(folder, s.name+".flows"), strings.Join(s.flows, "\n")+"\n")
}

func alertLines(folder, name string) []string {
	b, err := os.ReadFile(filepath.Join(folder, "alerts."+name))
	if err != nil {
		return nil // none so far
	}
	return lines(string(b))
}

// TestFluentBitScenarios: every scenario in a real Fluent Bit, all at once, each with a detector of its own.
func TestFluentBitScenarios(t *testing.T) {
	folder := t.TempDir()
	var inputs, outputs string
	all := scenarios(t)
	for _, s := range all {
		s.write(t, folder)
		inputs += fmt.Sprintf(tailInput+alertsInput, folder, s.name)
		outputs += fmt.Sprintf(siphuntOutput, folder, s.name)
	}
	outputs += fmt.Sprintf(fileOutput, folder)
	p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), yaml("  inputs:\n", inputs, "  outputs:\n", outputs)))
	p.until("all alerts", func() bool {
		for _, s := range all {
			if len(alertLines(folder, s.name)) < len(s.alerts) {
				return false
			}
		}
		return true
	})
	time.Sleep(2 * time.Second) // for what should not come
	p.stop()
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) { compareAlerts(t, s.alerts, alertLines(folder, s.name)) })
	}
}

// TestFluentBitListings: the ways to list a library twice.
func TestFluentBitListings(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	noPlugins := func(config string) string {
		return strings.Replace(config, fmt.Sprintf("plugins:\n  - %[1]s\n  - %[1]s\n", built.plugin), "", 1)
	}
	for name, make := range map[string]func(folder, config string) []string{
		"YAML": func(folder, config string) []string {
			return []string{"-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), config)}
		},
		"command line": func(folder, config string) []string {
			return []string{"-e", built.plugin, "-e", built.plugin, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), noPlugins(config))}
		},
		"plugins file": func(folder, _ string) []string {
			plugins := write(t, filepath.Join(folder, "plugins.conf"), fmt.Sprintf("[PLUGINS]\n    Path %[1]s\n    Path %[1]s\n", built.plugin))
			parsers := write(t, filepath.Join(folder, "parsers.conf"), "[PARSER]\n    Name flow\n    Format json\n")
			return []string{"-c", write(t, filepath.Join(folder, "fluent-bit.conf"), fmt.Sprintf(`
[SERVICE]
    Flush        0.2
    Grace        1
    Plugins_File %[3]s
    Parsers_File %[4]s
[INPUT]
    Name           tail
    Path           %[1]s/%[2]s.flows
    Tag            flows
    Parser         flow
    Read_from_Head true
[INPUT]
    Name siphunt_alerts
    Tag  alerts.%[2]s
[OUTPUT]
    Name   siphunt
    Match  flows
    Config %[1]s/%[2]s.toml
[OUTPUT]
    Name   file
    Match  alerts.*
    Path   %[1]s
    Format plain
`, folder, s.name, plugins, parsers))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s.write(t, folder)
			config := yaml("  inputs:\n", fmt.Sprintf(tailInput+alertsInput, folder, s.name), "  outputs:\n", fmt.Sprintf(siphuntOutput+fileOutput, folder, s.name))
			p := startFluentBit(t, make(folder, config)...)
			p.until("all alerts", func() bool { return len(alertLines(folder, s.name)) >= len(s.alerts) })
			p.stop()
			compareAlerts(t, s.alerts, alertLines(folder, s.name))
		})
	}
}

// TestFluentBitRefuses: each mistake keeps Fluent Bit from starting, and the log says what to change.
func TestFluentBitRefuses(t *testing.T) {
	folder := t.TempDir()
	copied := write(t, filepath.Join(folder, "copy.so"), read(t, built.plugin))
	write(t, filepath.Join(folder, "faulty.toml"), "[detector]\nattempt = 3\n")
	const dummy, null = "    - name: dummy\n", "    - name: 'null'\n      match: nothing\n"
	in := fmt.Sprintf(alertsInput, folder, "main")
	out := "    - name: siphunt\n      match: '*'\n"
	good := yaml("  inputs:\n", dummy, in, "  outputs:\n", out, null)
	for name, c := range map[string]struct {
		config string
		log    []string
	}{
		"listed once": {
			strings.Replace(good, "  - "+built.plugin+"\n", "", 1),
			[]string{"[siphunt] this library is listed once", "list the same path a second time"},
		},
		"a copy": {
			strings.Replace(good, built.plugin, copied, 1),
			[]string{"[siphunt] this library was loaded from two files", "list the same path twice"},
		},
		"an output without its input": {
			yaml("  inputs:\n", dummy, "  outputs:\n", out, null),
			[]string{"[output:siphunt:siphunt.0] detector \"main\": its alerts have no way out", "name: siphunt_alerts"},
		},
		"an input without its output": {
			yaml("  inputs:\n", dummy, in, "  outputs:\n", null),
			[]string{"[input:siphunt_alerts:siphunt_alerts.1] detector \"main\": no flow record can reach it", "name: siphunt"},
		},
		"two inputs": {
			yaml("  inputs:\n", dummy, in, in, "  outputs:\n", out, null),
			[]string{"[input:siphunt_alerts:siphunt_alerts.2] detector \"main\": it has two siphunt_alerts inputs"},
		},
		"a faulty file": {
			yaml("  inputs:\n", dummy, in, "  outputs:\n", out, "      config: "+folder+"/faulty.toml\n", null),
			[]string{folder + "/faulty.toml:2: ", "attempts"},
		},
		"no such file": {
			yaml("  inputs:\n", dummy, in, "  outputs:\n", out, "      config: "+folder+"/absent.toml\n", null),
			[]string{folder + "/absent.toml: no such file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startFluentBit(t, "-c", write(t, filepath.Join(t.TempDir(), "fluent-bit.yaml"), c.config))
			if p.wait() == 0 {
				t.Error("exit code 0")
			}
			for _, text := range c.log {
				if !strings.Contains(read(t, p.log), text) {
					t.Errorf("the log does not say %q", text)
				}
			}
		})
	}
}

// TestFluentBitMetrics: the figures are on the Prometheus endpoint, and four workers lose no record.
func TestFluentBitMetrics(t *testing.T) {
	folder := t.TempDir()
	s := oneScenario(t, "good-phones")
	s.write(t, folder)
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	config := yaml("  inputs:\n", fmt.Sprintf(tailInput+alertsInput, folder, s.name),
		"  outputs:\n", fmt.Sprintf(siphuntOutput, folder, s.name), "      workers: 4\n", fmt.Sprintf(fileOutput, folder))
	config = strings.Replace(config, "service:\n", fmt.Sprintf("service:\n  http_server: on\n  http_listen: %s\n  http_port: %s\n", host, port), 1)
	p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), config))
	label := fmt.Sprintf(`{detector=%q}`, s.name)
	p.until("figures", func() bool {
		return bytes.Contains(metricsPage(address), []byte(fmt.Sprintf("\nfluentbit_siphunt_records_total%s %d\n", label, len(s.flows))))
	})
	page := string(metricsPage(address))
	for _, text := range []string{
		"# TYPE fluentbit_siphunt_records_total counter", "# TYPE fluentbit_siphunt_incidents gauge",
		"\nfluentbit_siphunt_panics_total" + label + " 0", "\nfluentbit_siphunt_flush_seconds_total" + label,
		fmt.Sprintf("\nfluentbit_siphunt_dropped_total{detector=%q,reason=\"malformed\"} 0", s.name),
	} {
		if !strings.Contains(page, text) {
			t.Errorf("no %q", text)
		}
	}
	p.stop()
}

// TestFluentBitReload: an attack that began before a hot reload is the same incident after it.
func TestFluentBitReload(t *testing.T) {
	folder := t.TempDir()
	s := oneScenario(t, "distributed-success")
	s.write(t, folder)
	cut := len(s.flows) * 9 / 10
	flows := write(t, filepath.Join(folder, s.name+".flows"), strings.Join(s.flows[:cut], "\n")+"\n")
	config := yaml("  inputs:\n", fmt.Sprintf(tailInput, folder, s.name), "      db: "+folder+"/tail.db\n", fmt.Sprintf(alertsInput, folder, s.name),
		"  outputs:\n", fmt.Sprintf(siphuntOutput+fileOutput, folder, s.name))
	config = strings.Replace(config, "service:\n", "service:\n  hot_reload: on\n", 1)
	p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), config))
	p.until("the attack's first alert", func() bool { return len(alertLines(folder, s.name)) > 0 })
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.until("the reload", func() bool { return strings.Contains(read(t, p.log), "successful reload done") })
	f, err := os.OpenFile(flows, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Join(s.flows[cut:], "\n") + "\n"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	p.until("all alerts", func() bool { return len(alertLines(folder, s.name)) >= len(s.alerts) })
	p.stop()
	compareAlerts(t, s.alerts, alertLines(folder, s.name))
}

// TestFluentBitReloadWithWorkers: Fluent Bit may crash after it, and before that the log says why; without workers nothing is
// said, and it goes on.
func TestFluentBitReloadWithWorkers(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	for _, workers := range []string{"", "      workers: 2\n"} {
		folder := t.TempDir()
		s.write(t, folder)
		config := yaml("  inputs:\n", fmt.Sprintf(tailInput+alertsInput, folder, s.name), "  outputs:\n", fmt.Sprintf(siphuntOutput, folder, s.name), workers,
			fmt.Sprintf(fileOutput, folder))
		config = strings.Replace(config, "service:\n", "service:\n  hot_reload: on\n", 1)
		p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), config))
		p.until("all alerts", func() bool { return len(alertLines(folder, s.name)) >= len(s.alerts) })
		if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if workers != "" {
			p.until("the warning", func() bool { return strings.Contains(read(t, p.log), "this output has workers") })
			continue
		}
		p.until("the reload", func() bool { return strings.Contains(read(t, p.log), "successful reload done") })
		p.stop()
		if strings.Contains(read(t, p.log), "has workers") {
			t.Error("workers are warned of where there are none")
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// metricsPage is empty until there is one.
func metricsPage(address string) []byte {
	r, err := http.Get("http://" + address + "/api/v2/metrics/prometheus")
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	page, _ := io.ReadAll(r.Body) // what is missing is asked for again
	return page
}
