package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"

	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// life is an engine that is ended and opened again, beside the pipeline that feeds it: chunks that it did not answer for
// come again, and the alerts that it gives are kept.
type life struct {
	t      *testing.T
	disk   *faulty.FS
	clock  *clock
	config string
	e      *Engine
	alerts []string // records, as they were copied
	log    logged
}

func newLife(t *testing.T, config string) *life {
	t.Helper()
	l := &life{t: t, disk: &faulty.FS{}, clock: &clock{time: recorded}, config: t.TempDir() + "/siphunt.toml"}
	write(t, l.config, config)
	l.open()
	t.Cleanup(func() { l.drop() })
	return l
}

func (l *life) open() {
	l.t.Helper()
	var err error
	l.e, err = Open(Options{ConfigFile: l.config, Log: l.log.logger(), Version: "1", Hostname: "probe1", now: l.clock.now, fs: l.disk})
	if err != nil {
		l.t.Fatal(err)
	}
}

// drop ends the engine as kill -9 does: nothing more is written.
func (l *life) drop() {
	if l.e == nil {
		return
	}
	l.e.log.SetLog(nil)
	l.disk.Fail(func(int, string, string) error { return syscall.EIO })
	l.e.Close()
	l.disk.Kill()
	l.disk.Fail(nil)
	l.e = nil
}

func (l *life) crash() {
	l.t.Helper()
	l.drop()
	l.open()
}

// collect takes what waits; without delivered, Fluent Bit ends before it has said so.
func (l *life) collect(delivered bool) {
	l.t.Helper()
	l.alerts = append(l.alerts, events(l.t, collect(l.e))...)
	if delivered {
		l.e.Delivered()
	}
}

// events takes records apart.
func events(t *testing.T, b []byte) (all []string) {
	t.Helper()
	for len(b) > 0 {
		rest, err := msgp.Skip(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b[:len(b)-len(rest)]))
		b = rest
	}
	return all
}

// unique drops repeated records and keeps the order; what comes twice has to have the same bytes to be dropped.
func unique(records []string) (all []string) {
	seen := map[string]bool{}
	for _, r := range records {
		if !seen[r] {
			all = append(all, r)
		}
		seen[r] = true
	}
	return all
}

func (l *life) wants(records []string) {
	l.t.Helper()
	if len(records) == 0 {
		l.t.Fatal("nothing to compare with")
	}
	show := cmp.Transformer("records", func(records []string) (all []string) {
		for _, r := range records {
			var line bytes.Buffer
			_, _ = msgp.UnmarshalAsJSON(&line, []byte(r))
			all = append(all, line.String())
		}
		return all
	})
	if got := unique(l.alerts); !slices.Equal(got, records) {
		l.t.Errorf("alerts (-want +got):\n%s", cmp.Diff(records, got, show))
	}
}

// withState is the configuration of a life; the clock is the flows', and all alerts count.
const withState = "[state]\nstate_dir = \"/state\"\nsnapshot_interval = \"24h\"\n"

// a recorded day, in chunks.
var day = []string{"svwar-404", "svcrack-success", "distributed-success", "password-spray", "tcp-mixed"}

func dayChunks(t *testing.T, n int) (all [][]byte) {
	t.Helper()
	for _, name := range day {
		all = append(all, chunks(t, "../../../testdata/scenarios/"+name+"/flows.jsonl.gz", n)...)
	}
	return all
}

