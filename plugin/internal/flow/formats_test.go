package flow

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
)

// One answer, and what exporters write of it.
const (
	packetbeat = `{"@timestamp":"2026-11-22T09:40:36.790Z","source":{"port":5060,"ip":"198.18.0.10"},"destination":{"ip":"198.18.1.13","port":5062},"network":{"transport":"udp","protocol":"sip"},"agent":{"name":"edge-1"},"sip":{"code":401,"type":"response","call_id":"998570976","cseq":{"code":1,"method":"REGISTER"},"user_agent":{"original":"PBX 1.0"},"to":{"uri":{"original":"sip:300@198.18.0.10","username":"300"}},"from":{"uri":{"original":"sip:300@198.18.0.10"}}}}`
	zeek       = `{"ts":1795340436.790,"uid":"C1","id.orig_h":"198.18.1.13","id.orig_p":5062,"id.resp_h":"198.18.0.10","id.resp_p":5060,"trans_depth":1,"method":"REGISTER","uri":"sip:198.18.0.10","request_from":"\"300\" <sip:300@198.18.0.10>","request_to":"\"300\" <sip:300@198.18.0.10>","call_id":"998570976","seq":"1 REGISTER","request_path":["SIP/2.0/UDP 198.18.1.13:5062"],"user_agent":"friendly-scanner","response_to":"\"300\" <sip:300@198.18.0.10>;tag=7f29","status_code":401,"status_msg":"Unauthorized"}`
	tshark     = `{"timestamp":"1795340436790","layers":{"frame_time_epoch":["1795340436.790246000"],"ip_src":["198.18.0.10"],"udp_srcport":["5060"],"ip_dst":["198.18.1.13"],"udp_dstport":["5062"],"sip_Status-Code":["401"],"sip_from_addr":["sip:300@198.18.0.10"],"sip_to_addr":["sip:300@198.18.0.10"],"sip_CSeq_seq":["1"],"sip_CSeq_method":["REGISTER"],"sip_Call-ID":["998570976"]}}`
	tsharkFull = `{"timestamp":"1795340436790","layers":{"frame":{"frame_frame_time_epoch":"1795340436.790246000"},"ip":{"ip_ip_src":"198.18.0.10","ip_ip_dst":"198.18.1.13"},"udp":{"udp_udp_srcport":"5060","udp_udp_dstport":"5062"},"sip":{"sip_sip_Status-Code":"401","sip_sip_To":"\"300\"<sip:300@198.18.0.10>;tag=7f","sip_sip_CSeq_seq":"1","sip_sip_CSeq_method":"REGISTER"}}}`
	luaEVE     = `{"event_type":"sipx","timestamp":1795340436.790246,"src_ip":"198.18.0.10","src_port":5060,"dest_ip":"198.18.1.13","dest_port":5062,"proto":17,"sip":{"code":"401","cseq":"1 REGISTER","to":"\u0022300\u0022 <sip:300@198.18.0.10>;tag=7f2931","call_id":"998570976"}}`
	heplify    = `{"Version":2,"Protocol":17,"SrcIP":"198.18.0.10","DstIP":"198.18.1.13","SrcPort":5060,"DstPort":5062,"Tsec":1795340436,"Tmsec":790246,"ProtoType":1,"NodeID":2001,"NodePW":"","Payload":"SIP/2.0 401 x\r\nTo: <sip:300@198.18.0.10>\r\nCSeq: 1 REGISTER\r\nUser-Agent: PBX\r\n\r\n","CID":"","Vlan":0,"ProtoString":"sip","SIP":{"FirstMethod":"401"},"NodeName":"2001"}`
	hepop      = `{"payload":"SIP/2.0 401 x\r\nTo: <sip:300@198.18.0.10>\r\nCSeq: 1 REGISTER\r\nUser-Agent: PBX\r\n\r\n","rcinfo":{"protocolFamily":2,"protocol":17,"srcIp":"198.18.0.10","dstIp":"198.18.1.13","srcPort":5060,"dstPort":5062,"timeSeconds":1795340436,"timeUseconds":790246,"payloadType":1,"captureId":2001}}`
	homer      = `{"protocol_header":{"protocolFamily":2,"protocol":17,"srcIp":"198.18.0.10","dstIp":"198.18.1.13","srcPort":5060,"dstPort":5062,"timeSeconds":1795340436,"timeUseconds":790246,"payloadType":1},"raw":"SIP/2.0 401 x\r\nTo: <sip:300@198.18.0.10>\r\nCSeq: 1 REGISTER\r\nUser-Agent: PBX\r\n\r\n"}`
	asterisk   = `[2026-11-22 09:40:36.790] SECURITY[9394] res_security_log.c: SecurityEvent="ChallengeResponseFailed",EventTV="2026-11-22T09:40:36.790+0000",Severity="Error",Service="PJSIP",EventVersion="1",AccountID="300",SessionID="998570976",LocalAddress="IPV4/UDP/198.18.0.10/5060",RemoteAddress="IPV4/UDP/198.18.1.13/5062",Challenge="1/d4",Response="30",ExpectedResponse=""`
)

