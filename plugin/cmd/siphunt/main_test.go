package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// flows is a recorded brute force that succeeds.
const flows = scenarioRoot + "/svcrack-success/flows.jsonl.gz"

// shell runs the command as a user would.
func shell(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestExitCodes is what scripts rely on, and what is said to a person.
func TestExitCodes(t *testing.T) {
	good := file(t, "good.toml", "detector.attempts = 30\n")
	bad := file(t, "bad.toml", "[detector]\natempts = 30\n")
	noisy := file(t, "noisy.jsonl", "{\"a\":1}\nno JSON\n")
	for _, c := range []struct {
		args   string
		code   int
		stdout string // part of it
		stderr string
	}{
		{"", exitUsage, "", "Usage: siphunt COMMAND"},
		{"help", exitOK, "replay   find the attacks", ""},
		{"--help", exitOK, "replay   find the attacks", ""},
		{"help replay", exitOK, "Usage: siphunt replay [-c siphunt.toml]", ""},
		{"check -h", exitOK, "Usage: siphunt check -c siphunt.toml", ""},
		{"help nothing", exitUsage, "", `there is no "nothing"`},
		{"relpay", exitUsage, "", `there is no "relpay"`},

		{"version", exitOK, "siphunt " + version, ""},
		{"version -x", exitUsage, "", "flag provided but not defined: -x"},

		{"check -c " + good, exitOK, "from 30 rejections", ""},
		{"check -c ../../../conf/siphunt.toml", exitOK, "OK", ""},
		{"check -c ../../../conf/siphunt.toml", exitOK, "\nslow_attempts = 20\n", ""},
		{"check -c ../../internal/config/testdata/conf.good.toml", exitOK, "enriched by  city.mmdb, 2 assets, 1 tag", `siphunt check: enrich.geoip = "city.mmdb" cannot be read`},
		{"check -c " + bad, exitBad, "", `bad.toml:2: detector.atempts: no such key; did you mean "attempts"?`},
		{"check -c none.toml", exitBad, "", "none.toml: no such file"},
		{"check", exitUsage, "", "siphunt check: give one file with -c"},

		{"help siem", exitOK, "Usage: siphunt siem install | check --url URL", ""},
		{"siem", exitUsage, "", "siphunt siem: say install or check"},
		{"siem install", exitUsage, "", "give the server with --url"},
		{"siem check --url http://127.0.0.1:1 --user u", exitUsage, "", "--user and --password-file go together"},
		{"siem check --url http://127.0.0.1:1 --api-key-file none", exitBad, "", "none: no such file"},
		{"siem check --url http://127.0.0.1:1", exitBad, "", "connection refused"},
		{"siem install --url http://opensearch.example.net --user u --password-file " + good, exitBad, "", "no password over plain HTTP"},

		{"replay " + flows, exitOK, `"action":"sip-brute-force"`, "838 records: 419 relevant, 419 other; 418 rejections, 1 acceptance"},
		{"replay --format ipfixcol2 " + flows, exitOK, `"action":"sip-brute-force"`, "1 incident"},
		{"replay --format ipfixprobe " + flows, exitOK, "", "838 not_sip"},
		{"replay -c " + good + " " + noisy, exitOK, "", "noisy.jsonl:2: dropped, malformed"},
		{"replay -c " + bad + " " + flows, exitBad, "", "bad.toml:2"},
		{"replay none.jsonl " + flows, exitBad, `"action":"sip-brute-force"`, "none.jsonl: no such file"},
		{"replay .", exitBad, "", "is a directory"},
		{"replay", exitUsage, "", "give a file, or - for standard input"},
		{"replay --report often " + flows, exitUsage, "", "-report often: write all or end"},
		{"replay --format netflow " + flows, exitUsage, "", "-format netflow: write one of auto"},
		{"replay " + flows + " --report end", exitUsage, "", "--report: flags go before the files"},

		{"show none.jsonl", exitBad, "", "none.jsonl: no such file"},
		{"show", exitUsage, "", "give one file"},
		{"show " + noisy, exitOK, "0 incidents", "noisy.jsonl:1: no alert"},
	} {
		code, stdout, stderr := shell("", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) ||
			c.stdout == "" && stdout != "" || c.stderr == "" && stderr != "" {
			t.Errorf("siphunt %s: exit code %d, want %d\nstdout: %s\nstderr: %s", c.args, code, c.code, stdout, stderr)
		}
	}
}

func TestReplayOfStandardInput(t *testing.T) {
	packed, err := os.ReadFile(flows)
	if err != nil {
		t.Fatal(err)
	}
	_, fromFile, _ := shell("", "replay", flows)
	code, fromStdin, stderr := shell(string(packed), "replay", "-")
	if code != exitOK || fromStdin != fromFile {
		t.Errorf("exit code %d, other alerts than from the file\n%s", code, stderr)
	}
}

func TestReplayReportsOnlyTheEnd(t *testing.T) {
	_, all, _ := shell("", "replay", flows)
	_, end, _ := shell("", "replay", "--report", "end", flows)
	if n := strings.Count(all, "\n"); n != 3 {
		t.Errorf("%d alerts, want 3: open, success, end", n)
	}
	if strings.Count(end, "\n") != 1 || !strings.Contains(end, `"state":"end"`) {
		t.Errorf("want one alert, the end: %s", end)
	}
}

// TestShow reads back what replay and Fluent Bit write, in its two forms.
func TestShow(t *testing.T) {
	_, alerts, summary := shell("", "replay", flows)
	table, _, _ := strings.Cut(summary, "838 records")
	var tagged strings.Builder
	for line := range strings.Lines(alerts) {
		tagged.WriteString("siphunt.alert: [1795340439.012000000, " + strings.TrimSpace(line) + "]\n")
	}
	for name, text := range map[string]string{"JSON lines": alerts, "with tag and time": tagged.String(), "twice": alerts + alerts, "backwards": backwards(alerts)} {
		code, stdout, stderr := shell(text, "show", "-")
		if code != exitOK || stdout != table || stderr != "" {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	if !strings.Contains(table, "brute-force") || !strings.Contains(table, "300@198.18.0.10") || strings.Contains(table, "state") {
		t.Error(table)
	}
	open, _, _ := strings.Cut(alerts, "\n")
	if _, stdout, _ := shell(open, "show", "-"); !strings.Contains(stdout, "state") || !strings.Contains(stdout, " open ") {
		t.Errorf("an incident that is not over:\n%s", stdout)
	}
}

func backwards(text string) string {
	lines := slices.Collect(strings.Lines(text))
	slices.Reverse(lines)
	return strings.Join(lines, "")
}

// TestShowTrustsNoFile: what stands in a file must not reach the terminal as it is.
func TestShowTrustsNoFile(t *testing.T) {
	evil := `{"destination":{"ip":"\u001b[2J"},"siphunt":{"incident":{"id":"i\u0007","kind":"\u202e","state":"open\r"}}}` + "\n\x1b]0;owned\x07\n"
	code, stdout, stderr := shell(evil, "show", "-")
	if code != exitOK || strings.ContainsAny(stdout+stderr, "\x1b\x07\r\u202e") {
		t.Errorf("exit code %d: %q %q", code, stdout, stderr)
	}
}
