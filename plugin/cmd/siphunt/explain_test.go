package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
)

// TestExplain: what a person is told of a sample, and the one thing to change.
func TestExplain(t *testing.T) {
	const answer = `{"timestamp":"2026-11-22T09:40:36.790246+0000","src_ip":"198.18.0.10","src_port":5060,"dest_ip":"198.18.1.13","dest_port":5062,"proto":"UDP","sip":{"code":"401","cseq":"1 REGISTER","to":"\"x\" <sip:300@198.18.0.10>"}}`
	change := func(old, new string) string { return strings.Replace(answer, old, new, 1) }
	for name, test := range map[string]struct {
		args, stdin string
		want        []string
	}{
		"all is well": {"explain -n 9 " + flows, "", []string{
			"line 1: ipfixcol2 (fields found: ipfixcol2 18", "  status            cesnet:SIPStatusCode = 0\n", `request of "300@198.18.0.10"`,
			`rejection (401) of "300@198.18.0.10" at registrar 198.18.0.10 by client 198.18.1.13, 2026-11-22T09:40:36.790Z; number 1 of its run`,
			"it ends a run of 418 rejections", "the detector reports: brute-force success", "838 records: 419 relevant, 419 other\n", "To change: nothing.\n"}},
		"another format":      {"explain -format zeek -", answer, []string{"no format fits; the nearest is suricata", `To change: flows.format, which is "zeek": write "auto" or "suricata", which fits.`}},
		"no account":          {"explain -", change(`,"to":"\"x\" <sip:300@198.18.0.10>"`, ""), []string{"to                not there: sip.to", "dropped, no_account", "To change: what the exporter writes: its answers name no account"}},
		"nothing to go by":    {"explain -", change(`"cseq":"1 REGISTER",`, ""), []string{"moves the clock only", "nothing says what they answer", "docs/exporters.md"}},
		"another method":      {"explain -", change("1 REGISTER", "1 INVITE"), []string{"none to REGISTER with a status that counts (200, 401"}},
		"no address":          {"explain -", change("198.18.1.13", "x"), []string{`dropped, no_address: destination="x"`, "To change: the addresses"}},
		"a word as a status":  {"explain -", change(`"401"`, `"denied"`), []string{`dropped, bad_type: status="denied"`, "status_codes"}},
		"only requests":       {"explain -", change(`"code":"401"`, `"method":"REGISTER"`), []string{"there are requests, but no answers"}},
		"another exporter":    {"explain -", `{"src":{"address":"198.18.0.10"},"dst":{"address":"198.18.1.13"},"reply":{"status":401},"cseq":"1 REGISTER","called":"sip:300@x"}`, []string{"no format that siphunt knows fits", "[flows.custom]", `status = "reply.status" # 401`}},
		"no JSON":             {"explain -", "{", []string{"dropped, malformed", "lines are cut, or are no JSON"}},
		"a log":               {"explain -", "[2026-11-24 15:23:32] Asterisk is built by nobody", []string{"neither JSON nor a line of a log that siphunt knows"}},
		"nothing":             {"explain -", "\n", []string{"0 records", "there is no record in it"}},
		"what a packet holds": {"explain -", change("sip:300", `sip:3\u001b[2J0`), []string{`rejection (401) of "3\x1b[2J0@198.18.0.10"`}},
	} {
		code, stdout, stderr := shell(test.stdin, strings.Fields(test.args)...)
		if code != exitOK || stderr != "" {
			t.Errorf("%s: exit code %d\n%s", name, code, stderr)
		}
		for _, want := range test.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: nothing of %q in\n%s", name, want, stdout)
			}
		}
		if strings.ContainsRune(stdout, '\x1b') {
			t.Errorf("%s: a control character", name)
		}
	}
	if code, _, stderr := shell("", "explain"); code != exitUsage || !strings.Contains(stderr, "give one file") {
		t.Errorf("without a file: exit code %d\n%s", code, stderr)
	}
}

