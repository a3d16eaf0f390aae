package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// siemTool is a program of build/siem-tools, which make test-siem installs.
func siemTool(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("SIPHUNT_SIEM_TOOLS")
	if folder == "" {
		t.Skipf("NOT TESTED with %s: make test-siem does it", name)
	}
	return filepath.Join(folder, "bin", name)
}

// namedFields are fields of an alert, as rules of all kinds name them.
var namedFields = regexp.MustCompile(`\b(?:event|siphunt|source|destination|user|rule|threat|network|observer)(?:\.[a-z_]+)+`)

// TestRuleFields: every field that a rule, an app or a parser names is a field of an alert. A rule about any other is never
// true, and nobody notices.
func TestRuleFields(t *testing.T) {
	have := map[string]bool{}
	for _, f := range alert.Fields() {
		have[f.Name] = true
	}
	for _, pattern := range []string{"sigma/*.yml", "wazuh_rules.xml", "splunk/siphunt/default/*.conf", "sentinel.kql"} {
		files, err := filepath.Glob("../conf/siem/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		named := 0
		for _, file := range files {
			rules := regexp.MustCompile(`\["(\w+)"\]`).ReplaceAllString(read(t, file), ".$1")
			rules = regexp.MustCompile(`(?m)^(//|#).*|sentinel\.yaml|/var/log\S*`).ReplaceAllString(rules, "")
			for _, name := range namedFields.FindAllString(rules, -1) {
				named++
				if !have[name] {
					t.Errorf("%s: there is no field %s", file, name)
				}
			}
		}
		if named == 0 {
			t.Errorf("%s: no fields found", pattern)
		}
	}
}

// wazuhRule is a rule of Wazuh, as far as those of conf/siem go.
type wazuhRule struct {
	ID     int `xml:"id,attr"`
	Level  int `xml:"level,attr"`
	Parent int `xml:"if_sid"`
	Fields []struct {
		Name    string `xml:"name,attr"`
		Pattern string `xml:",chardata"`
	} `xml:"field"`
}

// TestWazuhRules: read as Wazuh's documentation says (a child is tried once its parent matches, the last that matches counts),
// each alert comes out with the level that its severity calls for. Wazuh itself has not run them.
func TestWazuhRules(t *testing.T) {
	var group struct {
		Rules []wazuhRule `xml:"rule"`
	}
	if err := xml.Unmarshal([]byte(read(t, "../conf/siem/wazuh_rules.xml")), &group); err != nil {
		t.Fatal(err)
	}
	_, alerts := distinctAlerts(t)
	levels := map[int]int{}
	for _, a := range alerts {
		matched, got := map[int]bool{0: true}, 0
		for _, r := range group.Rules {
			ok := matched[r.Parent]
			for _, f := range r.Fields {
				ok = ok && regexp.MustCompile(f.Pattern).MatchString(fmt.Sprint(one(a, f.Name)))
			}
			if matched[r.ID] = ok; ok {
				got = r.Level
			}
		}
		want := 3
		if text(a, "event.kind") == "alert" {
			want = map[float64]int{21: 5, 47: 8, 73: 10, 99: 14}[number(one(a, "event.severity"))]
		}
		if got != want {
			t.Errorf("level %d, should be %d: %s", got, want, text(a, "message"))
		}
		levels[got]++
	}
	if len(levels) < 4 {
		t.Errorf("only these levels: %v", levels)
	}
}

// TestSplunkApp: Splunk's own inspection has nothing to say.
func TestSplunkApp(t *testing.T) {
	inspect := siemTool(t, "splunk-appinspect")
	folder := t.TempDir()
	app := filepath.Join(folder, "siphunt.tgz")
	if out, err := exec.Command("tar", "--owner=0", "--group=0", "--mode=u=rwX,go=rX", "-czf", app, "-C", "../conf/siem/splunk", "siphunt").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report := filepath.Join(folder, "report.json")
	out, err := exec.Command(inspect, "inspect", app, "--mode", "precert", "--output-file", report).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	summary, _ := one(parsed(t, read(t, report)), "summary").(map[string]any)
	if number(summary["success"]) < 50 || number(summary["error"])+number(summary["failure"])+number(summary["warning"]) != 0 {
		t.Errorf("%v\n%s", summary, out)
	}
}

// TestSentinelParser: the parser for Microsoft Sentinel, run by DuckDB, makes a row of ASIM's Alert Event schema of each alert.
func TestSentinelParser(t *testing.T) {
	python := siemTool(t, "python")
	_, alerts := distinctAlerts(t)
	var in strings.Builder
	want := map[string][]string{}
	for id, a := range alerts {
		line, err := json.MarshalToString(a)
		if err != nil {
			t.Fatal(err)
		}
		in.WriteString(line + "\n")
		if text(a, "event.kind") == "alert" {
			severity := map[float64]string{21: "Low", 47: "Medium", 73: "High", 99: "High"}[number(one(a, "event.severity"))]
			want[id] = []string{severity, text(a, "siphunt.incident.id"), text(a, "rule.name"), text(a, "source.ip"), text(a, "user.name"), text(a, "message")}
		}
	}
	parser := exec.Command(python, "../testdata/siem/sentinel.py", "../conf/siem/sentinel.kql")
	parser.Stdin, parser.Stderr = strings.NewReader(in.String()), os.Stderr
	out, err := parser.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, line := range lines(string(out)) {
		row := parsed(t, line)
		if text(row, "EventSchema") != "AlertEvent" || text(row, "EventStartTime") == "" || text(row, "EventEndTime") == "" {
			t.Errorf("no row of ASIM: %s", line)
		}
		got[text(row, "EventUid")] = []string{text(row, "EventSeverity"), text(row, "AlertId"), text(row, "RuleName"), text(row, "IpAddr"), text(row, "Username"), text(row, "EventMessage")}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// sigmaRules are the rules of conf/siem/sigma, in Go.
func sigmaRules() map[string]condition {
	about := every(is("event.module", "siphunt"), is("event.kind", "alert"))
	return map[string]condition{
		"siphunt_break_in.yml":        every(about, is("event.outcome", "success"), not(is("siphunt.incident.confidence", "unlikely"))),
		"siphunt_distributed.yml":     every(about, says("siphunt.incident.kind", "^distributed-")),
		"siphunt_horizontal_scan.yml": every(about, is("siphunt.incident.kind", "horizontal-scan")),
		"siphunt_password_spray.yml":  every(about, is("siphunt.incident.kind", "password-spray")),
	}
}

// testSigma: the rules, made queries for OpenSearch and Elasticsearch by pySigma, find what they should on the server.
func testSigma(t *testing.T, server *searchServer, alerts map[string]alertDocument) {
	sigma := siemTool(t, "sigma")
	files, err := filepath.Glob("../conf/siem/sigma/*.yml")
	if err != nil || len(files) != len(sigmaRules()) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, target := range []string{"opensearch_lucene", "lucene"} {
		arguments := append([]string{"convert", "-t", target, "--without-pipeline"}, files...)
		out, err := exec.Command(sigma, arguments...).Output()
		if err != nil {
			t.Fatal(err)
		}
		queries := slices.DeleteFunc(lines(string(out)), func(line string) bool { return line == "" })
		if len(queries) != len(files) {
			t.Fatalf("%d queries of %d files:\n%s", len(queries), len(files), out)
		}
		for i, file := range files {
			name := filepath.Base(file)
			t.Run(target+" "+name, func(t *testing.T) {
				query, err := json.MarshalToString(map[string]any{"query_string": map[string]any{"query": queries[i]}})
				if err != nil {
					t.Fatal(err)
				}
				server.finds(t, alertStream, query, alerts, sigmaRules()[name])
			})
		}
	}
}
