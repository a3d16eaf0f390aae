package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

// svcrack is a recorded brute force: 418 rejections and the acceptance that ends them.
const svcrack = "../../../testdata/scenarios/svcrack-success/flows.jsonl.gz"

// recorded is when svcrack was recorded.
var recorded = time.Date(2026, 11, 22, 9, 40, 40, 0, time.UTC)

// clock is a wall clock that is moved by hand.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = t
}

// chunks reads a recording and packs it as Fluent Bit does, n records a chunk.
func chunks(t *testing.T, file string, n int) [][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := replay.NewLines(f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var list [][]byte
	for line, err := l.Next(); err == nil; line, err = l.Next() {
		if (l.Number()-1)%n == 0 {
			list = append(list, nil)
		}
		var record map[string]any
		if err := jsoniter.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		last := &list[len(list)-1]
		*last = append(*last, 0x92, 0x92) // [[time, {}], record]
		*last = pack(*last, float64(recorded.Unix()))
		*last = append(*last, 0x80)
		*last = pack(*last, record)
	}
	return list
}

// pack writes what a flow record may hold as msgpack.
func pack(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return append(binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(len(v))), v...)
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(v))
	case map[string]any:
		b = binary.BigEndian.AppendUint32(append(b, 0xdf), uint32(len(v)))
		for key, member := range v {
			b = pack(pack(b, key), member)
		}
		return b
	}
	panic(fmt.Sprintf("a flow record holds a %T", value))
}

// figure is the value of a metric when all that came is judged; name and labels are written as in "alerts_total
// brute-force open".
func figure(t testing.TB, e *Engine, what string) float64 {
	t.Helper()
	settled(e)
	return figureNow(t, e, what)
}

func figureNow(t testing.TB, e *Engine, what string) float64 {
	t.Helper()
	for _, m := range e.Metrics() {
		name := m.Name
		for _, l := range m.Labels[1:] {
			name += " " + l[1]
		}
		if name == what {
			return m.Value
		}
	}
	t.Fatalf("no metric %q", what)
	return 0
}

// TestFlushFindsWhatReplayFinds: the engine gives, as records, the very alerts of a replay, but for the end.
func TestFlushFindsWhatReplayFinds(t *testing.T) {
	cfg := config.Default()
	encoder, err := cfg.NewEncoder("probe1", "1.2.3", nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	r, err := replay.New(cfg, func(a *detect.Alert) {
		if a.State != detect.End {
			want = encoder.AppendRecord(want, a, recorded)
		}
	}, func(msg string) { t.Error(msg) })
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(svcrack)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := r.Read(svcrack, f); err != nil {
		t.Fatal(err)
	}
	r.Finish()

	c := &clock{time: recorded}
	e := open(t, Options{Hostname: "probe1", Version: "1.2.3", now: c.now})
	for _, chunk := range chunks(t, svcrack, 100) {
		e.Flush(chunk)
		clear(chunk) // as C may do: nothing of it may be needed any more
	}
	got := collect(e)
	if len(got) == 0 || !bytes.Equal(got, want) {
		t.Errorf("collected %q,\nwant %q", got, want)
	}
	if again := waiting(e); !bytes.Equal(again, got) {
		t.Error("the second Collect gives something else")
	}
	e.Delivered()
	if waiting(e) != nil {
		t.Error("alerts were delivered, and come again")
	}
}

// TestAttackEndsWithoutRecords: no record comes any more, and the wall clock ends the incident.
func TestAttackEndsWithoutRecords(t *testing.T) {
	for _, story := range []struct {
		clock string
		ends  float64
	}{{"wall", 1}, {"flow", 0}} {
		t.Run(story.clock, func(t *testing.T) {
			file := t.TempDir() + "/siphunt.toml"
			write(t, file, fmt.Sprintf("detector.clock = %q", story.clock))
			c := &clock{time: recorded}
			e := open(t, Options{ConfigFile: file, now: c.now})
			for _, chunk := range chunks(t, svcrack, 1000) {
				e.Flush(chunk)
			}
			e.tick()
			if n := figure(t, e, "alerts_total brute-force end"); n != 0 || figure(t, e, "incidents") != 1 {
				t.Fatalf("%v ends, %v open after the last record", n, figure(t, e, "incidents"))
			}
			for i := range 31 * 6 { // a clock that jumped would be held to be wrong
				c.set(recorded.Add(time.Duration(i) * 10 * time.Second))
				e.tick()
			}
			if n := figure(t, e, "alerts_total brute-force end"); n != story.ends {
				t.Errorf("%v ends after idle_timeout, want %v", n, story.ends)
			}
		})
	}
}

// TestChangedRulesReachTheDetector: an allowlist entry ends what it covers, and the alert of it waits.
func TestChangedRulesReachTheDetector(t *testing.T) {
	folder := t.TempDir()
	allow := folder + "/allow.toml"
	write(t, allow, "[[allow]]\nclients = [\"198.18.1.13\"]")
	e := open(t, Options{now: (&clock{time: recorded}).now})
	for _, chunk := range chunks(t, svcrack, 1000) {
		e.Flush(chunk)
	}
	e.Reopen(Options{ConfigFile: allow, now: e.now})
	if n := figure(t, e, "alerts_total brute-force end"); n != 1 {
		t.Errorf("%v ends, want 1", n)
	}
	if !bytes.Contains(collect(e), []byte("allowed")) {
		t.Error("the alert does not say that it was allowed")
	}
}

// TestManyFlushAtOnce is for the race detector; and nothing may be lost or counted twice.
func TestManyFlushAtOnce(t *testing.T) {
	const workers, rounds = 4, 5
	c := &clock{time: recorded}
	e := open(t, Options{now: c.now})
	all := chunks(t, svcrack, 50)
	var flushing, others sync.WaitGroup
	for range workers {
		flushing.Go(func() {
			for range rounds {
				for _, chunk := range all {
					e.Flush(chunk)
				}
			}
		})
	}
	done := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			e.tick()
			e.Metrics()
			if waiting(e) != nil {
				e.Delivered()
			}
			e.Reopen(Options{now: c.now})
		}
	})
	flushing.Wait()
	close(done)
	others.Wait()
	for what, want := range map[string]float64{"records_total": 838, "relevant_total": 419, "rejections_total": 418, "flushes_total": 17} {
		if got := figure(t, e, what); got != want*workers*rounds {
			t.Errorf("%s = %v, want %v", what, got, want*workers*rounds)
		}
	}
}

