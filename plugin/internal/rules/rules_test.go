package rules

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

func parse(t *testing.T, text string) *Rules {
	t.Helper()
	r, err := (&Source{File: "siphunt.toml"}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatStays: neither the clock nor the folder can change while a detector runs, and both are named.
func TestWhatStays(t *testing.T) {
	old := parse(t, "[detector]\nattempts = 5\n")
	r := parse(t, "[detector]\nattempts = 6\nclock = \"flow\"\n[state]\nstate_dir = \"/elsewhere\"\n")
	if got := r.KeepFrom(old); !slices.Equal(got, []string{"detector.clock", "[state]"}) {
		t.Errorf("%q", got)
	}
	if !r.Config.WallClock || r.Config.State.StateDir != "" || r.Config.Detector.Attempts != 6 {
		t.Errorf("%+v", r.Config)
	}
	if got := r.KeepFrom(old); got != nil {
		t.Errorf("%q are said to be changed again", got)
	}
	if r.Wall(7) != 7 || parse(t, "detector.clock = \"flow\"\n").Wall(7) != 0 {
		t.Error("the wrong clock is told")
	}
}

// TestOwnTexts: when a flush has returned, C may write over what the texts of the flows were in.
func TestOwnTexts(t *testing.T) {
	r := parse(t, "")
	c := r.Decode(nil)
	inC := []byte("300@pbx friendly-scanner probe")
	text := func(from, to int) string { return unsafe.String(&inC[from], to-from) } // borrowed, as the decoder does
	c.Batch.Flows = append(c.Batch.Flows, detect.Flow{Extension: text(0, 7), UserAgent: text(8, 24), Probe: text(25, 30)}, detect.Flow{Extension: text(0, 3)})
	c.Batch.Stats.Example[flow.Malformed] = "an example"
	c.Own()
	clear(inC)
	if f := c.Batch.Flows; f[0].Extension != "300@pbx" || f[0].UserAgent != "friendly-scanner" || f[0].Probe != "probe" || f[1].Extension != "300" || f[1].Probe != "" {
		t.Errorf("%+v", f)
	}
	if c.Batch.Stats.Example[flow.Malformed] != "" {
		t.Error("an example that C may write over is kept")
	}
	if size := c.Size(); size < 33 {
		t.Errorf("%d bytes are said to wait", size)
	}
	c.Release()
	if len(c.Batch.Flows) != 0 || slices.ContainsFunc(c.Batch.Flows[:2], func(f detect.Flow) bool { return f.Extension != "" }) {
		t.Errorf("flows still point into what was C's: %+v", c.Batch.Flows[:2])
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	_, err := (&Source{File: "siphunt.toml"}).Parse("\ndetector.attemts = 7")
	if err == nil || !strings.Contains(err.Error(), "siphunt.toml:2: detector.attemts") {
		t.Errorf("got %v", err)
	}
}
