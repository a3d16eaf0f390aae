package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/figures"
)

// fakeHost stands for an instance in Fluent Bit's configuration.
type fakeHost struct {
	properties map[string]string
	lines      []string
	exports    int // updates of its metrics
	closed     bool
	counter    uint64 // of the records that it has taken, as an input
	counts     bool
}

func (f *fakeHost) name() string                  { return f.properties["name"] }
func (f *fakeHost) taken() (uint64, bool)         { return f.counter, f.counts }
func (f *fakeHost) property(key string) string    { return f.properties[key] }
func (f *fakeHost) log(_ slog.Level, line string) { f.lines = append(f.lines, line) }
func (f *fakeHost) exporter() exporter            { return f }
func (f *fakeHost) update([]figures.Metric)       { f.exports++ }
func (f *fakeHost) close()                        { f.closed = true }
func (f *fakeHost) thread() int                   { return 1 }

func instanceOf(detector, config string) *fakeHost {
	return &fakeHost{properties: map[string]string{"detector": detector, "config": config}}
}
func join(t *testing.T, ds *detectors, h half, f *fakeHost) *instance {
	t.Helper()
	in, err := ds.join(h, f)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestDetectorsLife: two detectors, several outputs, a hot reload that leaves one out, and the end.
func TestDetectorsLife(t *testing.T) {
	var ds detectors
	mainInput := join(t, &ds, input, instanceOf("", ""))
	otherInput := join(t, &ds, input, instanceOf("other", ""))
	first := instanceOf("main", "")
	mainOutput := join(t, &ds, output, first)
	second := join(t, &ds, output, instanceOf("", ""))
	other := join(t, &ds, output, instanceOf("other", ""))
	if mainOutput.detector != mainInput.detector || second.detector != mainInput.detector {
		t.Error("three halves of one name are not one detector")
	}
	if other.detector == mainInput.detector || other.detector != otherInput.detector {
		t.Error("another name is not another detector")
	}
	if ds.find(second.id) != second || len(ds.deaf()) != 0 {
		t.Error("an instance is not found, or an input found deaf")
	}
	before := mainInput.detector.engine
	ds.publish()
	if first.exports != 2 {
		t.Errorf("%d updates of metrics, want one at the start and one more", first.exports)
	}

	// The hot reload: outputs exit before inputs. The metrics of an output go with it, whether or not there are others.
	ds.leaveOutput(mainOutput.id, true)
	ds.publish()
	if first.exports != 2 || !first.closed {
		t.Error("metrics were touched after their output had gone, while another one is there")
	}
	for _, out := range []*instance{second, other} {
		ds.leaveOutput(out.id, true)
	}
	ds.publish()
	if first.exports != 2 || !first.closed {
		t.Error("metrics were touched after their output had gone")
	}
	ds.leaveInputs(true)
	ds.leaveInputs(true) // the second input exits
	if ds.find(mainInput.id) != nil || ds.find(second.id) != nil {
		t.Error("an instance is found after it has left")
	}

	// The new configuration has one detector only.
	mainInput = join(t, &ds, input, instanceOf("", ""))
	mainOutput = join(t, &ds, output, instanceOf("", ""))
	if mainInput.detector.engine != before {
		t.Error("the engine was not handed over")
	}
	if len(ds.byName) != 2 {
		t.Errorf("%d detectors, want the one in use and the one that was left", len(ds.byName))
	}

	// A normal stop closes the one, the last registration the other.
	ds.leaveOutput(mainOutput.id, false)
	ds.leaveInputs(false)
	if len(ds.byName) != 1 || ds.byName["other"] == nil {
		t.Error("the detector in use was not closed")
	}
	ds.closeAll()
	if len(ds.byName) != 0 {
		t.Error("a detector is left")
	}
}

func TestDetectorsDeaf(t *testing.T) {
	var ds detectors
	join(t, &ds, input, instanceOf("b", ""))
	join(t, &ds, input, instanceOf("a", ""))
	join(t, &ds, input, instanceOf("c", ""))
	join(t, &ds, output, instanceOf("b", ""))
	var names []string
	for _, in := range ds.deaf() {
		names = append(names, in.detector.name)
	}
	if got := strings.Join(names, " "); got != "a c" {
		t.Errorf("deaf: %s", got)
	}
	ds.closeAll()
}

// TestDetectorsRefusal: what is refused leaves nothing behind.
func TestDetectorsRefusal(t *testing.T) {
	var ds detectors
	join(t, &ds, input, instanceOf("", ""))
	if _, err := ds.join(input, instanceOf("main", "")); err == nil || !strings.Contains(err.Error(), "two siphunt_alerts inputs") {
		t.Errorf("two inputs: %v", err)
	}
	if _, err := ds.join(output, instanceOf("main", "/absent/siphunt.toml")); err == nil || !strings.Contains(err.Error(), "/absent/siphunt.toml") {
		t.Errorf("no file: %v", err)
	}
	if _, err := ds.join(output, instanceOf("two words", "")); err == nil {
		t.Error("a name with a space is taken")
	}
	if _, err := ds.join(output, instanceOf("mian", "")); err == nil || !strings.Contains(err.Error(), `inputs for "main"`) {
		t.Errorf("a misspelt name: %v", err)
	}
	if len(ds.instances) != 1 || len(ds.byName) != 1 || len(ds.deaf()) != 1 {
		t.Error("a refused instance is left")
	}
	ds.leaveOutput(0, false) // an output that was never initialised exits, too
	ds.closeAll()
}

// TestWorkersAndReloads: a hot reload of an output that has workers is warned of; a stop, and a reload without them, is not.
func TestWorkersAndReloads(t *testing.T) {
	for _, story := range []struct {
		threads []int // of the flushes
		reload  bool
		warned  bool
	}{{[]int{1, 1}, true, false}, {[]int{1, 2}, true, true}, {[]int{2}, false, false}, {nil, true, false}} {
		var ds detectors
		join(t, &ds, input, instanceOf("", ""))
		f := instanceOf("", "")
		out := join(t, &ds, output, f)
		for _, thread := range story.threads {
			out.workers.look(thread)
		}
		ds.leaveOutput(out.id, story.reload)
		if warned := strings.Contains(strings.Join(f.lines, "\n"), "this output has workers"); warned != story.warned {
			t.Errorf("flushes on threads %v, reload %v: warned %v", story.threads, story.reload, warned)
		}
		ds.leaveInputs(false)
	}
}
