package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/replay"
	"github.com/siphunt/siphunt/plugin/internal/report"
)

// reportOf is the JSON of a report.
func reportOf(t *testing.T, stdin string, args ...string) *report.Report {
	t.Helper()
	code, stdout, stderr := shell(stdin, append([]string{"report", "-json"}, args...)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	r := new(report.Report)
	if err := json.Unmarshal([]byte(stdout), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReportTellsInputsApart: alerts and flows, in files of their own or in one, are told apart, and an incident counts once.
func TestReportTellsInputsApart(t *testing.T) {
	_, alerts, _ := shell("", "replay", flows)
	_, others, _ := shell("", "replay", scenarioRoot+"/svwar-404/flows.jsonl.gz")
	alertFile := file(t, "alerts.jsonl", alerts)
	mixed := file(t, "mixed.jsonl", others+gunzip(t, flows)+alerts)
	for name, c := range map[string]struct {
		args            []string
		attacks, alerts int
		flows           uint64
	}{
		"alerts":                  {[]string{alertFile}, 1, 3, 0},
		"alerts, tagged":          {[]string{file(t, "tagged.txt", "siphunt.alert: [1795340439.0, "+strings.ReplaceAll(strings.TrimSpace(alerts), "\n", "]\nsiphunt.alert: [1795340439.0, ")+"]\n")}, 1, 3, 0},
		"flows":                   {[]string{flows}, 1, 3, 838},
		"alerts and their flows":  {[]string{alertFile, flows}, 1, 6, 838},
		"one file with all":       {[]string{mixed}, 2, 6 + strings.Count(others, "\n"), 838},
		"flags behind the files":  {[]string{flows, "-c", file(t, "empty.toml", "")}, 1, 3, 838},
		"behind the end of flags": {[]string{"--", flows}, 1, 3, 838},
	} {
		r := reportOf(t, "", c.args...)
		var records uint64
		if r.Quality.Flows != nil {
			records = r.Quality.Flows.Records
		}
		if r.Totals.Attacks != c.attacks || r.Totals.Confirmed != 1 || r.Quality.Alerts.Records != c.alerts || records != c.flows {
			t.Errorf("%s: %+v, %+v, %d records", name, r.Totals, r.Quality.Alerts, records)
		}
		if (r.Calibration != nil) != (c.flows > 0) || r.Partial {
			t.Errorf("%s: calibration %v, partial %t", name, r.Calibration != nil, r.Partial)
		}
	}
	packed, err := os.ReadFile(flows)
	if err != nil {
		t.Fatal(err)
	}
	if r := reportOf(t, string(packed), "-"); r.Totals.Confirmed != 1 || fmt.Sprint(r.Sources) != "[standard input]" {
		t.Errorf("standard input: %+v %v", r.Totals, r.Sources)
	}
}

func gunzip(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := replay.NewLines(f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var b strings.Builder
	for line, err := l.Next(); err == nil; line, err = l.Next() {
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// TestReportMeasuresBesideTightThresholds: what a configuration takes for attacks must not be taken out of what phones do.
func TestReportMeasuresBesideTightThresholds(t *testing.T) {
	tight := file(t, "tight.toml", "[detector]\nattempts = 5\nscan_extensions = 3\n")
	r := reportOf(t, "", "-c", tight, scenarioRoot+"/good-phones/flows.jsonl.gz")
	usual := reportOf(t, "", scenarioRoot+"/good-phones/flows.jsonl.gz")
	if a, b := r.Calibration.Distributions[0].Good, usual.Calibration.Distributions[0].Good; a.Count == 0 || a.Count != b.Count {
		t.Errorf("%d logins, %d with the defaults", a.Count, b.Count)
	}
}

// TestReportWithWhatWasMeasured: alerts alone say nothing of how the thresholds fit; a running siphunt knows it.
func TestReportWithWhatWasMeasured(t *testing.T) {
	r := start(t)
	r.guess("198.18.1.13", "300", 25)
	r.engine.Close()
	_, alerts, _ := shell("", "replay", flows)
	if c := reportOf(t, alerts, "-", "-state", r.state).Calibration; c == nil || c.Rejections != 25 {
		t.Errorf("measured: %+v", c)
	}
	if code, _, stderr := shell(alerts, "report", "-state", t.TempDir(), "-"); code != exitBad || !strings.Contains(stderr, "no detector has measured anything") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestReportIsTheSameEachTime(t *testing.T) {
	pages := map[string]bool{}
	for range 3 {
		_, stdout, _ := shell("", append([]string{"report", "-o", "-"}, reported...)...)
		pages[stdout] = true
	}
	if len(pages) != 1 {
		t.Error("the same flows give other pages")
	}
}

func TestReportUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	_, alerts, _ := shell("", "replay", absolute(t, flows))
	for args, want := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"":                          {exitUsage, "", "give a file"},
		"-json -o - x":              {exitUsage, "", "would both write to standard output"},
		"-o":                        {exitUsage, "", "flag needs an argument"},
		"-x":                        {exitUsage, "", "flag provided but not defined: -x"},
		"none.jsonl":                {exitBad, "", "none.jsonl: no such file"},
		"-c none.toml -":            {exitBad, "", "none.toml: no such file"},
		"-o none/x.html -":          {exitBad, "", "none/x.html: no such file"},
		"-":                         {exitOK, "Attackers entered 1 account. Lock it now: what to do is below.\nreport.html\n", ""},
		"- -o other.html":           {exitOK, "\nother.html\n", ""},
		"- none.jsonl -o some.html": {exitBad, "\nsome.html\n", "none.jsonl: no such file"},
		"-json -":                   {exitOK, `"break_ins": {`, ""},
		"-json -o both.html -":      {exitOK, `"break_ins": {`, ""},
	} {
		code, stdout, stderr := shell(alerts, append([]string{"report"}, strings.Fields(args)...)...)
		if code != want.code || !strings.Contains(stdout, want.stdout) || !strings.Contains(stderr, want.stderr) || want.stderr == "" && stderr != "" {
			t.Errorf("report %s: exit code %d\n%.500s%s", args, code, stdout, stderr)
		}
	}
	for _, name := range []string{"report.html", "other.html", "some.html", "both.html"} {
		page, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(page), "Attackers entered 1 account.") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	// The test has gone to another folder, from where the package's is not to be found by a relative path.
	a, err := filepath.Abs(filepath.Join(packageFolder, path))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// packageFolder is where tests begin.
var packageFolder, _ = os.Getwd()

func TestFlagsFirst(t *testing.T) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.String("o", "", "")
	flags.Bool("json", false, "")
	for args, want := range map[string]string{
		"a b":             "a b",
		"a -o b c":        "-o b a c",
		"a -o=b c --json": "-o=b --json a c",
		"-json a -":       "-json a -",
		"a -- -o b":       "-- a -o b",
		"a -o":            "-o a",
		"a -unknown b":    "-unknown a b",
	} {
		if got := strings.Join(flagsFirst(flags, strings.Fields(args)), " "); got != want {
			t.Errorf("%s becomes %s, want %s", args, got, want)
		}
	}
}
