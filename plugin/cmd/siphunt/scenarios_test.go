package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"
)

var update = flag.Bool("update", false, "write the alerts of the scenarios anew")

// TestScenarios replays each folder of testdata/scenarios and compares the alerts with those that are kept there, byte
// by byte. That they are the right ones is for TestScenariosHoldTheTruth to say.
func TestScenarios(t *testing.T) {
	for _, folder := range scenarios(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			got := replayed(t, folder)
			golden := filepath.Join(folder, "alerts.jsonl")
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
				t.Errorf("alerts differ; if they should, run make golden (-kept +now):\n%s", diff)
			} else {
				t.Errorf("the same fields, but other bytes; if they should differ, run make golden\nkept: %s\nnow:  %s", want, got)
			}
		})
	}
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
	var stdout, stderr bytes.Buffer
	args := []string{"replay", "-c", filepath.Join(folder, "siphunt.toml"), filepath.Join(folder, "flows.jsonl.gz")}
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
