package engine

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/judge"
)

// logged keeps what an engine logs.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) logger() *slog.Logger { return slog.New(l) }

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r.Message)
	return nil
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.lines, "\n"), text)
}

// eventually polls, for ten seconds at most.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func attempts(e *Engine) int { return e.reloader.rules.Load().Config.Detector.Attempts }

func TestChangesAreTaken(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "siphunt.toml")
	write(t, file, "detector.attempts = 5")
	j := &logged{}
	e := open(t, Options{ConfigFile: file, Log: j.logger()})

	write(t, file, "detector.attempts = 6")
	eventually(t, "the file was written", func() bool { return attempts(e) == 6 })

	write(t, file, "detector.attemts = 7")
	eventually(t, "a faulty file", func() bool { return j.has("refused") })
	if !j.has(`siphunt.toml:1: detector.attemts: no such key; did you mean "attempts"?`) || attempts(e) != 6 {
		t.Errorf("a faulty file: attempts = %d, log %q", attempts(e), j.lines)
	}

	write(t, filepath.Join(folder, "new"), "detector.attempts = 8")
	if err := os.Rename(filepath.Join(folder, "new"), file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file was replaced, as editors do", func() bool { return attempts(e) == 8 })

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file was removed", func() bool { return j.has("no such file") })
	if attempts(e) != 8 {
		t.Errorf("the file was removed, attempts = %d", attempts(e))
	}
	write(t, file, "detector.attempts = 9")
	eventually(t, "the file is there again", func() bool { return attempts(e) == 9 })
	if ok, refused := e.reloader.taken.Load(), e.reloader.refused.Load(); ok < 3 || refused < 2 {
		t.Errorf("%d reloads and %d refused, want 3 and 2", ok, refused)
	}
}

// TestOnlyChangesCount: a look at a file that is as it was does nothing, however often its folder changes.
func TestOnlyChangesCount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "siphunt.toml")
	write(t, file, "detector.attempts = 5")
	j := &logged{}
	e := open(t, Options{ConfigFile: file, Log: j.logger()})
	e.reloader.reread()
	e.reloader.reread()
	if n := e.reloader.taken.Load(); n != 0 || len(j.lines) != 1 {
		t.Errorf("%d reloads, log %q", n, j.lines)
	}
}

// TestSwappedLinkIsTaken does what Kubernetes does with a ConfigMap: file -> ..data/file, and ..data is turned.
func TestSwappedLinkIsTaken(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "siphunt.toml")
	for _, version := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(folder, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, version, "siphunt.toml"), "detector.attempts = 10"+version)
	}
	link(t, "1", filepath.Join(folder, "..data"))
	link(t, "..data/siphunt.toml", file)
	e := open(t, Options{ConfigFile: file})

	link(t, "2", filepath.Join(folder, "tmp"))
	if err := os.Rename(filepath.Join(folder, "tmp"), filepath.Join(folder, "..data")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the link was turned", func() bool { return attempts(e) == 102 })
	write(t, filepath.Join(folder, "2", "siphunt.toml"), "detector.attempts = 200")
	eventually(t, "the file behind the link was written", func() bool { return attempts(e) == 200 })
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestTheClockStaysAsItWas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "siphunt.toml")
	write(t, file, "")
	j := &logged{}
	e := open(t, Options{ConfigFile: file, Log: j.logger()})
	write(t, file, "[detector]\nclock = \"flow\"\nattempts = 6")
	eventually(t, "the rest is taken", func() bool { return attempts(e) == 6 })
	if !e.reloader.rules.Load().Config.WallClock || !j.has("detector.clock") {
		t.Errorf("the clock has changed, or nothing was said: %q", j.lines)
	}
}

func TestReopen(t *testing.T) {
	folder := t.TempDir()
	a, b, bad := filepath.Join(folder, "a.toml"), filepath.Join(folder, "b.toml"), filepath.Join(folder, "bad.toml")
	write(t, a, "detector.attempts = 1")
	write(t, b, "detector.attempts = 2")
	write(t, bad, "detector.attempts = 0")
	before, after := &logged{}, &logged{}
	e := open(t, Options{ConfigFile: a, Log: before.logger()})
	detectorOf := func() (d *detect.Detector) {
		_ = e.intake.do(func(j *judge.Judge) error { d = j.Detector; return nil })
		return d
	}
	detector := detectorOf()

	e.Reopen(Options{ConfigFile: bad, Log: after.logger()})
	if attempts(e) != 1 || detectorOf() != detector || !after.has("the rules in force stay:") || !after.has("bad.toml:1: detector.attempts") {
		t.Errorf("a faulty file: attempts = %d, log %q", attempts(e), after.lines)
	}
	write(t, bad, "detector.attempts = 3")
	eventually(t, "the file is mended", func() bool { return attempts(e) == 3 })

	e.Reopen(Options{ConfigFile: b, Log: after.logger()})
	e.log.Say(slog.LevelInfo, "the new logger")
	if attempts(e) != 2 || detectorOf() != detector || !after.has("the new logger") {
		t.Error("the reload was not taken, or the detector is another one")
	}
	write(t, a, "detector.attempts = 11")
	write(t, b, "detector.attempts = 22")
	eventually(t, "the new file is watched", func() bool { return attempts(e) == 22 })
}
