package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"
	"github.com/tinylib/msgp/msgp"
)

// day is a recorded day with an attack of each kind, and what comes after it until all is over.
func day(t *testing.T) (flows []string) {
	t.Helper()
	for _, name := range []string{"svwar-404", "svcrack-success", "distributed-success", "password-spray", "good-phones", "tcp-mixed", "ipv6"} {
		flows = append(flows, lines(gunzip(t, filepath.Join("../testdata/scenarios", name, "flows.jsonl.gz")))...)
	}
	return append(flows, after(t, flows)...)
}

// stateConfig is a siphunt.toml with a state that is often written.
func stateConfig(t *testing.T, folder string) string {
	t.Helper()
	return write(t, filepath.Join(folder, "siphunt.toml"), fmt.Sprintf(
		"[detector]\nclock = \"flow\"\n[state]\nstate_dir = %q\nfsync = \"always\"\nsnapshot_interval = \"1s\"\n", filepath.Join(folder, "state")))
}

// crashes is how often a test ends the process; make test-crash asks for more.
func crashes(t *testing.T, variable string, n int) int {
	t.Helper()
	if text := os.Getenv(variable); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestCrashes: the host works off chunks and is killed at random points: while it starts and reads its state, in the
// middle of a flush or between it and its answer, while a snapshot is written, while alerts are collected. Chunks that
// were not answered for are given again. What comes of it is exactly what an undisturbed run reports.
func TestCrashes(t *testing.T) {
	const perChunk = 8
	folder := t.TempDir()
	var files []string
	for c := range slices.Chunk(day(t), perChunk) {
		files = append(files, write(t, filepath.Join(folder, fmt.Sprint("chunk-", len(files))), string(chunk(t, c))))
	}
	want := undisturbed(t, files)

	chance := rand.New(rand.NewPCG(5, 5))
	kills := crashes(t, "SIPHUNT_CRASHES", 8)
	h := &crashingHost{folder: folder, config: stateConfig(t, folder), files: files}
	for range kills {
		give := min(len(files)-h.answered, 2*len(files)/kills) // so that there is something left for each
		at, wait := chance.IntN(give+1), time.Duration(chance.IntN(3000))*time.Microsecond
		if at == 0 { // it ends while it starts
			wait = time.Duration(chance.IntN(60)) * time.Millisecond
		}
		h.run(t, give, at, wait)
	}
	h.run(t, len(files)-h.answered, -1, 0)
	if h.answered != len(files) {
		t.Errorf("%d chunks of %d were answered for", h.answered, len(files))
	}
	compareReports(t, want, h.alerts)
	t.Logf("%d kills, %d chunks given, %d of them again, %d torn journals, %d alerts, %d of them again",
		kills, h.given, h.given-len(files), strings.Count(h.log, "cut after"), len(want), len(h.alerts)-len(want))
}

// undisturbed gives the alerts of a run without a crash, and without a state.
func undisturbed(t *testing.T, files []string) []string {
	t.Helper()
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), "[detector]\nclock = \"flow\"\n")
	alerts := write(t, filepath.Join(folder, "alerts"), "")
	commands := []string{"load LIB", "load LIB", "input siphunt_alerts", "output siphunt config=" + config, "start"}
	for _, file := range files {
		commands = append(commands, "flush 0 "+file+" 1 1")
	}
	inHost(t, append(commands, "collect 0 "+alerts, "collect 0 "+alerts)...).wants(t, 0)
	all := unpack(t, []byte(read(t, alerts)))
	if len(all) < 10 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

// crashingHost is a host that is started again and again, and goes on where the last one was ended.
type crashingHost struct {
	folder, config  string
	files           []string
	answered, given int
	runs            int
	alerts          []string // as they were copied
	log             string
}

// run gives the host chunks, and kills it some time after it has answered for a number of them; after its start for 0,
// and never for -1.
func (h *crashingHost) run(t *testing.T, give, at int, wait time.Duration) {
	t.Helper()
	h.runs++
	alerts := filepath.Join(h.folder, fmt.Sprint("alerts-", h.runs))
	var commands strings.Builder
	fmt.Fprintf(&commands, "load %[1]s\nload %[1]s\ninput siphunt_alerts\noutput siphunt config=%[2]s\nstart\n", built.plugin, h.config)
	for i, file := range h.files[h.answered : h.answered+give] {
		fmt.Fprintf(&commands, "flush 0 %s 1 1\n", file)
		if i%3 == 0 {
			fmt.Fprintf(&commands, "collect 0 %s\n", alerts)
		}
	}
	fmt.Fprintf(&commands, "collect 0 %[1]s\ncollect 0 %[1]s\n", alerts)
	if at >= 0 {
		fmt.Fprintln(&commands, "sleep 60000") // until it is killed
	}
	c := exec.Command(built.host)
	c.Stdin = strings.NewReader(commands.String())
	var log strings.Builder
	c.Stderr = &log
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { time.AfterFunc(wait, func() { _ = c.Process.Kill() }) } // it may have ended
	if at == 0 {
		kill()
	}
	answered := 0
	for said := bufio.NewScanner(out); said.Scan(); {
		if said.Text() != "flushed 1, failed 0" {
			continue
		}
		if answered++; answered == at {
			kill()
		}
	}
	_ = c.Wait() // it was killed, or the log says why not
	h.answered += answered
	h.given += answered
	if answered < give {
		h.given++ // the one in the works
	}
	if strings.Contains(log.String(), "error") {
		t.Errorf("run %d logs %s", h.runs, &log)
	}
	h.log += log.String()
	if b, err := os.ReadFile(alerts); err == nil {
		h.alerts = append(h.alerts, unpack(t, complete(b))...)
	}
}

// complete leaves out what a kill in the middle of a write has torn.
func complete(b []byte) []byte {
	rest := b
	for len(rest) > 0 {
		next, err := msgp.Skip(rest)
		if err != nil {
			break
		}
		rest = next
	}
	return b[:len(b)-len(rest)]
}

// compareReports drops repeated alerts, which have to be the same to the byte, and compares with what is wanted.
func compareReports(t *testing.T, want, got []string) {
	t.Helper()
	byID := map[string]string{}
	var once []string
	for _, line := range got {
		id := jsoniter.Get([]byte(line), "event", "id").ToString()
		first, again := byID[id]
		if !again {
			byID[id] = line
			once = append(once, line)
		} else if first != line {
			t.Errorf("an alert comes again and differs:\n%s", cmp.Diff(first, line))
		}
	}
	compareAlerts(t, want, once)
}
