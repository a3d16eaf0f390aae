package engine

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestSilence: where nothing of the first thousand records is relevant, one warning says what to look at, with one of them as
// a person can read it. One relevant record is enough for there to be none.
func TestSilence(t *testing.T) {
	stranger := pack([]byte{0x92, 0x92, 0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, map[string]any{"sip_reply": 401.0})
	var strangers []byte
	for range 250 {
		strangers = append(strangers, stranger...)
	}
	for _, story := range []struct {
		relevant int // after so many chunks comes a relevant record
		warnings int
	}{{0, 1}, {3, 0}, {6, 1}} {
		var log logged
		e := open(t, Options{Log: log.logger(), now: (&clock{time: recorded}).now})
		for i := range 8 {
			e.Flush(strangers)
			if i+1 == story.relevant {
				e.Flush(chunks(t, svcrack, 1000)[0])
			}
		}
		text := strings.Join(log.lines, "\n")
		if n := strings.Count(text, "none of the first"); n != story.warnings {
			t.Errorf("a relevant record after %d chunks: warned %d times, want %d: %q", story.relevant, n, story.warnings, text)
		}
		if story.warnings > 0 && !strings.Contains(text, `none of the first 1000 records is an answer to be counted: does the exporter see SIP answers to REGISTER, and do its fields have the names of flows.format? One of the records: sip_reply=401`) {
			t.Errorf("the warning is %q", text)
		}
	}
}

// TestReloadIsTold: a line says what is in force after a reload of Fluent Bit as at the start, and what is known.
func TestReloadIsTold(t *testing.T) {
	l := newLife(t, withState+"[detector]\nattempts = 15\n")
	start := fmt.Sprintf("siphunt 1, detector \"main\" starts: %s, detector.attempts = 15, state.state_dir = \"/state\", state.snapshot_interval = \"24h\"; nothing is known yet", l.config)
	if !l.log.has(start) {
		t.Errorf("no %q in %q", start, l.log.lines)
	}
	l.e.Flush(chunks(t, svcrack, 1000)[0])
	settled(l.e)
	other := filepath.Join(t.TempDir(), "other.toml")
	write(t, other, withState+"[detector]\nattempts = 16\n")
	l.e.Reopen(Options{ConfigFile: other, Log: l.log.logger(), Version: "2", now: l.clock.now})
	reload := fmt.Sprintf("siphunt 2, detector \"main\" goes on: %s, detector.attempts = 16, state.state_dir = \"/state\", state.snapshot_interval = \"24h\"; known from before: 1 pair, 1 open incident, 2 waiting alerts", other)
	if !l.log.has(reload) {
		t.Errorf("no %q in %q", reload, l.log.lines)
	}
	write(t, other, withState+"[detector]\nattempts = 17\n")
	l.e.reloader.reread()
	if changed := other + " was changed and is in force"; !l.log.has(changed) {
		t.Errorf("no %q in %q", changed, l.log.lines)
	}
}
