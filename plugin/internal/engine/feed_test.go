package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAttackersComeIntoTheFeed: who has broken in is in the file soon after and over a restart. An allowlist entry
// takes him out at once.
func TestAttackersComeIntoTheFeed(t *testing.T) {
	folder := t.TempDir()
	list, file := filepath.Join(folder, "clients"), filepath.Join(folder, "siphunt.toml")
	text := fmt.Sprintf("[feed]\nfile = %q\n", list)
	write(t, file, text)
	c := &clock{time: recorded}
	o := Options{ConfigFile: file, now: c.now}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, chunk := range chunks(t, svcrack, 100) {
		e.Flush(chunk)
	}
	settled(e)
	e.Close()
	content := func() string {
		text, _ := os.ReadFile(list)
		return string(text)
	}
	if got := content(); got != "198.18.1.13\n" {
		t.Fatalf("got %q", got)
	}
	open(t, o)
	eventually(t, "the file is written again", func() bool { return content() == "198.18.1.13\n" })
	write(t, file, text+"[[allow]]\nclients = [\"198.18.1.0/24\"]\n")
	eventually(t, "the client is allowed now", func() bool { return content() == "" })
}

// TestAlertsGoOutWithoutTheirEnrichment: a database that is not there costs a warning, and no alert.
func TestAlertsGoOutWithoutTheirEnrichment(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "siphunt.toml")
	write(t, file, fmt.Sprintf("[enrich]\ngeoip = %q\ntags = [\"voice\"]\n", filepath.Join(folder, "none.mmdb")))
	var j logged
	c := &clock{time: recorded}
	e := open(t, Options{ConfigFile: file, Log: j.logger(), now: c.now})
	for _, chunk := range chunks(t, svcrack, 100) {
		e.Flush(chunk)
	}
	settled(e)
	if records, _ := e.Collect(); !bytes.Contains(records, []byte("compromised")) || !bytes.Contains(records, []byte("voice")) {
		t.Errorf("got %q", records)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := strings.Count(strings.Join(j.lines, "\n"), "alerts go without it"); n != 1 {
		t.Errorf("told %d times: %q", n, j.lines)
	}
}
