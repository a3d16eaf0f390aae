package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
)

const (
	recordings  = "../../../testdata/flow"
	exportersMD = "../../../docs/exporters.md"
)

// exporters are those of which there are recordings of the captures, and where they are.
var exporters = []struct{ name, files string }{
	{"ipfixcol2", "ipfixcol2/%s.jsonl.gz"},
	{"ipfixprobe (UniRec)", "nemea/%s.biflow.unirec.jsonl.gz"},
	{"Suricata, payload", "suricata-payload/%s.jsonl.gz"},
	{"Suricata, Lua", "suricata-packets/%s.jsonl.gz"},
	{"Packetbeat", "packetbeat/%s.jsonl.gz"},
	{"tshark", "tshark/%s.ek.jsonl.gz"},
	{"Zeek", "zeek/%s.jsonl.gz"},
	{"HEP", "hep/%s.jsonl.gz"},
}

// TestExporters compares, capture by capture and exporter by exporter, the incidents that are found in the records with those that
// are in the packets, and writes the table of docs/exporters.md.
func TestExporters(t *testing.T) {
	var table strings.Builder
	table.WriteString("| capture | in the packets |")
	for _, e := range exporters {
		fmt.Fprintf(&table, " %s |", e.name)
	}
	table.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(exporters)) + "\n")
	captures, compared := captureTruths(t), 0
	for _, capture := range sortedKeys(captures) {
		want := captures[capture]
		fmt.Fprintf(&table, "| %s | %s |", capture, inWords(want))
		for _, e := range exporters {
			file := filepath.Join(recordings, fmt.Sprintf(e.files, capture))
			if _, err := os.Stat(file); err != nil {
				table.WriteString(" |")
				continue
			}
			compared++
			got := found(t, file)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, as %s tells it (-packets +found):\n%s", capture, e.name, diff)
				fmt.Fprintf(&table, " %s |", inWords(got))
			} else {
				table.WriteString(" same |")
			}
		}
		table.WriteString("\n")
	}
	if len(captures) != 17 || compared < 100 {
		t.Errorf("only %d recordings of %d captures were compared", compared, len(captures))
	}
	compareTable(t, table.String())
}

// TestExporterAlerts compares the alerts on a recording of each exporter with those that are kept for the pipelines of
// conf/exporters, byte by byte.
func TestExporterAlerts(t *testing.T) {
	for name, file := range map[string]string{
		"suricata":   "suricata-packets/c_svcrack_success.jsonl.gz",
		"zeek":       "zeek/c_svcrack_success.jsonl.gz",
		"packetbeat": "packetbeat/c_svcrack_success.jsonl.gz",
		"tshark":     "tshark/c_svcrack_success.ek.jsonl.gz",
		"hep":        "hep/c_svcrack_success.jsonl.gz",
		"nemea":      "nemea/d2_distributed_success.biflow.unirec.jsonl.gz",
		"asterisk":   "asterisk/security.log.gz",
	} {
		t.Run(name, func(t *testing.T) {
			var got, stderr bytes.Buffer
			if code := run([]string{"replay", filepath.Join(recordings, file)}, nil, &got, &stderr); code != exitOK {
				t.Fatalf("exit code %d\n%s", code, &stderr)
			}
			golden := filepath.Join("../../../testdata/exporters", name+".jsonl")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got.Bytes()) {
				t.Errorf("alerts differ; if they should, run make golden (-kept +now):\n%s", cmp.Diff(lines[any](t, want), lines[any](t, got.Bytes())))
			}
		})
	}
}

