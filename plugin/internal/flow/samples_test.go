package flow

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
)

// Records as the exporters wrote them. What they share is left out of the tables below and filled in here.
const (
	response = `{"@type":"ipfix.entry","iana:flowEndReason":4,"iana:octetDeltaCount":0,"iana@reverse:octetDeltaCount@reverse":476,"iana:packetDeltaCount":0,"iana@reverse:packetDeltaCount@reverse":1,"iana:flowStartMicroseconds":"2026-11-22T09:40:36.788Z","iana:flowEndMicroseconds":"2026-11-22T09:40:36.790Z","iana:ipVersion":4,"iana:protocolIdentifier":"UDP","iana:tcpControlBits":"......","iana@reverse:tcpControlBits@reverse":"......","iana:sourceTransportPort":5062,"iana:destinationTransportPort":5060,"iana:ingressInterface":0,"iana:sourceIPv4Address":"198.18.1.13","iana:destinationIPv4Address":"198.18.0.10","iana:sourceMacAddress":"F2:D9:E4:B6:F9:77","iana:destinationMacAddress":"02:CC:A4:11:C5:7A","cesnet:SIPMsgType":99,"cesnet:SIPStatusCode":401,"cesnet:SIPCseq":"1 REGISTER","cesnet:SIPCallingParty":"sip:300@198.18.0.10","cesnet:SIPCalledParty":"sip:300@198.18.0.10","cesnet:SIPCallID":"998570976","cesnet:SIPUserAgent":"","cesnet:SIPRequestURI":"","cesnet:SIPVia":"SIP/2.0/UDP 198.18.1.13:5060"}`
	unirec   = `{"DST_IP": "198.18.0.10", "SRC_IP": "198.18.1.13", "BYTES": 0, "BYTES_REV": 477, "LINK_BIT_FIELD": 1, "TIME_FIRST": 1795340436.78, "TIME_LAST": 1795340436.79, "DST_MAC": "UnirecMACAddr('02:cc:a4:11:c5:7a')", "SRC_MAC": "UnirecMACAddr('9a:0b:03:22:4f:35')", "PACKETS": 0, "PACKETS_REV": 1, "DST_PORT": 5060, "SIP_MSG_TYPE": 99, "SIP_STATUS_CODE": 401, "SRC_PORT": 5062, "DIR_BIT_FIELD": 0, "PROTOCOL": 17, "TCP_FLAGS": 0, "TCP_FLAGS_REV": 0, "SIP_CALLED_PARTY": "sip:300@198.18.0.10", "SIP_CALLING_PARTY": "sip:300@198.18.0.10", "SIP_CALL_ID": "2430605003", "SIP_CSEQ": "1 REGISTER", "SIP_REQUEST_URI": "", "SIP_USER_AGENT": "", "SIP_VIA": "SIP/2.0/UDP 198.18.1.30:5060"}`
)

// rejection is what both say.
var rejection = detect.Flow{
	Time:      at("2026-11-22T09:40:36.790Z"),
	Registrar: netip.MustParseAddr("198.18.0.10"), RegistrarPort: 5060,
	Client: netip.MustParseAddr("198.18.1.13"), ClientPort: 5062,
	Transport: detect.UDP, Status: 401, Extension: "300@198.18.0.10",
}

