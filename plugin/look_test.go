package main

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLook: `make look` shows a person the break-in. It opens the address that is printed in a real browser.
func TestLook(t *testing.T) {
	if os.Getenv("VICTORIALOGS") == "" {
		t.Skip("NOT TESTED in a browser: make test-look does it")
	}
	fluentBitProgram(t)
	_, port, _ := net.SplitHostPort(freeAddress(t))
	look := exec.Command("../conf/look.sh")
	look.Env = append(os.Environ(), "VICTORIALOGS_PORT="+port)
	look.Stderr = os.Stderr
	out, err := look.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := look.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := look.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_ = look.Wait() // it was told to end
	})

	address := ""
	for s := bufio.NewScanner(out); address == "" && s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "The break-ins:"); ok {
			address = strings.TrimSpace(rest)
		}
	}
	if address == "" {
		t.Fatal("no address was printed")
	}
	// The sentence of the recorded break-in, up to the figures: the waits of the demo are shorter.
	want := ""
	for _, line := range oneScenario(t, "svcrack-success").alerts {
		if a := parsed(t, line); text(a, "siphunt.incident.state") == "success" {
			want, _, _ = strings.Cut(text(a, "message"), ":")
		}
	}
	if want == "" {
		t.Fatal("the scenario has no break-in")
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Second) {
		page := ""
		if answers("http://127.0.0.1:" + port + "/health") {
			page = browse(t, address)
		}
		if strings.Contains(page, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the page does not say %q within %s; it is\n%s", want, patience, tailOf(page, 3000))
		}
	}
}

func answers(url string) bool {
	r, err := http.Get(url)
	if err != nil {
		return false
	}
	return r.Body.Close() == nil && r.StatusCode == http.StatusOK
}

// browse returns what a page is after its scripts have run.
func browse(t *testing.T, url string) string {
	t.Helper()
	page, err := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", url).Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return string(page)
}
