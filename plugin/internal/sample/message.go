package sample

import "github.com/tinylib/msgp/msgp"

// The exporters. They write the fields that a user would have Fluent Bit keep: ipfixcol2 without MAC addresses and TCP
// flags (24 fields), UniRec with what the detector reads (15).
const (
	Ipfixcol2 = "ipfixcol2"
	UniRec    = "unirec"
)

var exporterFields = map[string]func(m *message) []byte{
	Ipfixcol2: func(m *message) []byte {
		at := string(appendStamp(nil, m.ms))
		return pack(
			"@type", "ipfix.entry", "iana:flowEndReason", 4,
			"iana:octetDeltaCount", m.octets[0], "iana@reverse:octetDeltaCount@reverse", m.octets[1],
			"iana:packetDeltaCount", m.packets[0], "iana@reverse:packetDeltaCount@reverse", m.packets[1],
			"iana:flowStartMicroseconds", at, "iana:flowEndMicroseconds", at,
			"iana:ipVersion", 4, "iana:protocolIdentifier", "UDP",
			"iana:sourceTransportPort", m.port, "iana:destinationTransportPort", 5060, "iana:ingressInterface", 0,
			"iana:sourceIPv4Address", m.client, "iana:destinationIPv4Address", m.server,
			"cesnet:SIPMsgType", m.kind, "cesnet:SIPStatusCode", status(m.status), "cesnet:SIPCseq", m.cseq,
			"cesnet:SIPCallingParty", m.uri(), "cesnet:SIPCalledParty", m.uri(), "cesnet:SIPCallID", m.callID,
			"cesnet:SIPUserAgent", m.agent, "cesnet:SIPRequestURI", m.request, "cesnet:SIPVia", "SIP/2.0/UDP "+m.client+":5060")
	},
	UniRec: func(m *message) []byte {
		return pack(
			"DST_IP", m.server, "SRC_IP", m.client, "BYTES", m.octets[0], "BYTES_REV", m.octets[1], "TIME_LAST", float64(m.ms)/1000,
			"PACKETS", m.packets[0], "PACKETS_REV", m.packets[1], "DST_PORT", 5060, "SIP_STATUS_CODE", status(m.status), "SRC_PORT", m.port,
			"PROTOCOL", 17, "SIP_CALLED_PARTY", m.uri(), "SIP_CALLING_PARTY", m.uri(), "SIP_CSEQ", m.cseq, "SIP_USER_AGENT", m.agent)
	},
}

// message is one SIP message, as a biflow of the client has it.
type message struct {
	ms                                                 int64
	server, client, user, cseq, agent, callID, request string
	port, kind, status                                 int
	octets, packets                                    [2]int // from the client, from the server
}

// status is written in two bytes, so that all of them take the same room.
type status uint16

func (m *message) uri() string { return "sip:" + m.user + "@pbx.example.net" }

func (m *message) ask(kind int, cseq string, size int) {
	m.kind, m.cseq, m.agent, m.request = kind, cseq, "Yealink SIP-T46U 108.86.0.90", "sip:pbx.example.net"
	m.octets, m.packets = [2]int{size, 0}, [2]int{1, 0}
}

func (m *message) answer(status int, cseq string, size int) {
	m.kind, m.status, m.cseq = 99, status, cseq
	m.octets, m.packets = [2]int{0, size}, [2]int{0, 1}
}

// pack writes keys and values as a msgpack map.
func pack(members ...any) []byte {
	out := msgp.AppendMapHeader(nil, uint32(len(members)/2))
	for _, m := range members {
		switch m := m.(type) {
		case status:
			out = append(out, 0xcd, byte(m>>8), byte(m))
		case int:
			out = msgp.AppendUint64(out, uint64(m)) // as Fluent Bit writes them: unsigned, and as short as can be
		case string:
			out = msgp.AppendString(out, m)
		case float64:
			out = msgp.AppendFloat64(out, m)
		default:
			panic(m)
		}
	}
	return out
}
