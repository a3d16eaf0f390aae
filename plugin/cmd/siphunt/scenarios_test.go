package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/plugin/internal/alert/schematest"
)

var update = flag.Bool("update", false, "write the alerts of the scenarios anew")

// TestScenarios replays each folder of testdata/scenarios and compares the alerts with those that are kept there, byte
// by byte. That they are the right ones is for TestScenariosHoldTheTruth to say.
func TestScenarios(t *testing.T) {
	for _, folder := range scenarios(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			compareScenario(t, filepath.Join(folder, "alerts.jsonl"), replayed(t, folder))
		})
	}
}

// compareScenario compares alerts with a golden file, or writes it.
func compareScenario(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(want, got) {
		return
	}
	if diff := cmp.Diff(lines[any](t, want), lines[any](t, got)); diff != "" {
		t.Errorf("%s: alerts differ; if they should, run make golden (-kept +now):\n%s", golden, diff)
	} else {
		t.Errorf("%s: the same fields, but other bytes; if they should differ, run make golden\nkept: %s\nnow:  %s", golden, want, got)
	}
}

// TestScenariosInOtherFormats does the same for OCSF and IDEA, and asks the public schemas whether the alerts are right.
func TestScenariosInOtherFormats(t *testing.T) {
	for _, format := range []string{"ocsf", "idea"} {
		t.Run(format, func(t *testing.T) {
			var all []byte
			for _, folder := range scenarios(t) {
				got := replayedWith(t, folder, withFormat(t, folder, format))
				compareScenario(t, filepath.Join(folder, "alerts."+format+".jsonl"), got)
				all = append(all, got...)
			}
			schematest.Validate(t, format, all)
		})
	}
}

// TestIdeaChain: each message about an incident names the one before, so that a reader always knows which one holds.
func TestIdeaChain(t *testing.T) {
	type message struct {
		ID       string
		PredID   []string
		AltNames []string
	}
	for _, folder := range scenarios(t) {
		last := map[string]string{} // of an incident, its newest message
		for _, m := range lines[message](t, replayedWith(t, folder, withFormat(t, folder, "idea"))) {
			var want []string
			if before := last[m.AltNames[0]]; before != "" {
				want = []string{before}
			}
			if diff := cmp.Diff(want, m.PredID); diff != "" {
				t.Errorf("%s: message %s of incident %s: PredID (-want +got):\n%s", filepath.Base(folder), m.ID, m.AltNames[0], diff)
			}
			last[m.AltNames[0]] = m.ID
		}
	}
}

// withFormat writes the configuration of a scenario with another alerts.format.
func withFormat(t *testing.T, folder, format string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "siphunt.toml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "siphunt.toml")
	if err := os.WriteFile(path, fmt.Appendf(text, "\n[alerts]\nformat = %q\n", format), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadmeShowsARealAlert: what the README shows of an alert is what there is.
func TestReadmeShowsARealAlert(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```json\n")
	shown, _, found := strings.Cut(rest, "```")
	var want map[string]any
	if err := jsoniter.UnmarshalFromString(shown, &want); !found || err != nil {
		t.Fatalf("no alert: %v", err)
	}
	for _, got := range lines[map[string]any](t, replayed(t, filepath.Join(scenarioRoot, "svcrack-success"))) {
		if got["message"] == want["message"] {
			if diff := cmp.Diff(want, shortened(got, want)); diff != "" {
				t.Errorf("(-README +replay):\n%s", diff)
			}
			return
		}
	}
	t.Errorf("no alert says %q", want["message"])
}

// shortened leaves out of an object what another does not have.
func shortened(object, like map[string]any) map[string]any {
	short := map[string]any{}
	for key, model := range like {
		short[key] = object[key]
		inner, isObject := object[key].(map[string]any)
		if model, both := model.(map[string]any); isObject && both {
			short[key] = shortened(inner, model)
		}
	}
	return short
}

// TestReplayTwice: the same flows give the same bytes.
func TestReplayTwice(t *testing.T) {
	folder := filepath.Join(scenarioRoot, "distributed-success")
	if a, b := replayed(t, folder), replayed(t, folder); !bytes.Equal(a, b) {
		t.Errorf("two replays differ:\n%s\n%s", a, b)
	}
}

const scenarioRoot = "../../../testdata/scenarios"

// scenarios lists the folders of all scenarios.
func scenarios(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(scenarioRoot, "*", "flows.jsonl.gz"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no scenarios in %s: %v", scenarioRoot, err)
	}
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	return folders
}

// replayed runs the command over a scenario, as a user would, and gives its alerts.
func replayed(t *testing.T, folder string) []byte {
	t.Helper()
	return replayedWith(t, folder, filepath.Join(folder, "siphunt.toml"))
}

func replayedWith(t *testing.T, folder, config string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"replay", "-c", config, filepath.Join(folder, "flows.jsonl.gz")}
	if code := run(args, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("siphunt %q: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.Bytes()
}

// lines reads JSON lines.
func lines[T any](t *testing.T, text []byte) []T {
	t.Helper()
	var list []T
	for line := range bytes.Lines(text) {
		var v T
		if err := jsoniter.Unmarshal(line, &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, v)
	}
	return list
}
