package week

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// message is a SIP message with what an exporter tells of it. Text holds for as long as the message is used.
type message struct {
	time      int64
	from, to  netip.AddrPort // sender and receiver
	transport detect.Transport
	kind      int // ipfixprobe's message type
	status    int
	cseq      int
	method    string
	caller    string // user@domain of the From header
	callee    string // of the To header
	callID    uint64
	agent     string
	domain    string // of the Request-URI, empty in answers
	octets    int
}

// ipfixprobe's message types.
const (
	typeInvite, typeAck, typeBye, typeRegister, typeOptions, typeNotify, typeSubscribe = 1, 2, 4, 5, 6, 8, 10
	typeAnswer                                                                         = 99
)

// what a field of a record holds.
type what uint8

const (
	constant  what = iota // what the layout says
	timestamp             // of the message
	sourceAddr
	destinationAddr
	sourcePort
	destinationPort
	protocol
	packets
	octets
	messageType
	statusCode
	cseq
	calling
	called
	callID
	userAgent
	requestURI
	via
)

// field is one of a record.
type field struct {
	name string
	what what
	text string // a constant, empty for the number
	n    int
}

// What the names of fields can be: as the formats of siphunt.toml.
const (
	Ipfixprobe = "ipfixprobe"
	Ipfixcol2  = "ipfixcol2"
)

// layouts are the fields of a record: what ipfixprobe gives with `-s cache;split`, where the source is the sender and
// nothing is in the reverse direction, as UniRec, and through ipfixcol2. There IPv6
// addresses have names of their own: "?" stands for the version.
var layouts = map[string][]field{
	Ipfixprobe: {
		{name: "DST_IP", what: destinationAddr},
		{name: "SRC_IP", what: sourceAddr},
		{name: "BYTES", what: octets},
		{name: "BYTES_REV"},
		{name: "LINK_BIT_FIELD", n: 1},
		{name: "TIME_FIRST", what: timestamp},
		{name: "TIME_LAST", what: timestamp},
		{name: "PACKETS", what: packets},
		{name: "PACKETS_REV"},
		{name: "DST_PORT", what: destinationPort},
		{name: "SIP_MSG_TYPE", what: messageType},
		{name: "SIP_STATUS_CODE", what: statusCode},
		{name: "SRC_PORT", what: sourcePort},
		{name: "DIR_BIT_FIELD"},
		{name: "PROTOCOL", what: protocol},
		{name: "TCP_FLAGS"},
		{name: "TCP_FLAGS_REV"},
		{name: "SIP_CALLED_PARTY", what: called},
		{name: "SIP_CALLING_PARTY", what: calling},
		{name: "SIP_CALL_ID", what: callID},
		{name: "SIP_CSEQ", what: cseq},
		{name: "SIP_REQUEST_URI", what: requestURI},
		{name: "SIP_USER_AGENT", what: userAgent},
		{name: "SIP_VIA", what: via},
	},
	Ipfixcol2: {
		{name: "@type", text: "ipfix.entry"},
		{name: "iana:flowEndReason", n: 4},
		{name: "iana:octetDeltaCount", what: octets},
		{name: "iana@reverse:octetDeltaCount@reverse"},
		{name: "iana:packetDeltaCount", what: packets},
		{name: "iana@reverse:packetDeltaCount@reverse"},
		{name: "iana:flowStartMicroseconds", what: timestamp},
		{name: "iana:flowEndMicroseconds", what: timestamp},
		{name: "iana:protocolIdentifier", what: protocol},
		{name: "iana:sourceTransportPort", what: sourcePort},
		{name: "iana:destinationTransportPort", what: destinationPort},
		{name: "iana:ingressInterface"},
		{name: "iana:sourceIPv?Address", what: sourceAddr},
		{name: "iana:destinationIPv?Address", what: destinationAddr},
		{name: "cesnet:SIPMsgType", what: messageType},
		{name: "cesnet:SIPStatusCode", what: statusCode},
		{name: "cesnet:SIPCseq", what: cseq},
		{name: "cesnet:SIPCallingParty", what: calling},
		{name: "cesnet:SIPCalledParty", what: called},
		{name: "cesnet:SIPCallID", what: callID},
		{name: "cesnet:SIPUserAgent", what: userAgent},
		{name: "cesnet:SIPRequestURI", what: requestURI},
		{name: "cesnet:SIPVia", what: via},
	},
}

// answer turns a request into its answer.
func (m *message) answer(status int) {
	m.kind, m.status, m.octets = typeAnswer, status, m.octets-20
	m.from, m.to = m.to, m.from
	m.agent, m.domain = "", ""
}

// client is who sent the request: the Via of both.
func (m *message) client() netip.AddrPort {
	if m.status > 0 {
		return m.to
	}
	return m.from
}

// protocol is the number of the transport (IANA).
func (m *message) protocol() int {
	if m.transport == detect.TCP {
		return 6
	}
	return 17
}

func (m *message) viaTransport() string {
	if m.transport == detect.TCP {
		return "TCP"
	}
	return "UDP"
}
