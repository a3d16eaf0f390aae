package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWeekByPipe generates a small week, replays it, and evaluates the alerts, as three commands in a pipe do.
func TestWeekByPipe(t *testing.T) {
	truth := filepath.Join(t.TempDir(), "truth.json")
	step := func(want int, stdin *bytes.Buffer, args ...string) *bytes.Buffer {
		t.Helper()
		out, complaints := new(bytes.Buffer), new(bytes.Buffer)
		if code := run(args, stdin, out, complaints); code != want {
			t.Fatalf("siphunt %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, complaints, out)
		}
		return out
	}
	records := step(exitOK, nil, "generate", "week", "--scale", "0.002", "--truth", truth, "--names", "ipfixcol2")
	all := step(exitOK, records, "replay", "-")
	table := step(exitOK, bytes.NewBuffer(all.Bytes()), "evaluate", "--truth", truth, "-").String()
	for _, row := range []string{
		"of attacks                │ 18,945,291 │  37,891 │ 37,891", "missed                    │            │         │      0",
		"Seconds from the rejection",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("no %q in\n%s", row, table)
		}
	}
	var rest bytes.Buffer
	for line := range bytes.Lines(all.Bytes()) {
		if !bytes.Contains(line, []byte("sip-password-spray")) {
			rest.Write(line)
		}
	}
	table = step(exitBad, &rest, "evaluate", "--truth", truth, "-").String()
	if !strings.Contains(table, "missed: password-spray on many by 198.18.") {
		t.Errorf("without its alerts the spray is not missed:\n%s", table)
	}
}

// TestWeekUsage says what is wrong with the arguments.
func TestWeekUsage(t *testing.T) {
	noTruth := filepath.Join(t.TempDir(), "none.json")
	if err := os.WriteFile(noTruth, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"generate", exitUsage, "say first what to generate: week"},
		{"generate month", exitUsage, "say first what to generate: week"},
		{"generate week -scale 2", exitUsage, "scale 2: must be between 0.002 and 1"},
		{"generate week -format xml", exitUsage, `format "xml" is none: write jsonl or chunks`},
		{"generate week -names zeek", exitUsage, `names "zeek" are none: write ipfixprobe or ipfixcol2`},
		{"generate week -scale 0.002 -o " + t.TempDir(), exitBad, "is a directory"},
		{"evaluate", exitUsage, "give -truth and one file of alerts (or -), or -week"},
		{"evaluate -week alerts.jsonl", exitUsage, "give -truth"},
		{"evaluate -week -scale 0", exitBad, "scale 0: must be between"},
		{"evaluate -truth " + noTruth + " -", exitBad, "no truth of a week"},
		{"evaluate -truth none -", exitBad, "no such file"},
	} {
		var out, complaints bytes.Buffer
		if code := run(strings.Fields(tt.args), new(bytes.Buffer), &out, &complaints); code != tt.code || !strings.Contains(complaints.String(), tt.says) {
			t.Errorf("siphunt %s: exit code %d, want %d and %q:\n%s", tt.args, code, tt.code, tt.says, &complaints)
		}
	}
}