// TestRestartIsNoRestart: an engine that is ended between any two steps reports what one does that never was. Both walk
// the same way: chunks, seconds, collections. A chunk that was not answered comes again, whether or not it was counted;
// an alert that was not known to be copied comes again with the same bytes.
func TestRestartIsNoRestart(t *testing.T) {
	all := dayChunks(t, 37)
	walk := func(l *life, seed uint64, crashes bool) {
		steps, fate := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
		crash := func() {
			if crashes && fate.IntN(12) == 0 {
				l.crash()
			}
		}
		for i, chunk := range all {
			l.clock.set(recorded.Add(time.Duration(i) * 700 * time.Millisecond))
			crash()
			l.e.Flush(bytes.Clone(chunk))
			if crashes && fate.IntN(12) == 0 { // before it was answered
				l.crash()
				l.e.Flush(bytes.Clone(chunk))
			}
			crash()
			if steps.IntN(3) == 0 {
				l.e.tick()
				crash()
			}
			if steps.IntN(20) == 0 {
				l.e.checkpoints.write()
				crash()
			}
			if steps.IntN(10) == 0 {
				l.collect(!crashes || fate.IntN(4) != 0)
				crash()
			}
			if steps.IntN(40) == 0 { // and it is stopped in good order
				l.e.Close()
				l.open()
			}
		}
		for i := range 40 * 6 { // until all is over
			l.clock.set(recorded.Add(time.Duration(len(all))*700*time.Millisecond + time.Duration(i)*10*time.Second))
			l.e.tick()
			if i%7 == 0 {
				crash()
			}
		}
		for l.collect(true); len(collect(l.e)) > 0; l.collect(true) {
		}
		if n := figure(l.t, l.e, "incidents"); n != 0 {
			l.t.Errorf("%v incidents are open at the end", n)
		}
	}
	repeated := 0
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			const config = withState + "[detector]\nmax_future = \"240h\"\n"
			undisturbed, disturbed := newLife(t, config), newLife(t, config)
			walk(undisturbed, seed, false)
			walk(disturbed, seed, true)
			disturbed.wants(unique(undisturbed.alerts))
			if got, want := len(disturbed.alerts), len(undisturbed.alerts); got < want {
				t.Errorf("%d alerts, want %d", got, want)
			} else {
				repeated += got - want
			}
			if disturbed.log.has("left out") || disturbed.log.has("cannot be used") || disturbed.log.has("not up to date") {
				t.Errorf("logged: %s", disturbed.log.lines)
			}
		})
	}
	if repeated == 0 {
		t.Error("no alert was repeated: nothing was put to the test")
	}
}

// TestWithStateIsWithout: the folder changes no alert.
func TestWithStateIsWithout(t *testing.T) {
	with, without := newLife(t, withState), newLife(t, "")
	for _, l := range []*life{with, without} {
		for _, chunk := range dayChunks(t, 100) {
			l.e.Flush(chunk)
		}
		l.collect(true)
	}
	with.wants(without.alerts)
	if len(without.disk.Files()) != 0 || without.disk.Calls() != 0 {
		t.Error("without state_dir, the disk is used")
	}
}

// TestChunkThatComesAgain: it is counted once after a crash, as often as it was given before one, and not at all held
// to be known without one.
func TestChunkThatComesAgain(t *testing.T) {
	l := newLife(t, withState)
	chunk := chunks(t, svcrack, 1000)[0]
	give := func(rejections, redelivered float64) {
		t.Helper()
		l.e.Flush(chunk)
		if got := figure(t, l.e, "rejections_total"); got != rejections {
			t.Errorf("%v rejections, want %v", got, rejections)
		}
		if got := figure(t, l.e, "redelivered_total"); got != redelivered {
			t.Errorf("%v redelivered, want %v", got, redelivered)
		}
	}
	give(418, 0)
	give(836, 0)
	l.crash()
	give(0, 1)
	give(0, 2)
	give(418, 2)
	l.e.checkpoints.write() // the fingerprints are in the snapshot now
	l.crash()
	for n := range 3 {
		give(0, float64(n+1))
	}
	give(418, 3)
}