// evePayload is an alert of Suricata with the text of a packet.
func evePayload(t testing.TB, text string) string {
	quoted, err := json.Marshal(text)
	must(t, err)
	return `{"timestamp":"2026-11-22T09:40:36.790246+0000","event_type":"alert","src_ip":"198.18.0.10","src_port":5060,"dest_ip":"198.18.1.13","dest_port":5062,"proto":"UDP","alert":{"signature_id":9100012},"sip":{"version":"SIP/2.0","code":"401"},"payload_printable":` + string(quoted) + `,"stream":0}`
}

func wrappedIn(t testing.TB, key, text string) string {
	quoted, err := json.Marshal(text)
	must(t, err)
	return fmt.Sprintf(`{"topic":"flows","partition":4,"offset":0,%q:%s}`, key, quoted)
}

func TestFormatsOfOneAnswer(t *testing.T) {
	user := change(rejection, func(f *detect.Flow) { f.Extension = "300" })
	byZeek := change(rejection, func(f *detect.Flow) { f.UserAgent = "friendly-scanner" })
	turned := []string{`"id.orig_h":"198.18.1.13","id.orig_p":5062,"id.resp_h":"198.18.0.10","id.resp_p":5060`, `"id.orig_h":"198.18.0.10","id.orig_p":5060,"id.resp_h":"198.18.1.13","id.resp_p":5062`}
	numeric := `{"@type":"ipfix.entry","en0:id1":0,"en29305:id1":477,"en0:id2":0,"en29305:id2":1,"en0:id154":1795340436788,"en0:id155":1795340436790,"en0:id4":17,"en0:id7":5062,"en0:id11":5060,"en0:id8":"198.18.1.13","en0:id12":"198.18.0.10","en8057:id100":99,"en8057:id101":401,"en8057:id108":"1 REGISTER","en8057:id103":"sip:300@198.18.0.10","en8057:id104":"sip:300@198.18.0.10","en8057:id102":"2430605003"}`
	for name, test := range map[string]struct {
		record string
		want   *detect.Flow
	}{
		"ipfixcol2, numeric names, milliseconds": {numeric, &rejection},
		"ipfixcol2, numeric names, text":         {with(numeric, `1795340436790`, `"2026-11-22T09:40:36.790Z"`, `:17,`, `:"UDP",`), &rejection},
		"packetbeat": {packetbeat, change(rejection, func(f *detect.Flow) {
			f.Probe, f.Message = "edge-1", fingerprint("998570976", 1, "REGISTER")
		})},
		"packetbeat, with the message": {with(packetbeat, `{"@timestamp"`, `{"event":{"original":"SIP/2.0 401 x\r\nt: <sip:300@198.18.0.10>\r\nCSeq: 2 REGISTER\r\ni: z\r\n"},"@timestamp"`), change(rejection, func(f *detect.Flow) {
			f.Probe, f.Message = "edge-1", fingerprint("z", 2, "REGISTER")
		})},
		"packetbeat, with another text": {with(packetbeat, `{"@timestamp"`, `{"event":{"original":"-"},"@timestamp"`, `"agent":{"name":"edge-1"},`, ``), &rejection},
		"packetbeat in Elasticsearch":   {`{"_index":"x","_source":` + with(packetbeat, `"agent":{"name":"edge-1"},`, ``) + `}`, &rejection},
		"zeek":                          {zeek, byZeek},
		"zeek, as Elastic has it": {`{"@timestamp":"2026-11-22T09:40:36.790Z","source":{"ip":"198.18.1.13","port":5062},"destination":{"ip":"198.18.0.10","port":5060},"network":{"protocol":"sip","transport":"udp"},` +
			`"event":{"action":"REGISTER","original":` + strconv.Quote(zeek) + `},"zeek":{"sip":{"call_id":"998570976","sequence":{"method":"REGISTER","number":"1"},"status":{"code":401},"uri":"sip:198.18.0.10",` +
			`"request":{"from":"<sip:300@198.18.0.10>","to":"<sip:300@198.18.0.10>","path":["SIP/2.0/UDP 198.18.1.13:5062"]},"response":{"to":"<sip:300@198.18.0.10>;tag=7f29","path":[]},"user_agent":"friendly-scanner"}}}`, byZeek},
		"suricata, as Elastic has it": {`{"@timestamp":"2026-11-22T09:40:36.790Z","source":{"ip":"198.18.0.10","port":5060},"destination":{"ip":"198.18.1.13","port":5062},"network":{"transport":"udp"},` +
			`"event":{"original":"{}"},"suricata":{"eve":{"event_type":"alert","payload_printable":` + strconv.Quote(answer) + `}}}`, &rejection},
		"zeek, nested":                     {with(zeek, `"id.orig_h":"198.18.1.13","id.orig_p":5062,"id.resp_h":"198.18.0.10","id.resp_p":5060`, `"id":{"orig_h":"198.18.1.13","orig_p":5062,"resp_h":"198.18.0.10","resp_p":5060}`), byZeek},
		"zeek, turned round":               {with(zeek, turned...), byZeek},
		"zeek, a request":                  {with(zeek, `,"status_code":401,"status_msg":"Unauthorized"`, ``), change(*byZeek, func(f *detect.Flow) { f.Status = 0 })},
		"zeek, a request turned round":     {with(with(zeek, `,"status_code":401,"status_msg":"Unauthorized"`, ``), turned...), change(*byZeek, func(f *detect.Flow) { f.Status = 0 })},
		"zeek, turned round, behind a NAT": {with(with(zeek, `UDP 198.18.1.13:5062`, `UDP 10.0.0.5:5062`), turned...), byZeek},
		"zeek, turned round, URI":          {with(with(zeek, `["SIP/2.0/UDP 198.18.1.13:5062"]`, `[]`, `sip:198.18.0.10"`, `sip:300@198.18.0.10:5060;transport=udp"`), turned...), byZeek},
		"zeek, URI of a name":              {with(zeek, `"uri":"sip:198.18.0.10"`, `"uri":"sip:example.net"`), byZeek},
		"zeek, Via of a NAT":               {with(zeek, `UDP 198.18.1.13:5062`, `UDP 10.0.0.5:5062`), byZeek},
		"zeek, no Via":                     {with(zeek, `["SIP/2.0/UDP 198.18.1.13:5062"]`, `[]`), byZeek},
		"zeek, a second Via":               {with(zeek, `["SIP/2.0/UDP 198.18.1.13:5062"]`, `["SIP/2.0/UDP 198.18.1.13:5062;rport","SIP/2.0/UDP 198.18.0.10"]`), byZeek},
		"tshark":                           {tshark, &rejection},
		"tshark, TCP":                      {strings.ReplaceAll(tshark, "udp_", "tcp_"), change(rejection, func(f *detect.Flow) { f.Transport = detect.TCP })},
		"tshark, in a tunnel":              {with(tshark, `["198.18.0.10"]`, `["10.0.0.1","198.18.0.10"]`, `["198.18.1.13"]`, `["10.0.0.2","198.18.1.13"]`, `["5060"]`, `["4789","5060"]`, `["5062"]`, `["4789","5062"]`), &rejection},
		"tshark, no time of the frame":     {with(tshark, `"frame_time_epoch":["1795340436.790246000"],`, ``), &rejection},
		"tshark, all fields":               {tsharkFull, &rejection},
		"tshark, all fields, in a tunnel":  {with(tsharkFull, `"ip":{`, `"ip":[{"ip_ip_src":"10.0.0.1","ip_ip_dst":"10.0.0.2"},{`, `198.18.1.13"}`, `198.18.1.13"}]`), &rejection},
		"suricata, Lua":                    {luaEVE, &rejection},
		"suricata, payload":                {evePayload(t, answer), &rejection},
		"suricata, payload of a proxy":     {evePayload(t, strings.Replace(answer, "Server:", "User-Agent:", 1)), &rejection},
		"hep, as Homer has it":             {homer, &rejection},
		"hep, as heplify-server has it":    {wrappedIn(t, "_source", heplify), change(rejection, func(f *detect.Flow) { f.Probe = "2001" })},
		"hep, as HEPop has it":             {hepop, change(rejection, func(f *detect.Flow) { f.Probe = "2001" })},
		"hep, as HEPop has it, from Kafka": {wrappedIn(t, "payload", hepop), change(rejection, func(f *detect.Flow) { f.Probe = "2001" })},
		"asterisk":                         {asterisk, user},
		"asterisk, over TLS":               {strings.ReplaceAll(asterisk, "/UDP/", "/TLS/"), change(*user, func(f *detect.Flow) { f.Transport = detect.TCP })},
		"asterisk, IPv6": {strings.NewReplacer("IPV4/UDP/198.18.0.10", "IPV6/UDP/2001:db8::10", "IPV4/UDP/198.18.1.13", "IPV6/UDP/2001:db8::66").Replace(asterisk), change(*user, func(f *detect.Flow) {
			f.Registrar, f.Client = netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("2001:db8::66")
		})},
		"asterisk, JSON":                    {`{"SecurityEvent":"InvalidPassword","EventTV":"2026-11-22T09:40:36.790+0000","Service":"PJSIP","AccountID":"300","LocalAddress":"IPV4/UDP/198.18.0.10/5060","RemoteAddress":"IPV4/UDP/198.18.1.13/5062"}`, user},
		"asterisk, an unknown account":      {with(asterisk, "ChallengeResponseFailed", "InvalidAccountID"), change(*user, func(f *detect.Flow) { f.Status = 404 })},
		"asterisk, in a line of Fluent Bit": {wrappedIn(t, "log", asterisk), user},
		"asterisk, its log in JSON":         {`{"hostname":"pbx","logmsg":{"location":{"line":1},"level":"SECURITY","message":` + strings.TrimPrefix(strings.TrimSuffix(wrappedIn(t, "x", asterisk), "}"), `{"topic":"flows","partition":4,"offset":0,"x":`) + `}}`, user},
		"asterisk, a quote in the account":  {with(asterisk, `AccountID="300"`, `AccountID="30"0,x"`), change(*user, func(f *detect.Flow) { f.Extension = `30"0,x` })},
		"kafka, a map":                      {`{"topic":"flows","partition":4,"offset":0,"error":null,"key":"x","payload":` + response + `}`, &rejection},
		"kafka, a string":                   {wrappedIn(t, "payload", response), &rejection},
		"kafka, a line in a string":         {wrappedIn(t, "payload", wrappedIn(t, "message", asterisk)), user},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t, Options{})
			for round := range 3 { // the first meets the record, the second knows it, the third is a chunk
				var b Batch
				if round < 2 {
					d.Line(&b, []byte(test.record))
				} else if strings.HasPrefix(test.record, "{") {
					d.Chunk(&b, chunkOf(t, [][]byte{[]byte(test.record)}))
				} else {
					continue
				}
				checkStats(t, &b, 1)
				if diff := cmp.Diff([]detect.Flow{*test.want}, b.Flows, compareFlows); diff != "" {
					t.Errorf("round %d (-want +got):\n%s\n%+v", round, diff, b.Stats)
				}
			}
		})
	}
}