// TestExplainOtherForms: records that somebody has put into another form on their way are read, or a person is told what to do. What
// is told to be written into siphunt.toml reads them all.
func TestExplainOtherForms(t *testing.T) {
	for name, file := range map[string]string{
		"ipfixcol2": "ipfixcol2/c_svcrack_success", "ipfixprobe": "nemea/h_tcp.biflow.unirec", "suricata": "suricata-packets/c_svcrack_success",
		"packetbeat": "packetbeat/c_svcrack_success", "zeek": "zeek/c_svcrack_success", "tshark": "tshark/c_svcrack_success.ek", "hep": "hep/c_svcrack_success",
	} {
		records := recorded(t, file, 20)
		want := counted(t, records)
		for form, change := range map[string]func(any) any{
			"numbers are text":    func(v any) any { return inEach(v, asText) },
			"all are lists":       func(v any) any { return inEach(v, inList) },
			"keys in other order": func(v any) any { return v }, // as encoding/json sorts them
			"keys with dots":      func(v any) any { return joined(v, ".") },
			"within _source":      func(v any) any { return map[string]any{"_source": v} },
			"within fields of it": func(v any) any { return map[string]any{"_source": map[string]any{"fields": v}} },
			"text in a field":     func(v any) any { return map[string]any{"data": asJSON(t, v), "host": map[string]any{"name": "x"}} },
		} {
			if got := counted(t, changed(t, records, change)); name+form != "tsharkall are lists" && got != want { // lists of lists
				t.Errorf("%s, %s: %s, should be %s", name, form, got, want)
			}
		}
		for form, change := range map[string]func(any) any{
			"in capital letters":   func(v any) any { return renamedKeys(v, strings.ToUpper) },
			"in small letters":     func(v any) any { return renamedKeys(v, strings.ToLower) },
			"joined by underlines": func(v any) any { return joined(v, "_") },
			"within what we named": func(v any) any { return map[string]any{"ours": v} },
		} {
			other := changed(t, records, change)
			code, stdout, stderr := shell(other, "explain", "-n", "0", "-")
			_, mapping, told := strings.Cut(stdout, "They are those of "+name+" in another form")
			if _, mapping, _ = strings.Cut(mapping, "\n\n"); code != exitOK || !told && counted(t, other) != want {
				t.Errorf("%s, %s: %s%s", name, form, stdout, stderr)
			}
			if !told {
				continue
			}
			config := filepath.Join(t.TempDir(), "siphunt.toml")
			if err := os.WriteFile(config, []byte(mapping), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := counted(t, other, "-c", config); got != want {
				t.Errorf("%s, %s: %s, should be %s, with\n%s", name, form, got, want, mapping)
			}
		}
		for start, advice := range map[string]string{
			"<134>Nov 22 09:40:36 probe siem: ": `stands before the JSON`, "[": "Write a record a line", "": "Write a record a line",
		} {
			line, _, _ := strings.Cut(records, "\n")
			if start == "" {
				line = line[:len(line)/2]
			} else if start == "[" {
				line += "]"
			}
			if _, stdout, _ := shell(start+line+"\n", "explain", "-"); !strings.Contains(stdout, advice) {
				t.Errorf("%s behind %q: no %q in\n%s", name, start, advice, stdout)
			}
		}
	}
}

// recorded are the first records of a recording, but for the lines that tshark writes for an index.
func recorded(t *testing.T, file string, n int) string {
	t.Helper()
	unzipped := filepath.Join(t.TempDir(), "records")
	gunzipTo(t, unzipped, filepath.Join(recordings, file+".jsonl.gz"))
	text, err := os.ReadFile(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, `{"index"`) && len(all) < n {
			all = append(all, line)
		}
	}
	return strings.Join(all, "")
}

// counted is what explain says there is in all.
func counted(t *testing.T, records string, args ...string) string {
	t.Helper()
	_, stdout, stderr := shell(records, append(append([]string{"explain", "-n", "0"}, args...), "-")...)
	line, _, _ := strings.Cut(stdout, "\n")
	if !strings.Contains(line, " relevant") {
		t.Fatalf("%s%s", stdout, stderr)
	}
	return line
}

func changed(t *testing.T, records string, change func(any) any) string {
	t.Helper()
	var b strings.Builder
	for _, record := range lines[any](t, []byte(records)) {
		b.WriteString(asJSON(t, change(record)) + "\n")
	}
	return b.String()
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalToString(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// inEach changes each value that is no map.
func inEach(v any, change func(any) any) any {
	m, isMap := v.(map[string]any)
	if !isMap {
		return change(v)
	}
	other := map[string]any{}
	for key, inner := range m {
		other[key] = inEach(inner, change)
	}
	return other
}

func asText(v any) any {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return v
}

func inList(v any) any { return []any{v} }

// joined makes one map of maps within each other.
func joined(v any, separator string) any {
	all := map[string]any{}
	for key, value := range v.(map[string]any) {
		if _, isMap := value.(map[string]any); !isMap {
			all[key] = value
			continue
		}
		for inner, value := range joined(value, separator).(map[string]any) {
			all[key+separator+inner] = value
		}
	}
	return all
}

func renamedKeys(v any, rename func(string) string) any {
	m, isMap := v.(map[string]any)
	if !isMap {
		return v
	}
	other := map[string]any{}
	for key, inner := range m {
		other[rename(key)] = renamedKeys(inner, rename)
	}
	return other
}
