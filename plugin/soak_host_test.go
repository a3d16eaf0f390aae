//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHostSoak(t *testing.T) {
	folder := t.TempDir()
	h := &soakedHost{t: t, config: write(t, filepath.Join(folder, "siphunt.toml"), fmt.Sprintf(soakConfig, filepath.Join(folder, "state")))}
	for i := range soakChunks {
		h.files = append(h.files, filepath.Join(folder, fmt.Sprint("chunk", i)))
	}
	t.Cleanup(func() {
		if h.host != nil {
			_ = h.host.Process.Kill()
			_ = h.host.Wait()
		}
		if t.Failed() {
			t.Logf("the host's log:\n%s", &h.log)
		}
	})
	soak(t, h, soakLength(t), 30)
}

// soakedHost is the test host. Each chunk comes from a thread of its own.
type soakedHost struct {
	t         *testing.T
	config    string
	files     []string // for a chunk each
	host      *exec.Cmd
	commands  io.WriteCloser
	answers   *bufio.Scanner
	log       bytes.Buffer
	collected time.Time
}

func (h *soakedHost) id() int { return h.host.Process.Pid }

func (h *soakedHost) start() {
	h.t.Helper()
	h.host = exec.Command(built.host)
	h.host.Stderr = &h.log
	in, errIn := h.host.StdinPipe()
	out, errOut := h.host.StdoutPipe()
	if err := h.host.Start(); err != nil || errIn != nil || errOut != nil {
		h.t.Fatal(err, errIn, errOut)
	}
	h.commands, h.answers = in, bufio.NewScanner(out)
	h.reload()
}

// reload loads the library once more, or for the first time.
func (h *soakedHost) reload() {
	h.t.Helper()
	for range 2 {
		h.tell("registered", "load "+built.plugin)
	}
	h.tell("", "input siphunt_alerts")
	h.tell("", "output siphunt config="+h.config)
	h.tell("", "start")
	h.tell("collected", "collect 0 /dev/null")
}

// tell gives the host a command, and waits for its answer where it has one.
func (h *soakedHost) tell(answer, command string) string {
	h.t.Helper()
	if _, err := io.WriteString(h.commands, command+"\n"); err != nil {
		h.t.Fatalf("%s: %v", command, err)
	}
	if answer == "" {
		return ""
	}
	for h.answers.Scan() {
		if strings.HasPrefix(h.answers.Text(), answer) {
			return h.answers.Text()
		}
	}
	h.t.Fatalf("%s: the host has ended", command)
	return ""
}

func (h *soakedHost) feed(chunks [][]byte) {
	h.t.Helper()
	for i, chunk := range chunks {
		write(h.t, h.files[i], string(chunk))
	}
	if answer, want := h.tell("flushed", "share 0 "+strings.Join(h.files, " ")), fmt.Sprintf("flushed %d, failed 0", len(chunks)); answer != want {
		h.t.Fatalf("%s, want %s", answer, want)
	}
	if time.Since(h.collected) > time.Second {
		h.collected = time.Now()
		h.tell("collected", "collect 0 /dev/null")
	}
}

func (h *soakedHost) stop(records int) {
	h.t.Helper()
	h.tell("collected", "collect 0 /dev/null") // which brings the metrics up to date
	for metric, want := range map[string]int{"records_total": records, "panics_total": 0} {
		got := h.tell("metric fluentbit_siphunt_"+metric+"{", "metrics")
		if !strings.HasSuffix(got, " "+strconv.FormatFloat(float64(want), 'g', 6, 64)) {
			h.t.Errorf("%s, want %d", got, want)
		}
		h.tell("flushed", "share 0") // the end of the list of metrics
	}
	h.tell("", "stop")
	for h.answers.Scan() {
	}
	if err := h.host.Wait(); err != nil {
		h.t.Errorf("the host: %v", err)
	}
	h.host = nil
}