// What is in a record beside one answer, or instead of it.
func TestFormatsOfOtherRecords(t *testing.T) {
	second := strings.NewReplacer("300", "301", "998570976", "z")
	several := with(tshark, `["401"]`, `["401","404"]`, `["sip:300@198.18.0.10"]`, `["sip:300@198.18.0.10","sip:301@198.18.0.10"]`, `["sip:300@198.18.0.10"]`, `["sip:300@198.18.0.10","sip:301@198.18.0.10"]`,
		`["1"]`, `["1","2"]`, `["REGISTER"]`, `["REGISTER","REGISTER"]`, `["998570976"]`, `["a","b"]`)
	beside := func(statuses, methods, cseqs, to string) string { // requests and answers
		return with(tshark, `["REGISTER"]`, cseqs, `"sip_Status-Code":["401"]`, `"sip_Status-Code":`+statuses+`,"sip_Method":`+methods+`,"sip_User-Agent":["PBX"]`,
			`"sip_to_addr":["sip:300@198.18.0.10"]`, `"sip_to_addr":`+to, `"sip_from_addr":["sip:300@198.18.0.10"]`, `"sip_from_addr":`+to)
	}
	for name, test := range map[string]struct {
		record string
		want   string // accounts and statuses
		stats  Stats
	}{
		"two answers in a text":               {evePayload(t, answer+second.Replace(answer)), "300 401, 301 401", Stats{Records: 2, Relevant: 2}},
		"an answer and a request in a text":   {evePayload(t, answer+strings.Replace(register, "REGISTER", "OPTIONS", 2)), "300 401", Stats{Records: 2, Relevant: 1, Other: 1}},
		"a text that is no SIP":               {evePayload(t, "GET / HTTP/1.1\r\n\r\n"), "", Stats{Records: 1, Other: 1}},
		"an alert on no SIP":                  {with(evePayload(t, "GET / HTTP/1.1\r\n\r\n"), `"sip":{"version":"SIP/2.0","code":"401"},`, ``), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"a text that was cut before To":       {evePayload(t, "SIP/2.0 401 x\r\nCSeq: 1 REGISTER\r\nTo: <sip:30"), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NoAccount: 1}}},
		"an EVE record that names no account": {`{"timestamp":"2026-11-22T09:40:36.790246+0000","event_type":"sip","src_ip":"198.18.0.10","dest_ip":"198.18.1.13","sip":{"version":"SIP/2.0","code":"401"}}`, "", Stats{Records: 1, Other: 1}},
		"two answers in lists":                {several, "300 401, 301 404", Stats{Records: 2, Relevant: 2}},
		"lists of other lengths":              {with(several, `["401","404"]`, `["401"]`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{BadType: 1}}},
		"an answer beside a request":          {beside(`["401"]`, `["OPTIONS"]`, `["OPTIONS","REGISTER"]`, `["sip:1@x","sip:300@x"]`), "300 401", Stats{Records: 2, Relevant: 1, Other: 1}},
		"a request between answers":           {beside(`["401","404"]`, `["OPTIONS"]`, `["REGISTER","OPTIONS","REGISTER"]`, `["sip:300@x","sip:1@x","sip:301@x"]`), "300 401, 301 404", Stats{Records: 3, Relevant: 2, Other: 1}},
		"an answer between requests":          {beside(`["401"]`, `["OPTIONS","NOTIFY"]`, `["NOTIFY","REGISTER","OPTIONS"]`, `["sip:1@x","sip:300@x","sip:2@x"]`), "300 401", Stats{Records: 3, Relevant: 1, Other: 2}},
		"an answer beside a request like it":  {beside(`["401"]`, `["REGISTER"]`, `["REGISTER","REGISTER"]`, `["sip:1@x","sip:300@x"]`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{BadType: 1}}},
		"an answer beside another's request":  {beside(`["401"]`, `["OPTIONS"]`, `["REGISTER","INVITE"]`, `["sip:1@x","sip:300@x"]`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{BadType: 1}}},
		"lists without accounts":              {strings.ReplaceAll(several, `["sip:300@198.18.0.10","sip:301@198.18.0.10"]`, `[]`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{BadType: 1}}},
		"a list of maps": {with(tsharkFull, `"sip":{`, `"sip":[{"sip_sip_Status-Code":"404","sip_sip_To":"<sip:301@x>","sip_sip_CSeq_method":"REGISTER"},{"sip_sip_Method":"OPTIONS"},{`, `"REGISTER"}}}`, `"REGISTER"}]}}`),
			"301 404, 300 401", Stats{Records: 3, Relevant: 2, Other: 1}},
		"a list of maps and more":      {with(tsharkFull, `"sip":{`, `"sip":[1,{`, `"REGISTER"}}}`, `"REGISTER"}]}}`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"tshark's lines for an index":  {`{"index":{"_index":"packets-2026-11-22","_type":"doc"}}`, "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"zeek, no request":             {with(zeek, `"method":"REGISTER","uri":"sip:198.18.0.10",`, ``, `"seq":"1 REGISTER",`, ``), "", Stats{Records: 1, Other: 1}},
		"zeek, a provisional answer":   {with(zeek, `:401`, `:100`), "", Stats{Records: 1, Other: 1}},
		"asterisk, no account":         {with(asterisk, `"300"`, `"<unknown>"`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NoAccount: 1}}},
		"asterisk, another event":      {with(asterisk, `ChallengeResponseFailed`, `SessionLimit`), "", Stats{Records: 1, Other: 1}},
		"asterisk, its manager":        {with(asterisk, `PJSIP`, `AMI`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"asterisk, a forged address":   {with(asterisk, `SessionID="998570976`, `SessionID="x",RemoteAddress="IPV4/UDP/192.0.2.1/5060`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{Malformed: 1}}},
		"asterisk, a forged event":     {with(asterisk, `SECURITY[9394] res_security_log.c: `, `NOTICE[9394] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from `), "", Stats{Records: 1, Dropped: [NumReasons]uint64{Malformed: 1}}},
		"asterisk, forged in a name":   {with(asterisk, `SECURITY[9394] res_security_log.c: `, `NOTICE[9394] x.c: Request 'REGISTER' from '<sip:SECURITY[1]@x>`), "", Stats{Records: 1, Dropped: [NumReasons]uint64{Malformed: 1}}},
		"asterisk, by syslog":          {with(asterisk, `[2026-11-22 09:40:36.790] SECURITY[9394] res_security_log.c: `, `<134>Nov 22 09:40:36 pbx asterisk[1]: SECURITY[9394]: res_security_log.c:114 in security_event_stasis_cb: `), "300 401", Stats{Records: 1, Relevant: 1}},
		"asterisk, cut in the address": {asterisk[:strings.Index(asterisk, "13/5062")], "", Stats{Records: 1, Dropped: [NumReasons]uint64{NoAddress: 1}}},
		"asterisk, another line":       {`[2026-11-24 15:23:32.744] Asterisk 22.10.1 built by nobody`, "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"a log that is no SIP":         {wrappedIn(t, "log", "hello"), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"a wrapped number":             {`{"payload":12}`, "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
		"kafka, broken JSON":           {wrappedIn(t, "payload", response[:100]), "", Stats{Records: 1, Dropped: [NumReasons]uint64{Malformed: 1}}},
		"wrapped without an end":       {strings.Repeat(`{"payload":`, 20) + response + strings.Repeat(`}`, 20), "", Stats{Records: 1, Dropped: [NumReasons]uint64{NotSIP: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t, Options{ExtensionBy: "user"})
			for round := range 3 {
				var b Batch
				d.recent = recentTexts{}
				if round < 2 {
					d.Line(&b, []byte(test.record))
				} else if strings.HasPrefix(test.record, "{") {
					d.Chunk(&b, chunkOf(t, [][]byte{[]byte(test.record)}))
				} else {
					continue
				}
				checkStats(t, &b, int(test.stats.Records))
				var got []string
				for _, f := range b.Flows {
					got = append(got, fmt.Sprintf("%s %d", f.Extension, f.Status))
				}
				if got := strings.Join(got, ", "); got != test.want {
					t.Errorf("round %d: %s, want %s", round, got, test.want)
				}
				b.Stats.Example = [NumReasons]string{}
				if diff := cmp.Diff(test.stats, b.Stats); diff != "" {
					t.Errorf("round %d (-want +got):\n%s", round, diff)
				}
			}
		})
	}
}

// The same text of several messages in a second record of the same time is Suricata's second alert on a packet. At another time, or
// of a single message, it is not.
func TestTextsThatComeAgain(t *testing.T) {
	d := newDecoder(t, Options{})
	two := evePayload(t, answer+strings.Replace(answer, "300", "301", 2))
	var b Batch
	for _, line := range []string{two, two, strings.Replace(two, "36.790246", "36.791246", 1), evePayload(t, answer), evePayload(t, answer)} {
		d.Line(&b, []byte(line))
	}
	if b.Stats.Relevant != 6 || b.Stats.Dropped[Duplicate] != 1 {
		t.Errorf("%+v, want 6 answers and a duplicate", b.Stats)
	}
}

// A format of one's own may have constants, words for status codes, elements of lists, and the text of messages.
func TestCustomMappingsOfOtherForms(t *testing.T) {
	log := &Mapping{
		Time: Paths{"t"}, Client: Paths{"peer"}, Method: Paths{"REGISTER"}, Status: Paths{"result"}, To: Paths{"names.1.uri"},
		StatusCodes: Codes{"denied": 401}, Constants: Constants{"registrar": "198.18.0.10", "registrar_port": "5060", "protocol": "udp", "probe": "pbx"},
	}
	text := &Mapping{Message: Paths{"sip.0"}, Source: Paths{"from"}, Destination: Paths{"to"}, Protocol: Paths{"proto"}}
	named := change(rejection, func(f *detect.Flow) { f.Probe = "pbx" })
	for name, test := range map[string]struct {
		mapping *Mapping
		record  string
		want    []detect.Flow
	}{
		"constants":      {log, `{"t":1795340436790,"peer":"198.18.1.13:5062","result":"denied","names":[{"uri":"x"},{"uri":"sip:300@198.18.0.10"}]}`, []detect.Flow{*named}},
		"another word":   {log, `{"t":1795340436790,"peer":"198.18.1.13:5062","result":"hello","names":[{"uri":"x"},{"uri":"sip:300@198.18.0.10"}]}`, nil},
		"a number":       {log, `{"t":1795340436790,"peer":"198.18.1.13:5062","result":401,"names":[0,{"uri":"sip:300@198.18.0.10"},2]}`, []detect.Flow{*named}},
		"text in a list": {text, `{"date":1,"sip":["` + strings.NewReplacer("\r\n", `\r\n`, `"`, `\"`).Replace(answer) + `","x"],"from":"198.18.0.10:5060","to":"198.18.1.13:5062","proto":"udp"}`, []detect.Flow{*change(rejection, func(f *detect.Flow) { f.Time = 1795341600_000 })}},
	} {
		d := newDecoder(t, Options{Format: "custom", Custom: test.mapping})
		for round := range 2 {
			var b Batch
			d.Chunk(&b, chunkOf(t, [][]byte{[]byte(test.record)}))
			if diff := cmp.Diff(test.want, b.Flows, compareFlows); diff != "" {
				t.Errorf("%s, round %d (-want +got):\n%s\n%+v", name, round, diff, b.Stats)
			}
		}
	}
}
