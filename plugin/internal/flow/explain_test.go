package flow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
)

func newExplainer(t testing.TB, o Options) *Explainer {
	t.Helper()
	config := detect.DefaultConfig()
	o.Wants = config.Wants
	x, err := NewExplainer(o)
	must(t, err)
	return x
}

// An explanation names the format, where each field was, and what comes of the record; within other records, too.
func TestExplain(t *testing.T) {
	x := newExplainer(t, Options{})
	for name, test := range map[string]struct {
		line, format, inside, nearest string
		fields                        map[string]string // key -> path = value
		relevant                      uint64
	}{
		"ipfixcol2": {response, "ipfixcol2", "", "ipfixcol2", map[string]string{"status": "cesnet:SIPStatusCode = 401", "to": `cesnet:SIPCalledParty = "sip:300@198.18.0.10"`, "probe": " = "}, 1},
		"kafka":     {wrappedIn(t, "payload", wrappedIn(t, "message", asterisk)), "asterisk", "payload message", "asterisk", map[string]string{"status": `SecurityEvent = "ChallengeResponseFailed"`}, 1},
		"a message": {evePayload(t, answer), "suricata", "", "suricata", map[string]string{"cseq": `in the message = "1 REGISTER"`, "source": `src_ip = "198.18.0.10"`}, 1},
		"zeek":      {zeek, "zeek", "", "zeek", map[string]string{"cseq": `seq = "1 REGISTER"`, "via": `request_path.0 = "SIP/2.0/UDP 198.18.1.13:5062"`}, 1},
		"no SIP":    {`{"src_ip":"198.18.0.10","dest_ip":"198.18.1.13","event_type":"dns"}`, "", "", "suricata", nil, 0},
		"no record": {`hello`, "", "", "", nil, 0},
	} {
		e := x.Line([]byte(test.line))
		if e.Format != test.format || strings.Join(e.Inside, " ") != test.inside || e.Stats.Relevant != test.relevant {
			t.Errorf("%s: %+v", name, e)
		}
		if len(e.Nearest) > 0 && e.Nearest[0].Format != test.nearest || len(e.Nearest) == 0 && test.nearest != "" {
			t.Errorf("%s: the nearest are %v, want %s first", name, e.Nearest, test.nearest)
		}
		for key, want := range test.fields {
			got := ""
			for _, f := range e.Fields {
				if f.Key == key {
					got = f.Path + " = " + f.Value
				}
			}
			if got != want {
				t.Errorf("%s: %s is %s, want %s", name, key, got, want)
			}
		}
	}
}

// What is guessed of a record that no format fits is a mapping that reads it.
func TestGuess(t *testing.T) {
	x := newExplainer(t, Options{})
	e := x.Line([]byte(`{"id":1136746889431591,"when":"2026-11-22T09:40:36Z","a":{"src_addr":"198.18.0.10","dst_addr":"198.18.1.13","sport":5060},"reply_code":401,"cseq_hdr":"1 REGISTER","to_hdr":"sip:300@x"}`))
	want := `[flows]
format = "custom"

[flows.custom]
time = "when" # "2026-11-22T09:40:36Z"
source = "a.src_addr" # "198.18.0.10"
destination = "a.dst_addr" # "198.18.1.13"
source_port = "a.sport" # 5060
status = "reply_code" # 401
cseq = "cseq_hdr" # "1 REGISTER"
to = "to_hdr" # "sip:300@x"
`
	if diff := cmp.Diff(want, e.Guess()); diff != "" || e.Format != "" {
		t.Errorf("%q (-want +got):\n%s", e.Format, diff)
	}
	if guess := x.Line([]byte(`{"a":1}`)).Guess(); !strings.Contains(guess, `#status = "?" # the status code of an answer`) {
		t.Errorf("a guess without anything to go by:\n%s", guess)
	}
}

// Explaining says the same as decoding, of whatever line.
func FuzzExplain(f *testing.F) {
	for _, line := range []string{response, unirec, zeek, tshark, tsharkFull, asterisk, homer, luaEVE, packetbeat, `{"payload":{"log":"{}"}}`, `{"layers":{"sip":[{"sip_sip_Status-Code":"401"},{}]}}`, `{`, `[`} {
		f.Add([]byte(line))
	}
	f.Add([]byte(evePayload(f, answer+register)))
	d, x := newDecoder(f, Options{}), newExplainer(f, Options{})
	f.Fuzz(func(t *testing.T, line []byte) {
		var b Batch
		d.recent, x.decoder.recent = recentTexts{}, recentTexts{} // of other inputs
		d.Line(&b, line)
		e := x.Line(line)
		if e.Stats != b.Stats {
			t.Errorf("explained as %+v, decoded as %+v", e.Stats, b.Stats)
		}
		leaves := append(e.Leaves, Leaf{e.Guess(), ""})
		if r := e.Renamed(); r != nil {
			leaves = append(leaves, Leaf{r.Mapping, ""})
		}
		for _, l := range leaves {
			if len(l.Path) > 1<<16 {
				t.Errorf("%d bytes", len(l.Path))
			}
		}
	})
}
