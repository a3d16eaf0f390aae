package traffic

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
	link // number of the probe
	probe
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
// addresses have names of their own: "?" stands for the version. Who saw a message it tells only where it is configured so.
var layouts = map[string][]field{
	Ipfixprobe: {
		{name: "DST_IP", what: destinationAddr},
		{name: "SRC_IP", what: sourceAddr},
		{name: "BYTES", what: octets},
		{name: "BYTES_REV"},
		{name: "LINK_BIT_FIELD", what: link},
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
		{name: "ipfix:srcAddr", what: probe}, // with detailedInfo only
	},
}
