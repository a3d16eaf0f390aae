package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tinylib/msgp/msgp"

	"github.com/siphunt/siphunt/plugin/internal/engine"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// running is a detector at work, as in Fluent Bit.
type running struct {
	t      *testing.T
	engine *engine.Engine
	config string
	state  string
	second int64
}

// start starts a detector whose clock is that of the flows, with a snapshot every second.
func start(t *testing.T) *running {
	t.Helper()
	r := &running{t: t, state: filepath.Join(t.TempDir(), "state"), second: 1_795_340_000}
	r.config = file(t, "siphunt.toml", fmt.Sprintf("[detector]\nclock = \"flow\"\n[state]\nstate_dir = %q\nsnapshot_interval = \"1s\"\n", r.state))
	r.open()
	t.Cleanup(func() { r.engine.Close() })
	return r
}

func (r *running) open() {
	r.t.Helper()
	e, err := engine.Open(engine.Options{ConfigFile: r.config, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.engine = e
}

// newFollower returns one of its state.
func newFollower(t *testing.T, r *running) *judge.Follower {
	t.Helper()
	source := &rules.Source{File: r.config, Warn: func(string) {}}
	now, err := source.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := judge.NewFollower(filepath.Join(r.state, "main"), "main", source, now)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// guess has a client be rejected n times on an account, in one chunk.
func (r *running) guess(client, account string, n int) {
	r.t.Helper()
	var chunk []byte
	for range n {
		r.second++
		chunk = msgp.AppendArrayHeader(chunk, 2)
		chunk = msgp.AppendInt64(chunk, r.second)
		var err error
		chunk, err = msgp.AppendIntf(chunk, map[string]any{
			"TIME_LAST": float64(r.second), "SRC_IP": "198.18.0.10", "DST_IP": client, "SRC_PORT": 5060, "DST_PORT": 5060, "PROTOCOL": 17,
			"PACKETS": 1, "BYTES": 400, "PACKETS_REV": 0, "BYTES_REV": 0, "SIP_MSG_TYPE": 99, "SIP_STATUS_CODE": 403, "SIP_CSEQ": "1 REGISTER",
			"SIP_CALLED_PARTY": "sip:" + account + "@pbx", "SIP_CALLING_PARTY": "sip:" + account + "@pbx",
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	r.engine.Flush(chunk)
}

// shows waits until siphunt top shows a text: another goroutine writes what it reads.
func (r *running) shows(pattern string) string {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		code, stdout, stderr := shell("", "top", "-c", r.config)
		if code == exitOK && regexp.MustCompile(pattern).MatchString(stdout) {
			return stdout
		}
		if time.Now().After(end) {
			r.t.Fatalf("exit code %d, and no %s in\n%s%s", code, pattern, stdout, stderr)
		}
	}
}

func TestTopShowsARunningDetector(t *testing.T) {
	r := start(t)
	r.shows(`No incident is open`)
	r.guess("198.18.1.13", "300", 25)
	r.guess("198.18.1.14", "301", 30)
	screen := r.shows(` 2 incidents open`)
	lines := strings.Split(screen, "\n")
	for i, want := range []string{
		`^siphunt main, \d\d:\d\d:\d\d UTC, state \d\.\ds old$`,
		`^\d+ SIP records/s, lag \d+d, 2 incidents open, 2 pairs remembered, 0 evicted, 0 ended early$`,
		`^$`,
		`^ +sev +break-in +kind +attacker +target +attempts +/min +since +last`,
		`^─`,
		`^ +47 +brute-force +198\.18\.1\.14 +301@pbx on 198\.18\.0\.10 +30 +62 +29s +0\.0s`,
		`^ +47 +brute-force +198\.18\.1\.13 +300@pbx on 198\.18\.0\.10 +25 +62 +54s +30s`,
	} {
		if !regexp.MustCompile(want).MatchString(lines[i]) {
			t.Errorf("line %d is %q, want %s\n%s", i, lines[i], want, screen)
		}
	}
	r.guess("198.18.1.13", "300", 5)
	r.shows(`198\.18\.1\.13 +300@pbx on 198\.18\.0\.10 +30 `)
	r.engine.Close()
	r.shows(`198\.18\.1\.13 +300@pbx on 198\.18\.0\.10 +30 `)
	r.open()
	r.guess("198.18.1.13", "300", 5)
	r.shows(`198\.18\.1\.13 +300@pbx on 198\.18\.0\.10 +35 `)
}

// TestTopFollows: one that looks all the time, while snapshots are written and files are replaced, sees the same as one that
// looks for the first time.
func TestTopFollows(t *testing.T) {
	r := start(t)
	r.guess("198.18.1.13", "300", 25)
	r.shows(` 1 incident open`)
	watching := &top{name: "main", follower: newFollower(t, r)}
	n := 25
	first := filepath.Join(r.state, "main", "snapshot-1")
	for end := time.Now().Add(30 * time.Second); exists(first); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no snapshot is replaced")
		}
		r.guess("198.18.1.13", "300", 3)
		n += 3
		if err := watching.look(t.Context()); err != nil || watching.problem != "" {
			t.Fatalf("%v %s", err, watching.problem)
		}
	}
	r.shows(fmt.Sprintf(` %d `, n))
	if err := watching.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if screen := watching.screen(time.Now(), 0, 0); !strings.Contains(screen, fmt.Sprintf(" %d ", n)) {
		t.Errorf("want %d attempts\n%s", n, screen)
	}
	if rate := watching.follower.Rate(); rate < float64(n)/50 {
		t.Errorf("%f records a second, of %d", rate, n)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestTopCleansNames: what stands in a packet must not reach the terminal as it is, nor tear the table.
func TestTopCleansNames(t *testing.T) {
	r := start(t)
	for i, name := range []string{"\x1b]0;owned\x07", "\x1b[2J\x1b[H", "a\r\nb", "\u202egnp.exe", "\x9b31m", "\u2066x\u2069\u200b", strings.Repeat("w", 300)} {
		r.guess(fmt.Sprint("198.18.1.", i), name, 25)
	}
	screen := r.shows(`7 incidents open`)
	for _, c := range screen {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Errorf("%U is shown", c)
		}
	}
	if n := strings.Count(screen, "brute-force"); n != 7 {
		t.Errorf("%d rows\n%s", n, screen)
	}
}

func TestTopFitsTheTerminal(t *testing.T) {
	r := start(t)
	for i := range 30 {
		r.guess(fmt.Sprint("198.18.1.", i), fmt.Sprint(300+i), 25)
	}
	r.shows(` 30 incidents open`)
	watching := &top{name: "main", follower: newFollower(t, r)}
	if err := watching.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	screen := watching.screen(time.Now(), 60, 20)
	lines := strings.Split(strings.TrimSuffix(screen, "\n"), "\n")
	if len(lines) > 20 || !strings.Contains(screen, "and 18 incidents more") {
		t.Errorf("%d lines\n%s", len(lines), screen)
	}
	for _, line := range lines[2:] {
		if n := len([]rune(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, ""))); n > 60 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestTopWithoutState(t *testing.T) {
	nothing := t.TempDir()
	rubbish := t.TempDir()
	if err := os.MkdirAll(filepath.Join(rubbish, "main"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(rubbish, "main", "snapshot-1"), []byte("\x1b[2Jrubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                                    "give the configuration with -c",
		"-state " + nothing:                   "no such file or directory",
		"-state " + rubbish:                   "snapshot-1: damaged",
		"-state x -interval 1ms":              "give 100ms or more",
		"-state x -detector ../main":          "no detector has this name",
		"-c none.toml":                        "none.toml: no such file",
		"-state " + nothing + " more":         "give flags only",
		"-state " + rubbish + " -detector no": "no such file or directory",
	} {
		code, stdout, stderr := shell("", append([]string{"top"}, strings.Fields(args)...)...)
		if code == exitOK || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("top %s: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

// TestTopWithMetrics: they are those of the detector, and what is wrong with them keeps nobody from the incidents.
func TestTopWithMetrics(t *testing.T) {
	r := start(t)
	r.guess("198.18.1.13", "300", 25)
	r.shows(` 1 incident open`)
	for name, c := range map[string]struct{ answer, want string }{
		"good": {"# HELP x\nfluentbit_siphunt_records_total{detector=\"main\"} 2000\nfluentbit_siphunt_records_total{detector=\"other\"} 7\n" +
			"fluentbit_siphunt_dropped_total{detector=\"main\",reason=\"not_sip\"} 100\nfluentbit_siphunt_dropped_total{reason=\"late\",detector=\"main\"} 5\n" +
			"fluentbit_siphunt_alerts_waiting{detector=\"main\"} 3\nfluentbit_siphunt_queue_bytes{detector=\"main\"} 1.048576e+06 1795340000\nrubbish\n",
			"\n2000 records since the start, 5.2 % dropped, 3 alerts waiting, 0 lost, 1.0 MiB queued, 0 faults\n"},
		"of others": {"fluentbit_siphunt_records_total{detector=\"other\"} 7\n", `there are no metrics of detector "main"`},
		"hostile":   {"\x1b[2J" + strings.Repeat("x", 1<<20), "token too long"},
		"none":      {"", "404 Not Found"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if c.answer == "" {
				http.NotFound(w, q)
			}
			_, _ = io.WriteString(w, c.answer)
		}))
		code, stdout, stderr := shell("", "top", "-c", r.config, "-metrics", server.URL)
		server.Close()
		if code != exitOK || stderr != "" || !strings.Contains(stdout, c.want) || !strings.Contains(stdout, "300@pbx") || strings.Contains(stdout, "\x1b") {
			t.Errorf("%s: exit code %d, want %q\n%q%s", name, code, c.want, stdout, stderr)
		}
	}
}
