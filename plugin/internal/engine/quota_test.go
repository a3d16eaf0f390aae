package engine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestFloodOfAlerts: two alerts a minute for many attacks, over a crash. What is left out is said once, by number.
func TestFloodOfAlerts(t *testing.T) {
	l := newLife(t, withState+"[alerts]\nmax_alerts_per_minute = 2\n[detector]\nmax_future = \"240h\"\nreport = \"all\"\n")
	for i, chunk := range dayChunks(t, 1000) {
		l.clock.set(recorded.Add(time.Duration(i) * time.Second))
		l.e.Flush(chunk)
	}
	l.clock.set(recorded.Add(15 * time.Second))
	l.e.tick()
	folded := figure(t, l.e, "alerts_folded_total")
	before := collect(l.e)
	l.crash()
	if !bytes.Equal(before, collect(l.e)) {
		t.Error("other alerts wait after the crash")
	}
	l.collect(true)
	l.clock.set(recorded.Add(time.Minute))
	l.e.tick()
	l.collect(true)
	last := l.alerts[len(l.alerts)-1]
	if folded < 2 || !strings.Contains(last, "sip-alerts-folded") || !strings.Contains(last, fmt.Sprintf("%v alerts of the minute", folded)) {
		t.Errorf("%v were folded, and the last record is %q", folded, last)
	}
}
