package flow

import "slices"

// table is a Mapping with a name. An exporter more is a table more.
type table struct {
	name string
	Mapping
}

// ipfixprobeMethods are the methods by ipfixprobe's message type; 99 is an answer. Others (MESSAGE, REFER...) it does not know.
var ipfixprobeMethods = []string{1: "INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "OPTIONS", "PUBLISH", "NOTIFY", "INFO", "SUBSCRIBE"}

// tables are the exporters known by name. Their order decides where a record fits two equally well.
var tables = []table{
	{"ipfixcol2", Mapping{ // JSON output of ipfixcol2 fed by ipfixprobe; the names say Microseconds whatever the unit is
		Time:            Paths{"iana:flowEndMicroseconds", "iana:flowEndMilliseconds", "iana:flowEndNanoseconds", "iana:flowEndSeconds"},
		Start:           Paths{"iana:flowStartMicroseconds", "iana:flowStartMilliseconds", "iana:flowStartNanoseconds", "iana:flowStartSeconds"},
		Source:          Paths{"iana:sourceIPv4Address", "iana:sourceIPv6Address"},
		Destination:     Paths{"iana:destinationIPv4Address", "iana:destinationIPv6Address"},
		SourcePort:      Paths{"iana:sourceTransportPort"},
		DestinationPort: Paths{"iana:destinationTransportPort"},
		Protocol:        Paths{"iana:protocolIdentifier"},
		PacketsForward:  Paths{"iana:packetDeltaCount"},
		PacketsReverse:  Paths{"iana@reverse:packetDeltaCount@reverse"},
		OctetsForward:   Paths{"iana:octetDeltaCount"},
		OctetsReverse:   Paths{"iana@reverse:octetDeltaCount@reverse"},
		Status:          Paths{"cesnet:SIPStatusCode"},
		CSeq:            Paths{"cesnet:SIPCseq"},
		MessageType:     Paths{"cesnet:SIPMsgType"},
		CallID:          Paths{"cesnet:SIPCallID"},
		To:              Paths{"cesnet:SIPCalledParty"},
		From:            Paths{"cesnet:SIPCallingParty"},
		UserAgent:       Paths{"cesnet:SIPUserAgent"},
		Probe:           Paths{"ipfix:srcAddr"}, // with detailedInfo
		ProbeDomain:     Paths{"ipfix:odid"},
		Methods:         ipfixprobeMethods,
	}},
	{"ipfixprobe", Mapping{ // UniRec, the record format of NEMEA, as JSON
		Time:            Paths{"TIME_LAST"},
		Start:           Paths{"TIME_FIRST"},
		Source:          Paths{"SRC_IP"},
		Destination:     Paths{"DST_IP"},
		SourcePort:      Paths{"SRC_PORT"},
		DestinationPort: Paths{"DST_PORT"},
		Protocol:        Paths{"PROTOCOL"},
		PacketsForward:  Paths{"PACKETS"},
		PacketsReverse:  Paths{"PACKETS_REV"},
		OctetsForward:   Paths{"BYTES"},
		OctetsReverse:   Paths{"BYTES_REV"},
		Status:          Paths{"SIP_STATUS_CODE"},
		CSeq:            Paths{"SIP_CSEQ"},
		MessageType:     Paths{"SIP_MSG_TYPE"},
		CallID:          Paths{"SIP_CALL_ID"},
		To:              Paths{"SIP_CALLED_PARTY"},
		From:            Paths{"SIP_CALLING_PARTY"},
		UserAgent:       Paths{"SIP_USER_AGENT"},
		Probe:           Paths{"LINK_BIT_FIELD"},
		Methods:         ipfixprobeMethods,
	}},
}

// Names of the formats that are no table.
const (
	formatAuto   = "auto"
	formatCustom = "custom"
)

// Formats lists the values of Options.Format.
func Formats() []string {
	names := []string{formatAuto}
	for _, t := range tables {
		names = append(names, t.name)
	}
	slices.Sort(names[1:])
	return append(names, formatCustom)
}
