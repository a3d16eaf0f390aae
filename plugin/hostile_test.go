package main

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

// evil are texts that do harm where they are taken for what they are not: to terminals, logs, parsers, readers.
var evil = []string{
	"\x1b[2J\x1b]0;title\x07\x9b2J", "a\n[error] [output:siphunt:siphunt.1] forged\r\n", "\x00\x00", "\u202etxt.exe\u2066\u200b", "\u2028\u2029\u0085",
	"\xff\xfe\xc0\x80\xed\xa0\x80", `"},{"event":{"kind":"forged"`, "%s%s%n%p", "${jndi:ldap://192.0.2.1/x}", "<script>alert(1)</script>",
	strings.Repeat("A\n", 32<<10), "'; DROP TABLE alerts; --", "\ufeff\U000e0041\ufffd",
}

// member is a field of a record; its value may be a text, an integer or a float.
type member struct {
	name  string
	value any
}

// recordOf packs a record as Fluent Bit does.
func recordOf(t *testing.T, members ...member) []byte {
	t.Helper()
	b := append([]byte{0x92, 0x92, 0xd7, 0x00}, 0x6b, 0x02, 0x75, 0xd4, 0, 0, 0, 0, 0x80)
	b = msgp.AppendMapHeader(b, uint32(len(members)))
	for _, m := range members {
		var err error
		if b, err = msgp.AppendIntf(msgp.AppendString(b, m.name), m.value); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// rejection is a 401 with a text wherever a packet has its say.
func rejection(text string, n int) []member {
	return []member{
		{"cesnet:SIPMsgType", 99}, {"cesnet:SIPStatusCode", 401}, {"cesnet:SIPCseq", "1 REGISTER"}, {"cesnet:SIPUserAgent", text},
		{"cesnet:SIPCalledParty", "sip:" + text + "@" + text}, {"cesnet:SIPCallingParty", text}, {"cesnet:SIPCallID", text},
		{"cesnet:SIPVia", text}, {"cesnet:SIPRequestURI", text}, {text, text},
		{"iana:sourceIPv4Address", "198.51.100.10"}, {"iana:destinationIPv4Address", fmt.Sprintf("192.0.2.%d", n)},
		{"iana:sourceTransportPort", 5060}, {"iana:destinationTransportPort", 5060}, {"iana:protocolIdentifier", 17},
		{"iana:packetDeltaCount", 1}, {"iana@reverse:packetDeltaCount@reverse", 0},
	}
}

// with is a record with another value in one field.
func with(members []member, name string, value any) []member {
	members = append([]member(nil), members...)
	for i := range members {
		if members[i].name == name {
			members[i].value = value
		}
	}
	return members
}

// hostileChunk has attacks that bear an evil text, and records that are dropped for each reason and bear it too.
func hostileChunk(t *testing.T, text string, n int) (chunk []byte) {
	t.Helper()
	good := rejection(text, n)
	for range 25 {
		chunk = append(chunk, recordOf(t, good...)...)
	}
	for _, numeric := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1} {
		for _, field := range []string{"cesnet:SIPStatusCode", "iana:destinationTransportPort", "iana:protocolIdentifier", "iana:packetDeltaCount"} {
			chunk = append(chunk, recordOf(t, with(good, field, numeric)...)...)
		}
		chunk = append(chunk, recordOf(t, append([]member{{"iana:flowEndMicroseconds", numeric}}, good...)...)...)
	}
	for _, field := range []string{"cesnet:SIPStatusCode", "cesnet:SIPCseq", "cesnet:SIPMsgType", "iana:sourceIPv4Address", "iana:destinationTransportPort"} {
		chunk = append(chunk, recordOf(t, with(good, field, text)...)...)
	}
	chunk = append(chunk, recordOf(t, append([]member{{"iana:flowEndMicroseconds", text}}, good...)...)...)
	chunk = append(chunk, recordOf(t, member{text, text})...)
	chunk = append(chunk, append([]byte{0x92}, msgp.AppendString(nil, text)...)...)
	return append(chunk, text...)
}

// Nothing from a packet reaches the log or an alert in a form that could be taken for something else, and whoever sends it
// does not fill the log.
func TestHostHostileTexts(t *testing.T) {
	folder := t.TempDir()
	config := write(t, filepath.Join(folder, "siphunt.toml"), "[detector]\nclock = \"flow\"\n")
	alerts := write(t, filepath.Join(folder, "alerts"), "")
	later := append(rejection("good", 1), member{"iana:flowEndMicroseconds", "2026-11-22T05:40:00.000Z"}) // when all is over
	end := write(t, filepath.Join(folder, "end"), string(recordOf(t, later...)))
	commands, work := []string{"load LIB", "load LIB"}, []string{"start"}
	for i, text := range evil { // a detector each, which logs the first of what it drops for each reason
		commands = append(commands, fmt.Sprintf("input siphunt_alerts detector=e%d log_level=4", i),
			fmt.Sprintf("output siphunt detector=e%d log_level=4 config=%s", i, config))
		chunk := write(t, filepath.Join(folder, fmt.Sprint(i)), string(hostileChunk(t, text, i)))
		work = append(work, fmt.Sprintf("flush %d %s 1 1", i, chunk), fmt.Sprintf("flush %d %s 1 1", i, end), fmt.Sprintf("collect %d %s", i, alerts))
	}
	r := inHost(t, append(append(commands, work...), "metrics", "stop")...)
	r.wants(t, 0)

	line := regexp.MustCompile(`^\[(error|warn|info|debug)\] \[(input|output):[a-z_]+:[a-z_]+\.\d+\] [ -~]+$`)
	logged := lines(r.log)
	for _, l := range logged {
		if !line.MatchString(l) {
			t.Errorf("in the log: %.300q", l)
		}
	}
	if len(logged) < 4*len(evil) || len(logged) > 6*len(evil) {
		t.Errorf("%d lines in the log about %d chunks, want about five for each:\n%s", len(logged), len(evil), r.log)
	}
	if n := len(regexp.MustCompile(`panics_total\{detector="e\d+"\} 0\n`).FindAllString(r.out, -1)); n != len(evil) {
		t.Errorf("%d of %d detectors did not panic", n, len(evil))
	}

	rest, found := []byte(read(t, alerts)), 0
	for len(rest) > 0 {
		var record any
		var err error
		if rest[0] != 0x92 {
			t.Fatalf("no record: % x", rest[:min(len(rest), 20)])
		}
		if record, rest, err = msgp.ReadIntfBytes(rest[13:]); err != nil {
			t.Fatal(err)
		}
		found++
		texts(record, func(s string) {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }) || len(s) > 4000 {
				t.Errorf("in an alert: %.300q", s)
			}
		})
		if b, err := json.Marshal(record); err != nil || !json.Valid(b) {
			t.Errorf("no JSON: %v", err)
		}
	}
	if found < 2*len(evil) {
		t.Errorf("%d alerts about %d attacks: nothing is shown", found, len(evil))
	}
}

// texts calls f with all texts of a value, names included.
func texts(value any, f func(string)) {
	switch v := value.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			texts(e, f)
		}
	case map[string]any:
		for name, e := range v {
			f(name)
			texts(e, f)
		}
	}
}