// TestRulesBeforeTheCrash: what was judged under other rules is not judged again under those of today.
func TestRulesBeforeTheCrash(t *testing.T) {
	never, soon := withState+"[detector]\nattempts = 50_000\n", withState+"[detector]\nattempts = 20\n"
	all := chunks(t, svcrack, 100)
	l := newLife(t, soon)
	for _, chunk := range all[:3] {
		l.e.Flush(bytes.Clone(chunk))
	}
	l.clock.set(recorded.Add(10 * time.Second))
	l.e.tick()
	opened := figure(t, l.e, "alerts_total brute-force open")
	write(t, l.config, never)
	l.e.reloader.reread() // the rules change while the journal is written
	for _, chunk := range all[3:] {
		l.e.Flush(bytes.Clone(chunk))
	}
	records := events(t, collect(l.e))
	if opened != 1 || len(records) != 2 {
		t.Fatalf("%v opened and %d records, want that it opens and succeeds", opened, len(records))
	}
	write(t, l.config, soon) // and while nobody is there
	l.crash()
	l.collect(true)
	l.wants(records)
}

// TestClocksThatChange: from the wall clock to that of the flows and back, over a restart.
func TestClocksThatChange(t *testing.T) {
	l := newLife(t, withState)
	all := chunks(t, svcrack, 100)
	l.e.Flush(bytes.Clone(all[0]))
	for i, config := range []string{"[detector]\nclock = \"flow\"\n", ""} {
		l.clock.set(recorded.Add(time.Duration(i+1) * -10 * time.Minute)) // nothing is from the future by the flows' clock
		write(t, l.config, withState+config)
		l.crash()
		if i == 1 {
			l.clock.set(recorded.Add(time.Hour))
		}
		l.e.Flush(bytes.Clone(all[i+1]))
	}
	l.e.Flush(bytes.Clone(all[3]))
	l.clock.set(recorded.Add(time.Hour + 10*time.Second))
	l.e.tick()
	if n := figure(t, l.e, "dropped_total time_rejected") + figure(t, l.e, "dropped_total late"); n != 0 {
		t.Errorf("%v records were dropped", n)
	}
	if n := figure(t, l.e, "incidents"); n != 1 {
		t.Errorf("%v incidents are open", n)
	}
}

// TestStopEndsNothing: a graceful stop, however long, is not the end of an attack.
func TestStopEndsNothing(t *testing.T) {
	l := newLife(t, withState)
	all := chunks(t, svcrack, 100)
	for _, chunk := range all[:4] {
		l.e.Flush(bytes.Clone(chunk))
	}
	l.collect(true)
	l.e.Close()
	l.clock.set(recorded.Add(24 * time.Hour))
	l.open()
	l.e.tick()
	for _, chunk := range all[4:] {
		l.e.Flush(bytes.Clone(chunk))
	}
	l.collect(true)
	if n := figure(t, l.e, "incidents"); n != 1 || len(l.alerts) != 2 {
		t.Errorf("%v open and %d alerts, want that it opened and succeeded", n, len(l.alerts))
	}
	if !strings.Contains(l.alerts[1], "success") {
		t.Errorf("the second is %q", l.alerts[1])
	}
}

// TestWhatWasCopiedIsNotRepeated: neither from the journal nor from a snapshot.
func TestWhatWasCopiedIsNotRepeated(t *testing.T) {
	l := newLife(t, withState)
	for _, chunk := range chunks(t, svcrack, 1000) {
		l.e.Flush(chunk)
	}
	if collect(l.e) == nil {
		t.Fatal("no alert")
	}
	l.e.Delivered()
	for range 2 {
		l.crash()
		if collect(l.e) != nil {
			t.Error("an alert that was copied comes again")
		}
	}
}

// TestReloadKeepsAll: a hot reload goes on in memory; a folder cannot change while the detector runs.
func TestReloadKeepsAll(t *testing.T) {
	l := newLife(t, withState)
	l.e.Flush(chunks(t, svcrack, 1000)[0])
	calls := l.disk.Calls()
	write(t, l.config, "[state]\nstate_dir = \"/elsewhere\"\n")
	l.e.Reopen(Options{ConfigFile: l.config, Log: l.log.logger(), now: l.clock.now})
	if !l.log.has("[state] was changed") || figure(t, l.e, "incidents") != 1 || figure(t, l.e, "alerts_waiting") != 2 {
		t.Errorf("the reload was not as it should be: %q", l.log.lines)
	}
	if n := l.disk.Calls() - calls; n != 1 {
		t.Errorf("%d calls of the disk, want the entry of the rules", n)
	}
}

