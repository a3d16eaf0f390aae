//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// The load of a soak: the paper's week, 718,627,758 records, passes 20 times as fast as it did.
const (
	soakRate    = 20 * 718_627_758 / (7 * 24 * 3600) // records a second
	soakWorkers = 4
	soakRound   = 250 * time.Millisecond // between two calls of the workers
)

// soakConfig forgets phones soon, so that memory settles within the first minute.
const soakConfig = `
[detector]
clock = "flow"
known_good_ttl = "30m"

[state]
state_dir = %q
snapshot_interval = "1m"
`

// A soak lasts as long as SIPHUNT_SOAK says (make soak DURATION=10m); else it is only seen to work, for some seconds. What
// the host has of memory, threads and file descriptors is written down ten times, and must be at the end what it was after
// a fifth of the time (2 minutes of 10): with 28 hot reloads and one restart in between.
func TestHostSoak(t *testing.T) {
	length := 5 * time.Second
	if text := os.Getenv("SIPHUNT_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SIPHUNT_SOAK: %v", err)
		}
	}
	s := newSoak(t)
	s.start()
	fmt.Printf("%10s %12s %10s %8s %8s %9s %8s\n", "time", "records", "RSS MiB", "threads", "files", "reloads", "starts")
	begin := time.Now()
	var base, last usage
	for n := 1; n <= 30; n++ {
		s.feed(begin.Add(length * time.Duration(n) / 30))
		if n%3 == 0 {
			last = s.usage()
			fmt.Printf("%10s %12d %10.1f %8d %8d %9d %8d\n", time.Since(begin).Round(time.Second), s.records,
				float64(last.rss)/(1<<20), last.threads, last.files, s.reloads, s.starts)
		}
		switch n {
		case 6:
			base = last
			s.reload()
		case 15:
			s.stop()
			s.start()
		case 30:
			s.stop()
		default:
			s.reload()
		}
	}
	if length < time.Minute { // memory has not settled: only whether all works
		return
	}
	if most := base.rss + base.rss/4 + 8<<20; last.rss > most {
		t.Errorf("memory is not flat: %d MiB, and %d MiB after a fifth of the time", last.rss>>20, base.rss>>20)
	}
	if last.threads > base.threads+soakWorkers {
		t.Errorf("threads are not flat: %d, and %d after a fifth of the time", last.threads, base.threads)
	}
	if last.files > base.files {
		t.Errorf("file descriptors are not flat: %d, and %d after a fifth of the time", last.files, base.files)
	}
}

// soak is a host under load.
type soak struct {
	t        *testing.T
	traffic  *msgp.Reader
	config   string
	files    [soakWorkers]string
	host     *exec.Cmd
	commands io.WriteCloser
	answers  *bufio.Scanner
	log      bytes.Buffer

	records, reloads, starts int
	since                    int // records when this host was started
	collected                time.Time
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	folder := t.TempDir()
	s := &soak{t: t, config: write(t, filepath.Join(folder, "siphunt.toml"), fmt.Sprintf(soakConfig, filepath.Join(folder, "state")))}
	for i := range s.files {
		s.files[i] = filepath.Join(folder, fmt.Sprint("chunk", i))
	}
	command := filepath.Join(folder, "siphunt")
	build := exec.Command("go", "build", "-o", command, "./cmd/siphunt")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // no sanitizer needed there
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	week := exec.CommandContext(t.Context(), command, "generate", "week", "-format", "chunks")
	out, err := week.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := week.Start(); err != nil {
		t.Fatal(err)
	}
	s.traffic = msgp.NewReaderSize(out, 1<<20)
	t.Cleanup(func() {
		_ = week.Process.Kill()
		_ = week.Wait()
		if s.host != nil {
			_ = s.host.Process.Kill()
			_ = s.host.Wait()
		}
		if t.Failed() {
			t.Logf("the host's log:\n%s", &s.log)
		}
	})
	return s
}