func at(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

// fingerprint hashes what identifies a message, as any process does.
func fingerprint(callID string, cseq byte, method string) uint64 {
	h := fnv.New64a()
	h.Write(slices.Concat([]byte(callID), []byte{cseq}, []byte(method)))
	return h.Sum64()
}

// with gives a record with parts replaced: old, new, old, new...
func with(record string, parts ...string) string {
	for i := 0; i < len(parts); i += 2 {
		if !strings.Contains(record, parts[i]) {
			panic("not in the record: " + parts[i])
		}
		record = strings.Replace(record, parts[i], parts[i+1], 1)
	}
	return record
}

func change(f detect.Flow, change func(*detect.Flow)) *detect.Flow {
	change(&f)
	return &f
}

func TestRecordsBecomeFlows(t *testing.T) {
	request := with(response, `"iana:octetDeltaCount":0`, `"iana:octetDeltaCount":370`, `"iana@reverse:octetDeltaCount@reverse":476`, `"iana@reverse:octetDeltaCount@reverse":0`,
		`"iana:packetDeltaCount":0`, `"iana:packetDeltaCount":1`, `"iana@reverse:packetDeltaCount@reverse":1`, `"iana@reverse:packetDeltaCount@reverse":0`,
		`"cesnet:SIPMsgType":99,"cesnet:SIPStatusCode":401`, `"cesnet:SIPMsgType":5,"cesnet:SIPStatusCode":0`, `"cesnet:SIPUserAgent":""`, `"cesnet:SIPUserAgent":"friendly-scanner"`)
	turned := []string{`"iana:sourceTransportPort":5062,"iana:destinationTransportPort":5060`, `"iana:sourceTransportPort":5060,"iana:destinationTransportPort":5062`,
		`"iana:sourceIPv4Address":"198.18.1.13","iana:destinationIPv4Address":"198.18.0.10"`, `"iana:sourceIPv4Address":"198.18.0.10","iana:destinationIPv4Address":"198.18.1.13"`,
		`"iana:octetDeltaCount":0`, `"iana:octetDeltaCount":476`, `"iana@reverse:octetDeltaCount@reverse":476`, `"iana@reverse:octetDeltaCount@reverse":0`,
		`"iana:packetDeltaCount":0`, `"iana:packetDeltaCount":1`, `"iana@reverse:packetDeltaCount@reverse":1`, `"iana@reverse:packetDeltaCount@reverse":0`}
	noReverse := []string{`,"iana@reverse:octetDeltaCount@reverse":0`, ``, `,"iana@reverse:packetDeltaCount@reverse":0`, ``}
	for name, test := range map[string]struct {
		record string
		want   *detect.Flow // nil: not a flow, see mark and dropped
		mark   int64
		drop   Reason
	}{
		"answer in the reverse counters": {record: response, want: &rejection},
		"answer, unirec": {record: unirec, want: change(rejection, func(f *detect.Flow) {
			f.Probe, f.Message = "1", fingerprint("2430605003", 1, "REGISTER")
		})},
		"request with a user agent": {record: request, want: change(rejection, func(f *detect.Flow) {
			f.Status, f.UserAgent = 0, "friendly-scanner"
		})},
		"request without user agent":                  {record: with(request, "friendly-scanner", ""), mark: rejection.Time},
		"request of another method":                   {record: with(request, "1 REGISTER", "1 OPTIONS"), mark: rejection.Time},
		"request whose CSeq was lost":                 {record: with(request, "1 REGISTER", ""), want: change(rejection, func(f *detect.Flow) { f.Status, f.UserAgent = 0, "friendly-scanner" })},
		"the server spoke first, or the probe splits": {record: with(response, turned...), want: &rejection},
		"one half of a collector's split biflow":      {record: with(with(response, turned...), noReverse...), want: &rejection},
		"the other half, without a packet":            {record: with(with(response, append(turned, noReverse...)...), `"iana:packetDeltaCount":1`, `"iana:packetDeltaCount":0`), drop: Duplicate},
		"the client's ACK is in the same record":      {record: with(response, `"iana:octetDeltaCount":0`, `"iana:octetDeltaCount":52`, `"iana:packetDeltaCount":0`, `"iana:packetDeltaCount":1`, `"UDP"`, `"TCP"`), want: change(rejection, func(f *detect.Flow) { f.Transport = detect.TCP })},
		"keepalives are in the same record, with more octets": {record: with(unirec, `"BYTES": 0`, `"BYTES": 512`, `"PACKETS": 0`, `"PACKETS": 16`, `"TIME_LAST": 1795340436.79`, `"TIME_LAST": 1795340676.5`), want: change(rejection, func(f *detect.Flow) {
			f.Time, f.Probe, f.Message = rejection.Time-10, "1", fingerprint("2430605003", 1, "REGISTER")
		})},
		"a request that keepalives follow": {record: with(request, `packetDeltaCount":1`, `packetDeltaCount":3`), want: change(rejection, func(f *detect.Flow) {
			f.Status, f.UserAgent = 0, "friendly-scanner"
		})},
		"no counters: the source is the sender":          {record: with(with(response, turned...), `"iana:octetDeltaCount":476,"iana@reverse:octetDeltaCount@reverse":0,"iana:packetDeltaCount":1,"iana@reverse:packetDeltaCount@reverse":0,`, ""), want: &rejection},
		"time in milliseconds, protocol as number":       {record: with(response, `"2026-11-22T09:40:36.790Z"`, `1795340436790`, `"UDP"`, `17`), want: &rejection},
		"numbers as floats, as a Lua filter leaves them": {record: with(response, `:401`, `:401.0`, `:5062`, `:5062.0`), want: &rejection},
		"numbers as strings":                             {record: with(response, `:401`, `:"401"`, `:5062`, `:"5062"`, `@reverse":1`, `@reverse":"1"`), want: &rejection},
		"values wrapped in arrays":                       {record: with(response, `:401`, `:["401"]`, `"198.18.1.13"`, `["198.18.1.13"]`, `"1 REGISTER"`, `["1 REGISTER"]`), want: &rejection},
		"the exporter's address, with detailedInfo": {record: with(response, `{"@type"`, `{"ipfix:srcAddr":"127.0.0.1","@type"`), want: change(rejection, func(f *detect.Flow) {
			f.Probe, f.Message = "127.0.0.1", fingerprint("998570976", 1, "REGISTER")
		})},
		"its observation domain, too": {record: with(response, `{"@type"`, `{"ipfix:odid":7,"ipfix:srcAddr":"127.0.0.1","@type"`), want: change(rejection, func(f *detect.Flow) {
			f.Probe, f.Message = "127.0.0.1#7", fingerprint("998570976", 1, "REGISTER")
		})},
		"an exporter of no number":    {record: with(unirec, `"LINK_BIT_FIELD": 1`, `"LINK_BIT_FIELD": 0`), want: &rejection},
		"an exporter, but no Call-ID": {record: with(response, `{"@type"`, `{"ipfix:odid":7,"@type"`, `998570976`, ``), want: change(rejection, func(f *detect.Flow) { f.Probe = "#7" })},
		"an exporter that is a list":  {record: with(response, `{"@type"`, `{"ipfix:srcAddr":["a","b"],"@type"`), want: &rejection},
		"IPv6": {record: with(response, `sourceIPv4Address":"198.18.1.13`, `sourceIPv6Address":"2001:DB8::66`, `destinationIPv4Address":"198.18.0.10`, `destinationIPv6Address":"2001:db8::10`), want: change(rejection, func(f *detect.Flow) {
			f.Registrar, f.Client = netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("2001:db8::66")
		})},
		"both address families: the first candidate goes": {record: with(response, `{"@type"`, `{"iana:sourceIPv6Address":"::","@type"`), want: &rejection},
		"both, the other way round":                       {record: with(response, `,"cesnet:SIPMsgType"`, `,"iana:sourceIPv6Address":"::","cesnet:SIPMsgType"`), want: &rejection},
		"packets, but no octets":                          {record: with(response, `"iana:octetDeltaCount":0,"iana@reverse:octetDeltaCount@reverse":476,`, ``), want: &rejection},
		"a status that SIP does not have":                 {record: with(response, `:401`, `:42`), drop: BadType},
		"To is lost: From":                                {record: with(response, `SIPCalledParty":"sip:300@198.18.0.10"`, `SIPCalledParty":"sip"`), want: &rejection},
		"both are lost":                                   {record: with(response, `SIPCalledParty":"sip:300@198.18.0.10"`, `SIPCalledParty":""`, `SIPCallingParty":"sip:300@198.18.0.10"`, `SIPCallingParty":"sip"`), drop: NoAccount},
		"both are lost, of a request":                     {record: with(request, `SIPCalledParty":"sip:300@198.18.0.10"`, `SIPCalledParty":""`, `SIPCallingParty":"sip:300@198.18.0.10"`, `SIPCallingParty":null`), want: change(rejection, func(f *detect.Flow) { f.Status, f.UserAgent, f.Extension = 0, "friendly-scanner", "" })},
		"neither is there":                                {record: with(response, `"cesnet:SIPCallingParty":"sip:300@198.18.0.10","cesnet:SIPCalledParty":"sip:300@198.18.0.10",`, ``), drop: NoAccount},
		"neither is text":                                 {record: with(response, `SIPCalledParty":"sip:300@198.18.0.10"`, `SIPCalledParty":300`, `SIPCallingParty":"sip:300@198.18.0.10"`, `SIPCallingParty":{"user":300}`), drop: NoAccount},
		"To is no text: From":                             {record: with(response, `SIPCalledParty":"sip:300@198.18.0.10"`, `SIPCalledParty":300`), want: &rejection},
		"no zone: UTC":                                    {record: with(response, `36.790Z`, `36.790`), want: &rejection},
		"bytes that are no UTF-8 stay":                    {record: with(response, `SIPCalledParty":"sip:300`, "SIPCalledParty\":\"sip:3\xff0"), want: change(rejection, func(f *detect.Flow) { f.Extension = "3\xff0@198.18.0.10" })},
		"a key twice: the last one counts":                {record: with(response, `{"@type"`, `{"cesnet:SIPStatusCode":200,"@type"`), want: &rejection},
		"a status that is not counted":                    {record: with(response, `:401`, `:500`), mark: rejection.Time},
		"an answer to another method":                     {record: with(response, `1 REGISTER`, `1 INVITE`), mark: rejection.Time},
		"an answer to who knows what":                     {record: with(response, `1 REGISTER`, ``), mark: rejection.Time},
		"no transport that carries SIP":                   {record: with(response, `"UDP"`, `"ICMP"`), want: change(rejection, func(f *detect.Flow) { f.Transport = detect.TransportUnknown })},
		"ipfixcol2 without SIP":                           {record: response[:strings.Index(response, `,"cesnet:SIPMsgType"`)] + "}", drop: NotSIP},
		"unirec without SIP":                              {record: with(unirec, `"SIP_MSG_TYPE": 99, "SIP_STATUS_CODE": 401`, `"SIP_MSG_TYPE": 0, "SIP_STATUS_CODE": 0`, `1 REGISTER`, ``), drop: NotSIP},
		"a template":                                      {record: `{"@type":"ipfix.template","ipfix:templateId":258,"ipfix:fields":[{"ipfix:elementId":136}]}`, drop: NotSIP},
		"an empty record":                                 {record: `{}`, drop: NotSIP},
		"no source":                                       {record: with(response, `"iana:sourceIPv4Address":"198.18.1.13",`, ``), drop: NoAddress},
		"an address that is none":                         {record: with(response, `"198.18.1.13"`, `"198.18.1"`), drop: NoAddress},
		"a time that is none":                             {record: with(response, `"2026-11-22T09:40:36.790Z"`, `"yesterday"`), drop: NoTime},
		"a time that is a map":                            {record: with(response, `"2026-11-22T09:40:36.790Z"`, `{"s":1}`), drop: NoTime},
		"a status that is a map":                          {record: with(response, `:401`, `:{"code":401}`), drop: BadType},
		"a status that is a word":                         {record: with(response, `:401`, `:"denied"`), drop: BadType},
		"a status out of range":                           {record: with(response, `:401`, `:65937`), drop: BadType},
		"a status of four digits":                         {record: with(response, `:401`, `:1000`), drop: BadType},
		"a status below any":                              {record: with(response, `:401`, `:-401`), drop: BadType},
		"a status beyond 64 bits":                         {record: with(response, `:401`, `:184467440737095516561`), drop: BadType},
		"a port out of range":                             {record: with(response, `:5062`, `:70000`), drop: BadType},
		"a counter that is true":                          {record: with(response, `packetDeltaCount":0`, `packetDeltaCount":true`), drop: BadType},
		"a CSeq that is a list":                           {record: with(response, `"1 REGISTER"`, `[1,"REGISTER"]`), drop: BadType},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t, Options{})
			for round := range 3 { // the first meets the record, the second knows it, the third is a chunk
				var b Batch
				if round < 2 {
					d.Line(&b, []byte(test.record))
				} else if strings.IndexByte(test.record, 0xff) < 0 { // JSON for the test's encoder must be UTF-8
					d.Chunk(&b, chunkOf(t, [][]byte{[]byte(test.record)}))
				} else {
					continue
				}
				checkStats(t, &b, 1)
				var flows []detect.Flow
				var marks []Mark
				var dropped [NumReasons]uint64
				switch {
				case test.want != nil:
					flows = []detect.Flow{*test.want}
				case test.mark != 0:
					marks = []Mark{{Time: test.mark, N: 1}}
				default:
					dropped[test.drop] = 1
				}
				if diff := cmp.Diff(flows, b.Flows, compareFlows); diff != "" {
					t.Errorf("round %d (-want +got):\n%s", round, diff)
				}
				if diff := cmp.Diff(marks, b.Marks); diff != "" {
					t.Errorf("round %d, marks (-want +got):\n%s", round, diff)
				}
				if diff := cmp.Diff(dropped, b.Stats.Dropped); diff != "" {
					t.Errorf("round %d, dropped (-want +got):\n%s\nexamples %q", round, diff, b.Stats.Example)
				}
			}
		})
	}
}

