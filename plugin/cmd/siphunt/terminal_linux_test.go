package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is one that a test watches.
type terminal struct {
	t      *testing.T
	screen *os.File // what a command takes for its terminal

	mu    sync.Mutex
	shown bytes.Buffer
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("NOT TESTED in a terminal: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var number, unlocked, size = uint32(0), uint32(0), [4]uint16{24, 100}
	for request, value := range map[uintptr]unsafe.Pointer{
		syscall.TIOCSPTLCK: unsafe.Pointer(&unlocked), syscall.TIOCGPTN: unsafe.Pointer(&number), syscall.TIOCSWINSZ: unsafe.Pointer(&size),
	} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(value)); errno != 0 {
			t.Fatal(errno)
		}
	}
	x := &terminal{t: t}
	if x.screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.screen.Close() })
	go func() { _, _ = io.Copy(x, master) }()
	return x
}

// Write takes what the command shows.
func (x *terminal) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.Write(b)
}

// raw is all that was shown, text the same without what steers.
func (x *terminal) raw() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.String()
}

var steering = regexp.MustCompile("\x1b(\\[[0-9;?]*[A-Za-z]|.)")

func (x *terminal) text() string { return steering.ReplaceAllString(x.raw(), "") }

// shows waits for a text.
func (x *terminal) shows(pattern string) {
	x.t.Helper()
	for end := time.Now().Add(20 * time.Second); !regexp.MustCompile(pattern).MatchString(x.text()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			text := x.text()
			x.t.Fatalf("no %s at the end of\n%s", pattern, text[max(len(text)-2000, 0):])
		}
	}
}

// interrupt is Ctrl-C. The command has to be at work: it takes the signal for itself then.
func interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// TestReportEndsWithCtrlC: the page is of what was read by then, and says so. Where somebody watches, there is a bar.
func TestReportEndsWithCtrlC(t *testing.T) {
	x := openTerminal(t)
	_, alerts, _ := shell("", "replay", flows)
	stdin, feed := io.Pipe()
	var stdout bytes.Buffer
	done := make(chan int)
	go func() { done <- run([]string{"report", "-o", "-", "-"}, stdin, &stdout, x.screen) }()
	if _, err := io.WriteString(feed, alerts); err != nil { // and no end
		t.Fatal(err)
	}
	x.shows(`reading`)
	interrupt(t)
	if code := <-done; code != exitOK {
		t.Errorf("exit code %d: %q", code, x.text())
	}
	for _, want := range []string{"Not all was read.", "Attackers entered 1 account.", "</html>"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	x.shows(`interrupted; what is before it was used`)
}

// TestTopInATerminal: it shows and shows again, and gives the terminal back as it was.
func TestTopInATerminal(t *testing.T) {
	r := start(t)
	r.guess("198.18.1.13", "300", 25)
	r.guess("198.18.1.14", "\x1b[2J\x1b]0;owned\x07", 25)
	r.shows(` 2 incidents open`)
	x := openTerminal(t)
	done := make(chan int)
	go func() {
		done <- run([]string{"top", "-c", r.config, "-interval", "100ms"}, nil, x.screen, io.Discard)
	}()
	x.shows(`300@pbx on 198\.18\.0\.10 +25 `)
	r.guess("198.18.1.13", "300", 5)
	x.shows(`300@pbx on 198\.18\.0\.10 +30 `)
	interrupt(t)
	if code := <-done; code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for end := time.Now().Add(20 * time.Second); !strings.HasSuffix(x.raw(), leaveScreen) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		// what it wrote last is on its way
	}
	raw := x.raw()
	if !strings.HasPrefix(raw, enterScreen) || !strings.HasSuffix(raw, leaveScreen) {
		t.Errorf("begins with %.40q, ends with %q", raw, raw[max(len(raw)-40, 0):])
	}
	sequences := steering.FindAllString(raw, -1)
	known := regexp.MustCompile("^(\x1b\\[[0-9;]*m|\x1b\\[H|\x1b\\[K|\x1b\\[J|\x1b\\[\\?(1049|25)[hl])$")
	for _, s := range sequences {
		if !known.MatchString(s) {
			t.Errorf("the terminal is told %q", s)
		}
	}
}
