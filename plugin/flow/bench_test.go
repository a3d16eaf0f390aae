package flow

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// The traffic of the benchmarks: 5.7 % of the records are answers that count, as in the week of the paper (40,909,352 of
// 718,627,758); as many are the REGISTER requests before them; the rest are other requests and answers in equal parts.
const relevantShare = 0.057

// mixRecords are as many as fill a chunk of Fluent Bit, 2 MB.
const mixRecords = 3000

// exporters write the fields that a user would have Fluent Bit keep: ipfixcol2 without MAC addresses and TCP flags
// (24 fields), UniRec with what the detector reads (15).
var exporters = map[string]func(m sipMessage) []byte{
	"ipfixcol2": func(m sipMessage) []byte {
		return pack(
			"@type", "ipfix.entry", "iana:flowEndReason", 4,
			"iana:octetDeltaCount", m.octets[0], "iana@reverse:octetDeltaCount@reverse", m.octets[1],
			"iana:packetDeltaCount", m.packets[0], "iana@reverse:packetDeltaCount@reverse", m.packets[1],
			"iana:flowStartMicroseconds", m.stamp(), "iana:flowEndMicroseconds", m.stamp(),
			"iana:ipVersion", 4, "iana:protocolIdentifier", "UDP",
			"iana:sourceTransportPort", m.port, "iana:destinationTransportPort", 5060, "iana:ingressInterface", 0,
			"iana:sourceIPv4Address", m.client, "iana:destinationIPv4Address", m.server,
			"cesnet:SIPMsgType", m.kind, "cesnet:SIPStatusCode", m.status, "cesnet:SIPCseq", m.cseq,
			"cesnet:SIPCallingParty", m.uri, "cesnet:SIPCalledParty", m.uri, "cesnet:SIPCallID", m.callID,
			"cesnet:SIPUserAgent", m.agent, "cesnet:SIPRequestURI", m.request, "cesnet:SIPVia", "SIP/2.0/UDP "+m.client+":5060")
	},
	"unirec": func(m sipMessage) []byte {
		return pack(
			"DST_IP", m.server, "SRC_IP", m.client, "BYTES", m.octets[0], "BYTES_REV", m.octets[1], "TIME_LAST", float64(m.ms)/1000,
			"PACKETS", m.packets[0], "PACKETS_REV", m.packets[1], "DST_PORT", 5060, "SIP_STATUS_CODE", m.status, "SRC_PORT", m.port,
			"PROTOCOL", 17, "SIP_CALLED_PARTY", m.uri, "SIP_CALLING_PARTY", m.uri, "SIP_CSEQ", m.cseq, "SIP_USER_AGENT", m.agent)
	},
}

type sipMessage struct {
	ms                                                int64
	server, client, uri, cseq, agent, callID, request string
	port, kind, status                                int
	octets, packets                                   [2]int
}

func (m sipMessage) stamp() string {
	return fmt.Sprintf("2026-11-22T09:%02d:%02d.%03dZ", m.ms/60000%60, m.ms/1000%60, m.ms%1000)
}

// traffic makes records of the given exporters, mixed, as a chunk. relevant is the share of answers that count.
func traffic(records int, relevant float64, names ...string) (chunk []byte) {
	random := rand.New(rand.NewPCG(1, 2))
	ms := int64(1795340436788)
	for range records {
		ms += int64(random.IntN(8)) - 1
		m := sipMessage{
			ms: ms, server: "198.18.0.10", client: fmt.Sprintf("198.18.%d.%d", random.IntN(20), random.IntN(256)),
			uri: fmt.Sprintf("sip:%d@pbx.example.net", 1000+random.IntN(2000)), callID: fmt.Sprint(random.Uint32()), port: 5060,
		}
		size := 350 + random.IntN(300)
		switch share := random.Float64(); {
		case share < relevant:
			m.answer([]int{401, 401, 401, 404, 403, 200}[random.IntN(6)], "2 REGISTER", size)
		case share < 2*relevant:
			m.ask(5, "1 REGISTER", size)
		case share < 0.5+relevant:
			m.ask([]int{1, 2, 4, 6, 6, 8}[random.IntN(6)], fmt.Sprint(random.IntN(200), " OPTIONS"), size)
		default:
			m.answer([]int{200, 200, 200, 100, 180, 404}[random.IntN(6)], fmt.Sprint(random.IntN(200), " INVITE"), size)
		}
		chunk = append(chunk, 0x92, 0x92, 0xd7, 0, 0x6b, 2, byte(ms>>8), byte(ms), 0, 0, 0, 0, 0x80)
		chunk = append(chunk, exporters[names[random.IntN(len(names))]](m)...)
	}
	return chunk
}

func (m *sipMessage) ask(kind int, cseq string, size int) {
	m.kind, m.cseq, m.agent, m.request = kind, cseq, "Yealink SIP-T46U 108.86.0.90", "sip:pbx.example.net"
	m.octets, m.packets = [2]int{size, 0}, [2]int{1, 0}
}

func (m *sipMessage) answer(status int, cseq string, size int) {
	m.kind, m.status, m.cseq = 99, status, cseq
	m.octets, m.packets = [2]int{0, size}, [2]int{0, 1}
}

// pack writes keys and values as a msgpack map.
func pack(members ...any) []byte {
	out := msgp.AppendMapHeader(nil, uint32(len(members)/2))
	for _, m := range members {
		var err error
		if out, err = msgp.AppendIntf(out, m); err != nil {
			panic(err)
		}
	}
	return out
}

// perRecord runs f over the chunk and reports records a second.
func perRecord(b *testing.B, chunk []byte, records int, f func(chunk []byte)) {
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	f(chunk)
	for b.Loop() {
		f(chunk)
	}
	n := float64(b.N * records)
	b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/record")
}

func benchmarkChunk(b *testing.B, relevant float64, names ...string) {
	d := newDecoder(b, Options{})
	var batch Batch
	perRecord(b, traffic(mixRecords, relevant, names...), mixRecords, func(chunk []byte) {
		batch.Reset()
		d.Chunk(&batch, chunk)
	})
	if s := batch.Stats; s.Records != mixRecords || s.Relevant+s.Other != mixRecords {
		b.Fatalf("not all records were decoded: %+v", s)
	}
}

func BenchmarkChunkMix(b *testing.B)       { benchmarkChunk(b, relevantShare, "ipfixcol2", "unirec") }
func BenchmarkChunkIpfixcol2(b *testing.B) { benchmarkChunk(b, relevantShare, "ipfixcol2") }
func BenchmarkChunkUnirec(b *testing.B)    { benchmarkChunk(b, relevantShare, "unirec") }
func BenchmarkChunkRelevant(b *testing.B)  { benchmarkChunk(b, 1, "ipfixcol2", "unirec") }

// BenchmarkMsgpSkip is the measure: walking over the same chunk with tinylib/msgp, without a look at what is in it.
func BenchmarkMsgpSkip(b *testing.B) {
	for _, names := range [][]string{{"ipfixcol2", "unirec"}, {"ipfixcol2"}, {"unirec"}} {
		b.Run(fmt.Sprint(names), func(b *testing.B) {
			perRecord(b, traffic(mixRecords, relevantShare, names...), mixRecords, func(chunk []byte) {
				for len(chunk) > 0 {
					var err error
					if chunk, err = msgp.Skip(chunk); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
