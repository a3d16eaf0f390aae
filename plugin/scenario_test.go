package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"
	"github.com/tinylib/msgp/msgp"
)

// json keeps integers as they are written: Fluent Bit's parser makes integers of them, too.
var json = jsoniter.Config{UseNumber: true}.Froze()

// scenario is a folder of testdata/scenarios, made ready for a live pipeline: its flows with three records behind them
// that only move the clock, until all incidents have ended, and its configuration with a clock that only records move.
type scenario struct {
	name   string
	config string // siphunt.toml
	flows  []string
	alerts []string // expected
}

// scenarios gives all of them.
func scenarios(t *testing.T) (all []scenario) {
	t.Helper()
	flows, err := filepath.Glob("../testdata/scenarios/*/flows.jsonl.gz")
	if err != nil || len(flows) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range flows {
		all = append(all, oneScenario(t, filepath.Base(filepath.Dir(file))))
	}
	return all
}

func oneScenario(t *testing.T, name string) scenario {
	t.Helper()
	folder := filepath.Join("../testdata/scenarios", name)
	flows := lines(gunzip(t, filepath.Join(folder, "flows.jsonl.gz")))
	return scenario{
		name:   name,
		config: withFlowClock(read(t, filepath.Join(folder, "siphunt.toml"))),
		flows:  append(flows, after(t, flows)...),
		alerts: lines(read(t, filepath.Join(folder, "alerts.jsonl"))),
	}
}

// withFlowClock adds a key to the detector's table.
func withFlowClock(config string) string {
	const table = "[detector]\n"
	if strings.Contains(config, table) {
		return strings.Replace(config, table, table+"clock = \"flow\"\n", 1)
	}
	return config + "\n" + table + "clock = \"flow\"\n"
}

// after gives records that move the clock on until no incident is open. They are less than an hour apart, because a
// clock that is moved by records alone takes a greater step for a mistake. A collector may write each message twice, once
// with no packets; so all of the newest records are taken.
func after(t *testing.T, flows []string) (more []string) {
	t.Helper()
	newest := times(slices.MaxFunc(flows, func(a, b string) int { return strings.Compare(times(a), times(b)) }))
	for minutes := 50; minutes <= 150; minutes += 50 {
		for _, f := range flows {
			if times(f) == newest {
				more = append(more, options(t, f, time.Duration(minutes)*time.Minute))
			}
		}
	}
	return more
}

var (
	isoTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z`)
	epoch   = regexp.MustCompile(`:\s*(17\d{8}(\.\d+)?|17\d{11})([,}])`) // seconds, or milliseconds
	cseq    = regexp.MustCompile(`"\d+ (REGISTER|INVITE|OPTIONS|ACK|BYE|SUBSCRIBE)"`)
)

// times is the text of all times in a record, later ones greater: those of one scenario have one form.
func times(flow string) string {
	found := isoTime.FindAllString(flow, -1)
	for _, m := range epoch.FindAllStringSubmatch(flow, -1) {
		found = append(found, m[1])
	}
	return slices.Max(append(found, ""))
}

// options makes an OPTIONS request of a record, and dates it later.
func options(t *testing.T, flow string, later time.Duration) string {
	t.Helper()
	flow = isoTime.ReplaceAllStringFunc(flow, func(s string) string {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(later).Format("2006-01-02T15:04:05.000Z")
	})
	flow = epoch.ReplaceAllStringFunc(flow, func(s string) string {
		m := epoch.FindStringSubmatch(s)
		at, _ := strconv.ParseFloat(m[1], 64)
		if unit := later.Seconds(); at > 1e12 {
			return fmt.Sprintf(":%.0f%s", at+unit*1000, m[3])
		} else {
			return fmt.Sprintf(":%.3f%s", at+unit, m[3])
		}
	})
	return cseq.ReplaceAllString(flow, `"1 OPTIONS"`)
}

// chunk packs flows as Fluent Bit does: [[time, {}], record] one after the other.
func chunk(t *testing.T, flows []string) (b []byte) {
	t.Helper()
	for _, line := range flows {
		var record any
		if err := json.UnmarshalFromString(line, &record); err != nil {
			t.Fatal(err)
		}
		b = append(b, 0x92, 0x92, 0xd7, 0x00, 0x6a, 0x6a, 0x6a, 0x6a, 0, 0, 0, 0, 0x80)
		var err error
		if b, err = msgp.AppendIntf(b, numbers(record)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// numbers makes integers and floats of JSON's numbers.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case interface{ Int64() (int64, error) }:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
		return f
	}
	return v
}

// unpack gives the records of a chunk as lines of JSON.
func unpack(t *testing.T, b []byte) (all []string) {
	t.Helper()
	for len(b) > 0 {
		n, rest, err := msgp.ReadArrayHeaderBytes(b)
		if err != nil || n != 2 {
			t.Fatalf("no record: %v", err)
		}
		if rest, err = msgp.Skip(rest); err != nil { // time and metadata
			t.Fatal(err)
		}
		var line bytes.Buffer
		if b, err = msgp.Skip(rest); err != nil {
			t.Fatal(err)
		}
		if _, err := msgp.UnmarshalAsJSON(&line, rest[:len(rest)-len(b)]); err != nil {
			t.Fatal(err)
		}
		all = append(all, line.String())
	}
	return all
}

// compareAlerts leaves out the two fields that differ from run to run.
func compareAlerts(t *testing.T, want, got []string) {
	t.Helper()
	comparable := func(lines []string) (all []any) {
		for _, line := range lines {
			var alert map[string]any
			if err := jsoniter.UnmarshalFromString(line, &alert); err != nil {
				t.Fatalf("%v: %.200s", err, line)
			}
			delete(alert["event"].(map[string]any), "created")
			delete(alert["observer"].(map[string]any), "hostname")
			delete(alert["observer"].(map[string]any), "version")
			all = append(all, alert)
		}
		return all
	}
	if diff := cmp.Diff(comparable(want), comparable(got)); diff != "" {
		t.Errorf("alerts differ from those of the scenario (-want +got):\n%s", diff)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func gunzip(t *testing.T, file string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := bufio.NewReader(z).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}