// compareTable compares the table with the one in the page, or writes it there.
func compareTable(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- made by TestExporters: make golden -->\n", "<!-- end -->\n"
	text, err := os.ReadFile(exportersMD)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	kept, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table: %q and %q", exportersMD, begin, end)
	}
	if *update {
		if err := os.WriteFile(exportersMD, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if kept != table {
		t.Errorf("the table of %s differs; if it should, run make golden (-kept +now):\n%s", exportersMD, cmp.Diff(kept, table))
	}
}

// captureTruths gives what is in each capture as findings, from the scenarios that are recordings of it.
func captureTruths(t *testing.T) map[string][]finding {
	t.Helper()
	truths := map[string][]finding{}
	for _, folder := range scenarios(t) {
		if strings.HasSuffix(folder, "svcrack-allowed") { // judged with an allowlist
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		var really struct {
			truth
			Capture string `json:"capture"`
		}
		if err := jsoniter.Unmarshal(text, &really); err != nil {
			t.Fatal(err)
		}
		findings := []finding{}
		for _, g := range really.Groups {
			if g.Incident != "" {
				findings = append(findings, timeless(g.finding()))
			}
		}
		if really.Capture != "" && really.Capture[1] != 'c' { // not active30-ka15, of which there is one recording only
			truths[really.Capture] = findings
		}
	}
	return truths
}

// found are the incidents that replay ends with.
func found(t *testing.T, file string) []finding {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run([]string{"replay", file}, nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("siphunt replay %s: exit code %d\n%s", file, code, &stderr)
	}
	findings := []finding{}
	for _, a := range lines[reportedAlert](t, stdout.Bytes()) {
		if a.Siphunt.Incident.State == "end" {
			findings = append(findings, timeless(a.finding()))
		}
	}
	return findings
}

// timeless leaves out times: exporters have their own ideas of them, within a second.
func timeless(f finding) finding {
	f.First, f.Last = "", ""
	for i, s := range f.Successes {
		who, rest, _ := strings.Cut(s, " at ")
		_, after, _ := strings.Cut(rest, " after ")
		f.Successes[i] = who + " after " + after
	}
	return f
}

// inWords is a cell of the table.
func inWords(findings []finding) string {
	if len(findings) == 0 {
		return "nothing"
	}
	var words []string
	for _, f := range findings {
		w := fmt.Sprintf("%s, %d", strings.ReplaceAll(f.Kind, "-", " "), f.Attempts)
		if len(f.Successes) > 0 {
			w += fmt.Sprintf(", %d in", len(f.Successes))
		}
		words = append(words, w)
	}
	return strings.Join(words, "; ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestKeepalivesRaiseNothing: good phones, whose answers ipfixprobe tells of up to five minutes late and under the octets of their
// keepalives, are no attack that anybody should look at.
func TestKeepalivesRaiseNothing(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recordings, "keepalive", "*.jsonl.gz"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d recordings (%v)", len(files), err)
	}
	for _, file := range files {
		var stdout, stderr bytes.Buffer
		if code := run([]string{"replay", file}, nil, &stdout, &stderr); code != exitOK {
			t.Fatalf("siphunt replay %s: exit code %d\n%s", file, code, &stderr)
		}
		for _, a := range lines[struct {
			Message string
			Event   struct{ Severity int }
		}](t, stdout.Bytes()) {
			if a.Event.Severity >= detect.SeverityMedium {
				t.Errorf("%s: severity %d: %s", filepath.Base(file), a.Event.Severity, a.Message)
			}
		}
	}
}

// TestZeekLosesItsPlace: where a client does not wait for an answer before it asks again, Zeek has one record for all that it asked,
// and the answers behind the first have neither method nor CSeq. They do not count; the scan is found by the others.
func TestZeekLosesItsPlace(t *testing.T) {
	got := found(t, filepath.Join(recordings, "zeek/a1_80ms.jsonl.gz"))
	if len(got) != 1 || got[0].Kind != "extension-scan" || got[0].Attempts != 234 || got[0].UserCount != 234 {
		t.Errorf("of 251 answers to a scan, 17 of them without a request: %+v", got)
	}
}

// TestTshark records the captures anew with the tshark of this machine, with -e and without, and finds in the records what is in
// the packets.
func TestTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("NOT TESTED with a real tshark: there is none (apt-get install tshark)")
	}
	fields := strings.Fields(`-e frame.time_epoch -e ip.src -e ipv6.src -e udp.srcport -e tcp.srcport -e ip.dst -e ipv6.dst -e udp.dstport -e tcp.dstport
		-e sip.Method -e sip.Status-Code -e sip.From -e sip.To -e sip.CSeq -e sip.Call-ID -e sip.User-Agent`)
	captures := captureTruths(t)
	captures["m_mixed_segments"] = []finding{mixedSegments()}
	for capture, want := range captures {
		packets := filepath.Join(t.TempDir(), "packets.pcap")
		gunzipTo(t, packets, filepath.Join(recordings, "pcaps", capture+".pcap.gz"))
		for form, arguments := range map[string][]string{"with -e": fields, "without -e": nil} {
			t.Run(capture+" "+form, func(t *testing.T) {
				records, err := exec.Command(tshark, append([]string{"-r", packets, "-Y", "sip", "-T", "ek"}, arguments...)...).Output()
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "records.json")
				if err := os.WriteFile(file, records, 0o600); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, found(t, file)); diff != "" {
					t.Errorf("(-packets +found):\n%s", diff)
				}
			})
		}
	}
}