// TestWallClockIsSet: a machine whose clock is set forward and back by hours, and that starts in 1970 until it has asked a time
// server, loses no incident and no record of a time that its clock admits. What it drops it says.
func TestWallClockIsSet(t *testing.T) {
	l := newLife(t, withState)
	all := chunks(t, svcrack, 100)
	step := func(wall time.Time, flush ...[]byte) {
		t.Helper()
		for _, chunk := range flush {
			l.clock.set(wall)
			l.e.Flush(bytes.Clone(chunk))
		}
		for second := range 5 {
			l.clock.set(wall.Add(time.Duration(second) * time.Second))
			l.e.tick()
		}
	}
	step(recorded, all[:2]...)
	step(recorded.Add(3*time.Hour), all[2])
	step(recorded.Add(10*time.Second), all[3])
	if n := figure(t, l.e, "dropped_total time_rejected") + figure(t, l.e, "dropped_total late"); n != 0 || figure(t, l.e, "incidents") != 1 {
		t.Errorf("%v records dropped, %v incidents open", n, figure(t, l.e, "incidents"))
	}
	l.clock.set(time.Unix(60, 0))
	l.crash()
	step(time.Unix(60, 0), all[4])
	settled(l.e)
	l.e.tick() // which tells of it
	if n := figure(t, l.e, "dropped_total time_rejected"); n == 0 || !l.log.has("time_rejected (from the future") {
		t.Errorf("%v records of 2026 are dropped in 1970; log %q", n, l.log.lines)
	}
	step(recorded.Add(20*time.Second), all[5:]...)
	l.collect(true)
	l.crash()
	if n := figure(t, l.e, "incidents"); n != 1 || len(l.alerts) != 2 || !strings.Contains(l.alerts[1], "success") {
		t.Errorf("%v open and %d alerts, want that it opened and succeeded", n, len(l.alerts))
	}
}

// TestUpdateRefusesTheConfigurationOfThen: a key has another name in the new siphunt. What was learnt under the old one, in the
// snapshot and in the journal, is not lost for that.
func TestUpdateRefusesTheConfigurationOfThen(t *testing.T) {
	old := withState + "[detector]\nattempts_of_old = 20\n"
	for _, inJournal := range []bool{false, true} {
		l := newLife(t, withState)
		all := chunks(t, svcrack, 100)
		for _, chunk := range all[:3] {
			l.e.Flush(bytes.Clone(chunk))
		}
		inForce := l.e.reloader.rules.Load()
		then := &rules.Rules{Text: old, Config: inForce.Config, Encoder: inForce.Encoder}
		if inJournal {
			if err := l.e.intake.change(then); err != nil {
				t.Fatal(err)
			}
		} else {
			_ = l.e.intake.do(func(j *judge.Judge) error { j.Rules = then; return nil })
			l.e.checkpoints.write()
		}
		for _, chunk := range all[3:] {
			l.e.Flush(bytes.Clone(chunk))
		}
		l.crash()
		l.collect(true)
		if n := figure(t, l.e, "incidents"); n != 1 || len(l.alerts) != 2 || !strings.Contains(l.alerts[1], "success") {
			t.Errorf("in the journal %v: %v open and %d alerts, want that it opened and succeeded; log %q", inJournal, n, len(l.alerts), l.log.lines)
		}
		if !l.log.has("the configuration of then is refused") || l.log.has("cannot be used") || l.log.has("left out") {
			t.Errorf("in the journal %v: log %q", inJournal, l.log.lines)
		}
	}
}
