package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// attacked is a detector with alerts that wait. It has to be in a bubble of synctest, which knows when all is judged.
func attacked(t *testing.T) (ds *detectors, in, out *instance, host *fakeHost) {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 11, 22, 9, 42, 0, 0, time.UTC))) // a bubble begins in the year 2000, svcrack's end is now
	ds = &detectors{}
	t.Cleanup(ds.closeAll)
	host = instanceOf("", "")
	in = join(t, ds, input, host)
	out = join(t, ds, output, instanceOf("", ""))
	out.detector.engine.Flush(chunk(t, oneScenario(t, "svcrack-success").flows))
	synctest.Wait()
	if in.detector.engine.Waiting() == 0 {
		t.Fatal("no alert")
	}
	return ds, in, out, host
}

// records counts them.
func records(t *testing.T, b []byte) (n uint64) {
	t.Helper()
	for ; len(b) > 0; n++ {
		var err error
		if b, err = msgp.Skip(b); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestDeliveryIsConfirmed: what Fluent Bit has copied, but its counter has not taken, is given again after a while.
func TestDeliveryIsConfirmed(t *testing.T) { synctest.Test(t, deliveryIsConfirmed) }

func deliveryIsConfirmed(t *testing.T) {
	_, in, _, host := attacked(t)
	d, now := in.detector, time.Now()
	host.counts, host.counter = true, 7
	first := d.collect(in, now)
	n := records(t, first)
	if n == 0 {
		t.Fatal("nothing is given")
	}
	d.confirm(in, now) // it was copied
	for _, wait := range []time.Duration{0, time.Second, confirmWait - 1} {
		if more := d.collect(in, now.Add(wait)); more != nil {
			t.Fatalf("after %v something is given, though the last was not taken", wait)
		}
	}
	now = now.Add(confirmWait)
	if again := d.collect(in, now); string(again) != string(first) {
		t.Error("what was not taken is not given again")
	}
	if log := written(&d.messages); len(log) == 0 || !strings.Contains(log[len(log)-1], "error: Fluent Bit has not taken") {
		t.Errorf("log %q", log)
	}
	host.counter += n - 1
	if d.confirm(in, now.Add(time.Second)); d.engine.Waiting() != int(n) {
		t.Error("all are held to be taken when one is missing")
	}
	host.counter++
	if more := d.collect(in, now.Add(2*time.Second)); more != nil || d.engine.Waiting() != 0 {
		t.Errorf("%d bytes are given and %d wait after all were taken", len(more), d.engine.Waiting())
	}
}

// TestDeliveryWithoutCounter: a Fluent Bit that does not count is believed.
func TestDeliveryWithoutCounter(t *testing.T) { synctest.Test(t, deliveryWithoutCounter) }

func deliveryWithoutCounter(t *testing.T) {
	_, in, _, _ := attacked(t)
	d, now := in.detector, time.Now()
	if d.collect(in, now) == nil {
		t.Fatal("nothing is given")
	}
	if d.confirm(in, now); d.engine.Waiting() != 0 || d.collect(in, now) != nil {
		t.Error("what was copied comes again")
	}
}

// TestStopSaysWhatIsLost: Fluent Bit pauses its inputs when it stops.
func TestStopSaysWhatIsLost(t *testing.T) { synctest.Test(t, stopSaysWhatIsLost) }

func stopSaysWhatIsLost(t *testing.T) {
	for keep, want := range map[bool]string{false: "are lost; with a state_dir", true: ""} {
		ds, in, out, host := attacked(t)
		host.counts = true
		if in.detector.collect(in, time.Now()) == nil {
			t.Fatal("nothing is given")
		}
		written(&in.detector.messages)
		host.lines = nil
		ds.leaveOutput(out.id, keep)
		ds.leaveInputs(keep)
		if got := strings.Join(host.lines, "\n"); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("hot reload %v: %q", keep, got)
		}
		if keep && in.detector.engine.Waiting() == 0 {
			t.Error("what was given and not taken is gone over a hot reload")
		}
	}
}

// TestLogWhileTheInputIsPaused: the outputs write what waits for the log.
func TestLogWhileTheInputIsPaused(t *testing.T) {
	var ds detectors
	t.Cleanup(ds.closeAll)
	inHost, outHost := instanceOf("", ""), instanceOf("", "")
	in := join(t, &ds, input, inHost)
	out := join(t, &ds, output, outHost)
	outHost.lines = nil
	now := time.Now()
	ds.report(in, now)
	say := func(text string) { in.detector.messages.add(4, text) }
	say("one")
	ds.reportInstead(out, now.Add(time.Second))
	if len(outHost.lines) != 0 {
		t.Errorf("an output logs while the input does: %q", outHost.lines)
	}
	ds.reportInstead(out, now.Add(4*time.Second))
	say("two")
	ds.reportInstead(out, now.Add(5*time.Second))
	ds.reportInstead(out, now.Add(6*time.Second))
	if got := strings.Join(outHost.lines, " "); got != "one two" {
		t.Errorf("while the input is paused, the output logs %q", got)
	}
}

// TestOverlaps: two outputs that take the same tag are told of once, and by name.
func TestOverlaps(t *testing.T) {
	var ds detectors
	t.Cleanup(ds.closeAll)
	join(t, &ds, input, instanceOf("", ""))
	var outs []*instance
	for _, name := range []string{"siphunt.0", "siphunt.1"} {
		f := instanceOf("", "")
		f.properties["name"] = name
		outs = append(outs, join(t, &ds, output, f))
	}
	d := outs[0].detector
	written(&d.messages)
	d.look(outs[0], "flows.a")
	d.look(outs[1], "flows.b")
	d.look(outs[0], "flows.a")
	if log := written(&d.messages); len(log) != 0 || !d.shared.Load() {
		t.Errorf("told without an overlap: %q", log)
	}
	for range 3 {
		d.look(outs[1], "flows.a")
	}
	log := written(&d.messages)
	if len(log) != 1 || !strings.Contains(log[0], `siphunt.0 and siphunt.1 both match the tag "flows.a"`) {
		t.Errorf("log %q", log)
	}
}