// The forms of From, To and CSeq that were sent in the capture s_corner, as far as ipfixprobe tells them: it cuts strings to
// 127 bytes (the long user loses its @ and domain) and has nothing for two, whose answers name no account.
func TestCornerCasesOfTheRecordedTraffic(t *testing.T) {
	want := map[string]string{ // by Call-ID
		"plain": "301@198.18.0.10", "nobrackets_ip": "301@198.18.0.10", "nobrackets_notag": "301@198.18.0.10",
		"display_utf8": "301@198.18.0.10", "display_colon": "301@198.18.0.10", "from_not_to": "301@198.18.0.10",
		"sips": "301@198.18.0.10", "no_user": "@198.18.0.10", "port_params": "301@198.18.0.10", "escaped": "301@198.18.0.10",
		"upper_scheme": "Alice@pbx.example.net", "plus": "+420123456789@pbx.example.net", "user_params": "301@198.18.0.10",
		"password_in_uri": "301@198.18.0.10", "long_user": "@" + strings.Repeat("9", 123), "compact": "301@198.18.0.10",
		"lower_names": "301@198.18.0.10", "nospace": "301@198.18.0.10",
		"cseq_spaces": "301@198.18.0.10", "cseq_big": "301@198.18.0.10",
	}
	got := map[string]string{}
	noAccount := uint64(0)
	d := newDecoder(t, Options{})
	for _, line := range readLines(t, samples+"ipfixcol2/s_corner.jsonl.gz") {
		var b Batch
		d.Line(&b, line)
		_, rest, _ := strings.Cut(string(line), `"cesnet:SIPCallID":"`)
		id, _, _ := strings.Cut(rest, `"`)
		if len(b.Flows) == 1 && b.Flows[0].Status == 401 {
			got[id] = b.Flows[0].Extension
		} else if b.Stats.Relevant != 0 || b.Stats.Other+b.Stats.Dropped[NoAccount] != 1 {
			t.Errorf("%s: %+v", id, b.Stats)
		}
		noAccount += b.Stats.Dropped[NoAccount]
	}
	if noAccount != 2 {
		t.Errorf("%d answers without an account, want those of two", noAccount)
	}
	if diff := cmp.Diff(want, got); diff != "" { // no "tel": it was answered with 500
		t.Errorf("extensions (-sent +decoded):\n%s", diff)
	}
}