func TestBadChunksAreToldOnce(t *testing.T) {
	j := &logged{}
	e := open(t, Options{Log: j.logger(), now: (&clock{time: recorded}).now})
	good := chunks(t, svcrack, 10)[0]
	for range 100 {
		e.Flush(append(bytes.Clone(good), 0xc1)) // a byte that msgpack does not use
	}
	e.Flush(nil)
	if got := figure(t, e, "dropped_total malformed"); got != 100 {
		t.Errorf("malformed: %v, want 100", got)
	}
	if got := figure(t, e, "relevant_total"); got != 500 {
		t.Errorf("the good records beside them: %v, want 500", got)
	}
	if n := strings.Count(strings.Join(j.lines, "\n"), "malformed"); n != 1 {
		t.Errorf("told %d times: %q", n, j.lines)
	}
}

func TestMetricsAreStable(t *testing.T) {
	e := open(t, Options{Name: "edge", now: (&clock{time: recorded}).now})
	names := func() (list []string) {
		for _, m := range e.Metrics() {
			if m.Labels[0] != [2]string{"detector", "edge"} || m.Help == "" {
				t.Errorf("%+v: the label of the detector or the help is missing", m)
			}
			list = append(list, fmt.Sprint(m.Name, m.Labels))
		}
		return list
	}
	before := names()
	for _, chunk := range chunks(t, svcrack, 1000) {
		e.Flush(chunk)
	}
	after := names()
	seen := map[string]bool{}
	for i, name := range after {
		if seen[name] || before[i] != name {
			t.Errorf("%s is there twice, or was %s before", name, before[i])
		}
		seen[name] = true
	}
	for what, want := range map[string]float64{
		"records_total": 838, "relevant_total": 419, "other_total": 419, "dropped_total not_sip": 0, "pairs": 1, "incidents": 1,
		"alerts_total brute-force open": 1, "alerts_total brute-force success": 1, "alerts_waiting": 2,
	} {
		if got := figure(t, e, what); got != want {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	_, err := Open(Options{ConfigFile: "../config/testdata/conf.unknown-key.bad.toml"})
	if err == nil || !strings.Contains(err.Error(), `conf.unknown-key.bad.toml:2: detector.attemts`) {
		t.Errorf("got %v", err)
	}
}

// TestClockGoesOnAfterALateBatch: records that arrive late do not put the detector's clock back, or what comes after them
// would be told of later by as much.
func TestClockGoesOnAfterALateBatch(t *testing.T) {
	c := &clock{time: recorded}
	e := open(t, Options{now: c.now})
	batch := func(sent time.Time) {
		e.Flush(appendRecord(nil, int(sent.Sub(recorded).Milliseconds())*20+1))
	}
	batch(recorded)
	for second := range 60 {
		c.set(recorded.Add(time.Duration(second) * time.Second))
		if second == 30 {
			batch(recorded.Add(time.Second)) // 29 s late
			if lag := figure(t, e, "record_lag_seconds"); lag != 29 {
				t.Errorf("record_lag_seconds is %v, want 29", lag)
			}
		}
		e.tick()
		if clock := figure(t, e, "clock_seconds"); clock != float64(recorded.Unix()+int64(second)) {
			t.Fatalf("after %d s the clock is at %v", second, clock-float64(recorded.Unix()))
		}
	}
}
