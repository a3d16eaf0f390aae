package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// generated returns the alerts of what is generated, as two commands in a pipe do. The records, which may be gigabytes, are
// nowhere as a whole.
func generated(t *testing.T, command ...string) []byte {
	t.Helper()
	records, written := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(append([]string{"generate"}, command...), nil, written, io.Discard)
		written.Close()
	}()
	var alerts, complaints bytes.Buffer
	if code := run([]string{"replay", "-"}, records, &alerts, &complaints); code != exitOK {
		t.Fatalf("siphunt replay: exit code %d\n%s", code, &complaints)
	}
	if code := <-done; code != exitOK {
		t.Fatalf("siphunt generate: exit code %d", code)
	}
	return alerts.Bytes()
}

// TestWeekByPipe generates a small week, replays it, and evaluates the alerts, as three commands in a pipe do.
func TestWeekByPipe(t *testing.T) {
	truth := filepath.Join(t.TempDir(), "truth.json")
	evaluate := func(want int, alerts []byte) string {
		t.Helper()
		var table, complaints bytes.Buffer
		if code := run([]string{"evaluate", "--truth", truth, "-"}, bytes.NewReader(alerts), &table, &complaints); code != want {
			t.Fatalf("exit code %d, want %d\n%s%s", code, want, &complaints, &table)
		}
		return table.String()
	}
	all := generated(t, "week", "--scale", "0.002", "--truth", truth, "--names", "ipfixcol2")
	table := evaluate(exitOK, all)
	for _, row := range []string{
		"of attacks                │ 18,945,291 │  37,891 │ 37,891", "missed                    │            │         │      0",
		"Seconds from the rejection",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("no %q in\n%s", row, table)
		}
	}
	var rest bytes.Buffer
	for line := range bytes.Lines(all) {
		if !bytes.Contains(line, []byte("sip-password-spray")) {
			rest.Write(line)
		}
	}
	table = evaluate(exitBad, rest.Bytes())
	if !strings.Contains(table, "missed: password-spray on many by 198.18.") {
		t.Errorf("without its alerts the spray is not missed:\n%s", table)
	}
}

// TestNetworkByPipe generates a network, replays it, and evaluates the alerts, as three commands in a pipe do. What comes of it
// is to the letter what comes of the network in this process, where no record is written or read.
func TestNetworkByPipe(t *testing.T) {
	network := []string{"-registrars", "20", "-phones", "2000", "-hours", "12", "-exporter", "ipfixprobe", "-seed", "7"}
	truth := filepath.Join(t.TempDir(), "truth.json")
	alerts := generated(t, append([]string{"network", "-truth", truth}, network...)...)
	var byPipe, inProcess, complaints bytes.Buffer
	run([]string{"evaluate", "-truth", truth, "-verbose", "-"}, bytes.NewReader(alerts), &byPipe, &complaints)
	run(append([]string{"evaluate", "-network", "-verbose"}, network...), nil, &inProcess, &complaints)
	if diff := cmp.Diff(inProcess.String(), byPipe.String()); diff != "" {
		t.Errorf("(-in process +by pipe)\n%s", diff)
	}
	if n := bytes.Count(inProcess.Bytes(), []byte("\n")); n < 100 {
		t.Errorf("%d lines:\n%s", n, &inProcess)
	}
}

// TestNetworksAddUp takes two networks, with one model of exporters and the next.
func TestNetworksAddUp(t *testing.T) {
	code, stdout, stderr := shell("", "evaluate", "-network", "-registrars", "20", "-phones", "2000", "-hours", "12", "-seeds", "2",
		"-exporter", "two-probes", "-markdown")
	if code == exitUsage {
		t.Fatal(stderr)
	}
	for _, row := range []string{"| 1 | two-probes | 20 | 2,000 | 12 |", "| 2 | prompt | 20 | 2,000 | 12 |", "| all |  |  |  |  |",
		"| svwar at 100/s (404) | 10 | ", "| conference Wi-Fi | "} {
		if !strings.Contains(stdout, row) {
			t.Errorf("no %q in\n%s", row, stdout)
		}
	}
}

// TestGenerateHelp: the names that records have are other ones for a network.
func TestGenerateHelp(t *testing.T) {
	for args, names := range map[string]string{"help generate": "ipfixprobe", "generate week -h": "ipfixprobe", "generate network -h": "ipfixcol2"} {
		code, stdout, _ := shell("", strings.Fields(args)...)
		if code != exitOK || !strings.Contains(stdout, `usual for a network (default "`+names+`")`) || !strings.Contains(stdout, "prompt, ipfixprobe, active30, two-probes") {
			t.Errorf("siphunt %s: exit code %d\n%s", args, code, stdout)
		}
	}
}

// TestGenerateUsage says what is wrong with the arguments.
func TestGenerateUsage(t *testing.T) {
	noTruth := filepath.Join(t.TempDir(), "none.json")
	if err := os.WriteFile(noTruth, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"generate", exitUsage, "say first what to generate: week or network"},
		{"generate month", exitUsage, "say first what to generate: week or network"},
		{"generate network -phones 10", exitUsage, "10 phones: at least 2000 are needed"},
		{"generate network -registrars 10", exitUsage, "10 registrars: at least 20 are needed"},
		{"generate network -hours 1", exitUsage, "1 hours: must be from 12 to 1000"},
		{"generate network -exporter netflow", exitUsage, `exporter "netflow" is none: choose one of prompt, ipfixprobe, active30, two-probes`},
		{"generate network -names zeek", exitUsage, `names "zeek" are none`},
		{"generate week -scale 2", exitUsage, "scale 2: must be between 0.002 and 1"},
		{"generate week -format xml", exitUsage, `format "xml" is none: write jsonl or chunks`},
		{"generate week -names zeek", exitUsage, `names "zeek" are none: write ipfixprobe or ipfixcol2`},
		{"generate week -scale 0.002 -o " + t.TempDir(), exitBad, "is a directory"},
		{"evaluate", exitUsage, "give -truth and one file of alerts (or -), or -week"},
		{"evaluate -week alerts.jsonl", exitUsage, "give -truth"},
		{"evaluate -week -network", exitUsage, "give -truth"},
		{"evaluate -network -seeds 0", exitUsage, "-seeds 0: must be at least 1"},
		{"evaluate -network -exporter netflow", exitBad, `exporter "netflow" is none`},
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
