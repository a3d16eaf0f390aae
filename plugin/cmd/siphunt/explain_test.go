package main

import (
	"strings"
	"testing"
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