func (s *soak) start() {
	s.t.Helper()
	s.host = exec.Command(built.host)
	s.host.Stderr = &s.log
	in, errIn := s.host.StdinPipe()
	out, errOut := s.host.StdoutPipe()
	if err := s.host.Start(); err != nil || errIn != nil || errOut != nil {
		s.t.Fatal(err, errIn, errOut)
	}
	s.commands, s.answers = in, bufio.NewScanner(out)
	s.starts++
	s.since = s.records
	s.load()
}

func (s *soak) load() {
	s.t.Helper()
	for range 2 {
		s.tell("registered", "load "+built.plugin)
	}
	s.tell("", "input siphunt_alerts")
	s.tell("", "output siphunt config="+s.config)
	s.tell("", "start")
	s.tell("collected", "collect 0 /dev/null")
}

func (s *soak) reload() {
	s.t.Helper()
	s.reloads++
	s.load()
}

// tell gives the host a command, and waits for its answer where it has one.
func (s *soak) tell(answer, command string) string {
	s.t.Helper()
	if _, err := io.WriteString(s.commands, command+"\n"); err != nil {
		s.t.Fatalf("%s: %v", command, err)
	}
	if answer == "" {
		return ""
	}
	for s.answers.Scan() {
		if strings.HasPrefix(s.answers.Text(), answer) {
			return s.answers.Text()
		}
	}
	s.t.Fatalf("%s: the host has ended", command)
	return ""
}

// feed gives the workers what is due, until a time.
func (s *soak) feed(end time.Time) {
	s.t.Helper()
	next := time.Now()
	for next.Before(end) {
		time.Sleep(time.Until(next))
		next = next.Add(soakRound)
		const each = soakRate * int(soakRound/time.Millisecond) / 1000 / soakWorkers
		for _, file := range s.files {
			s.write(file, each)
		}
		if answer, want := s.tell("flushed", "share 0 "+strings.Join(s.files[:], " ")), fmt.Sprintf("flushed %d, failed 0", soakWorkers); answer != want {
			s.t.Fatalf("%s, want %s", answer, want)
		}
		if time.Since(s.collected) > time.Second {
			s.collected = time.Now()
			s.tell("collected", "collect 0 /dev/null")
		}
	}
}

// write puts the next n records into a file.
func (s *soak) write(file string, n int) {
	s.t.Helper()
	var chunk bytes.Buffer
	for range n {
		if _, err := s.traffic.CopyNext(&chunk); err != nil {
			s.t.Fatalf("the week is over: %v", err)
		}
	}
	write(s.t, file, chunk.String())
	s.records += n
}

// stop ends the host as Fluent Bit ends, once it has shown that it has counted all records.
func (s *soak) stop() {
	s.t.Helper()
	s.tell("collected", "collect 0 /dev/null") // which brings the metrics up to date
	for metric, want := range map[string]int{"records_total": s.records - s.since, "panics_total": 0} {
		got := s.tell("metric fluentbit_siphunt_"+metric+"{", "metrics")
		if !strings.HasSuffix(got, " "+strconv.FormatFloat(float64(want), 'g', 6, 64)) {
			s.t.Errorf("%s, want %d", got, want)
		}
		s.tell("flushed", "share 0") // the end of the list of metrics
	}
	s.tell("", "stop")
	for s.answers.Scan() {
	}
	if err := s.host.Wait(); err != nil {
		s.t.Errorf("the host: %v", err)
	}
	s.host = nil
}

// usage is what a process has of the machine.
type usage struct{ rss, threads, files int }

func (s *soak) usage() (u usage) {
	s.t.Helper()
	folder := fmt.Sprintf("/proc/%d/", s.host.Process.Pid)
	status := read(s.t, folder+"status")
	figure := func(name string) int {
		m := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindStringSubmatch(status)
		if m == nil {
			s.t.Fatalf("no %s in %s", name, status)
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	files, err := os.ReadDir(folder + "fd")
	if err != nil {
		s.t.Fatal(err)
	}
	return usage{figure("VmRSS") << 10, figure("Threads"), len(files)}
}