// mixedSegments is what is in a capture of a registrar that sends answers and a request of its own in one segment, 12 times.
func mixedSegments() finding {
	f := finding{Kind: "extension-scan", Registrar: "198.18.0.10", Registrars: 1, MostTried: []string{"198.18.0.10 21"}, ClientCount: 1,
		Clients: []string{"198.18.1.19"}, UserCount: 21, Attempts: 21, Rejections: map[string]int{"401": 12, "404": 9}}
	for user := 500; user < 522; user++ { // 522 is the last; an alert names 20
		if user != 507 && user != 515 { // nobody asks for these
			f.Users = append(f.Users, fmt.Sprint(user))
		}
	}
	return f
}

// suricataConfig is as little as Suricata needs around conf/suricata.
const suricataConfig = `%%YAML 1.1
---
vars: {address-groups: {}, port-groups: {}}
app-layer: {protocols: {sip: {enabled: yes}}}
stats: {enabled: no}
default-log-dir: %[1]s
%[2]s`

// TestSuricata lets the Suricata of this machine write with the rule and with the Lua output of conf/suricata what it makes of the
// captures, and finds in both what is in the packets.
func TestSuricata(t *testing.T) {
	suricata, err := exec.LookPath("suricata")
	if err != nil {
		t.Skip("NOT TESTED with a real Suricata: there is none (apt-get install suricata)")
	}
	version, err := exec.Command(suricata, "-V").Output()
	if err != nil {
		t.Fatal(err)
	}
	const conf = "../../../conf/suricata/"
	outputs, err := os.ReadFile(conf + "siphunt.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(outputs), "\noutputs:\n")
	scripts, err := filepath.Abs(conf)
	if err != nil {
		t.Fatal(err)
	}
	section = strings.NewReplacer("enabled: no", "enabled: yes", "/etc/suricata/lua-output", scripts).Replace("outputs:\n" + section)
	for capture, want := range captureTruths(t) {
		t.Run(capture, func(t *testing.T) {
			folder := t.TempDir()
			packets, config := filepath.Join(folder, "packets.pcap"), filepath.Join(folder, "suricata.yaml")
			gunzipTo(t, packets, filepath.Join(recordings, "pcaps", capture+".pcap.gz"))
			if err := os.WriteFile(config, fmt.Appendf(nil, suricataConfig, folder, section), 0o600); err != nil {
				t.Fatal(err)
			}
			said, err := exec.Command(suricata, "-c", config, "-S", conf+"siphunt.rules", "-r", packets, "-k", "none", "-l", folder, "--runmode", "single").CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if diff := cmp.Diff(want, found(t, filepath.Join(folder, "siphunt-sip.json"))); diff != "" {
				t.Errorf("Lua output (-packets +found):\n%s", diff)
			}
			if overTCP := capture == "h_tcp" || capture == "r_tcp_coalesced"; overTCP && strings.Contains(string(version), " 7.") {
				return // its SIP is over UDP
			}
			if diff := cmp.Diff(want, found(t, filepath.Join(folder, "eve.json"))); diff != "" {
				t.Errorf("rule (-packets +found):\n%s", diff)
			}
		})
	}
}

func gunzipTo(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
