package flow

import (
	"slices"

	"github.com/siphunt/siphunt/detect"
)

// table is a Mapping with a name. An exporter more is a table more.
type table struct {
	name string
	Mapping
}

// ipfixprobeMethods are the methods by ipfixprobe's message type; 99 is an answer. Others (MESSAGE, REFER...) it does not know.
var ipfixprobeMethods = []string{1: "INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "OPTIONS", "PUBLISH", "NOTIFY", "INFO", "SUBSCRIBE"}

// tables are the exporters known by name. Their order decides where a record fits two equally well.
var tables = []table{
	{"ipfixcol2", Mapping{ // JSON output of ipfixcol2 fed by ipfixprobe; the names say Microseconds whatever the unit is. en...: numericNames
		Time:            Paths{"iana:flowEndMicroseconds", "iana:flowEndMilliseconds", "iana:flowEndNanoseconds", "iana:flowEndSeconds", "en0:id155", "en0:id153", "en0:id157", "en0:id151"},
		Start:           Paths{"iana:flowStartMicroseconds", "iana:flowStartMilliseconds", "iana:flowStartNanoseconds", "iana:flowStartSeconds", "en0:id154", "en0:id152", "en0:id156", "en0:id150"},
		Source:          Paths{"iana:sourceIPv4Address", "iana:sourceIPv6Address", "en0:id8", "en0:id27"},
		Destination:     Paths{"iana:destinationIPv4Address", "iana:destinationIPv6Address", "en0:id12", "en0:id28"},
		SourcePort:      Paths{"iana:sourceTransportPort", "en0:id7"},
		DestinationPort: Paths{"iana:destinationTransportPort", "en0:id11"},
		Protocol:        Paths{"iana:protocolIdentifier", "en0:id4"},
		PacketsForward:  Paths{"iana:packetDeltaCount", "en0:id2"},
		PacketsReverse:  Paths{"iana@reverse:packetDeltaCount@reverse", "en29305:id2"},
		OctetsForward:   Paths{"iana:octetDeltaCount", "en0:id1"},
		OctetsReverse:   Paths{"iana@reverse:octetDeltaCount@reverse", "en29305:id1"},
		Status:          Paths{"cesnet:SIPStatusCode", "en8057:id101"},
		CSeq:            Paths{"cesnet:SIPCseq", "en8057:id108"},
		MessageType:     Paths{"cesnet:SIPMsgType", "en8057:id100"},
		CallID:          Paths{"cesnet:SIPCallID", "en8057:id102"},
		To:              Paths{"cesnet:SIPCalledParty", "en8057:id104"},
		From:            Paths{"cesnet:SIPCallingParty", "en8057:id103"},
		UserAgent:       Paths{"cesnet:SIPUserAgent", "en8057:id106"},
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
	{"suricata", Mapping{ // EVE: alerts with payload_printable, also as Elastic's integration has them, and the Lua output of conf/suricata
		Time:            Paths{"timestamp", "@timestamp"},
		Source:          Paths{"src_ip", "source.ip"},
		Destination:     Paths{"dest_ip", "destination.ip"},
		SourcePort:      Paths{"src_port", "source.port"},
		DestinationPort: Paths{"dest_port", "destination.port"},
		Protocol:        Paths{"proto", "network.transport"},
		Message:         Paths{"payload_printable", "suricata.eve.payload_printable"},
		Status:          Paths{"sip.code"},
		CSeq:            Paths{"sip.cseq"},
		Method:          Paths{"sip.method"},
		CallID:          Paths{"sip.call_id"},
		To:              Paths{"sip.to"},
		From:            Paths{"sip.from"},
		UserAgent:       Paths{"sip.user_agent"},
		Probe:           Paths{"host", "sensor_name"},
	}},
	{"packetbeat", Mapping{ // Elastic's integration Network Packet Capture has the same fields (network_traffic.sip)
		Time:            Paths{"@timestamp"},
		Source:          Paths{"source.ip"},
		Destination:     Paths{"destination.ip"},
		SourcePort:      Paths{"source.port"},
		DestinationPort: Paths{"destination.port"},
		Protocol:        Paths{"network.transport"},
		Message:         Paths{"event.original"},
		Status:          Paths{"sip.code"},
		CSeq:            Paths{"sip.cseq.method"},
		Method:          Paths{"sip.method"},
		CSeqNumber:      Paths{"sip.cseq.code"},
		CallID:          Paths{"sip.call_id"},
		To:              Paths{"sip.to.uri.original", "sip.to.uri.username"},
		From:            Paths{"sip.from.uri.original", "sip.from.uri.username"},
		UserAgent:       Paths{"sip.user_agent.original"},
		Probe:           Paths{"observer.name", "observer.hostname", "agent.name", "agent.hostname"},
	}},
	{"zeek", Mapping{ // sip.log as JSON, also as Elastic's integration has it: a transaction a record, its analyzer sees UDP only
		Time:          Paths{"ts", "@timestamp"},
		Client:        Paths{"id.orig_h", "source.ip"},
		Registrar:     Paths{"id.resp_h", "destination.ip"},
		ClientPort:    Paths{"id.orig_p", "source.port"},
		RegistrarPort: Paths{"id.resp_p", "destination.port"},
		Via:           Paths{"request_path.0", "zeek.sip.request.path.0"},
		URI:           Paths{"uri", "zeek.sip.uri"},
		Status:        Paths{"status_code", "zeek.sip.status.code"},
		CSeq:          Paths{"seq"},
		Method:        Paths{"method", "zeek.sip.sequence.method"},
		CSeqNumber:    Paths{"zeek.sip.sequence.number"},
		CallID:        Paths{"call_id", "zeek.sip.call_id"},
		To:            Paths{"response_to", "request_to", "zeek.sip.response.to", "zeek.sip.request.to"},
		From:          Paths{"request_from", "response_from", "zeek.sip.request.from", "zeek.sip.response.from"},
		UserAgent:     Paths{"user_agent", "zeek.sip.user_agent"},
		Probe:         Paths{"_system_name", "_node_name"}, // of Corelight
		Constants:     Constants{"protocol": "udp"},
	}},
	{"tshark", Mapping{ // -T ek, with -e and without
		Time:            Paths{"layers.frame_time_epoch", "layers.frame.frame_frame_time_epoch", "timestamp"},
		Source:          Paths{"layers.ip_src", "layers.ipv6_src", "layers.ip.ip_ip_src", "layers.ipv6.ipv6_ipv6_src"},
		Destination:     Paths{"layers.ip_dst", "layers.ipv6_dst", "layers.ip.ip_ip_dst", "layers.ipv6.ipv6_ipv6_dst"},
		SourcePort:      Paths{"layers.udp_srcport", "layers.tcp_srcport", "layers.udp.udp_udp_srcport", "layers.tcp.tcp_tcp_srcport"},
		DestinationPort: Paths{"layers.udp_dstport", "layers.tcp_dstport", "layers.udp.udp_udp_dstport", "layers.tcp.tcp_tcp_dstport"},
		Status:          Paths{"layers.sip_Status-Code", "layers.sip.sip_sip_Status-Code"},
		CSeq:            Paths{"layers.sip_CSeq_method", "layers.sip_CSeq", "layers.sip.sip_sip_CSeq_method"},
		Method:          Paths{"layers.sip_Method", "layers.sip.sip_sip_Method"},
		CSeqNumber:      Paths{"layers.sip_CSeq_seq", "layers.sip.sip_sip_CSeq_seq"},
		CallID:          Paths{"layers.sip_Call-ID", "layers.sip.sip_sip_Call-ID"},
		To:              Paths{"layers.sip_To", "layers.sip.sip_sip_To", "layers.sip_to_addr", "layers.sip_to_user"},
		From:            Paths{"layers.sip_From", "layers.sip.sip_sip_From", "layers.sip_from_addr", "layers.sip_from_user"},
		UserAgent:       Paths{"layers.sip_User-Agent", "layers.sip.sip_sip_User-Agent"},
		Carriers:        []detect.Transport{detect.UDP, detect.TCP, detect.UDP, detect.TCP},
	}},
	{"hep", Mapping{ // HEP, the protocol of Homer, decoded to JSON: flat; as Homer's database, as heplify-server, as HEP-js and HEPop have it
		Time:            Paths{"sec", "protocol_header.timeSeconds", "Tsec", "rcinfo.timeSeconds"},
		Microseconds:    Paths{"usec", "protocol_header.timeUseconds", "Tmsec", "rcinfo.timeUseconds"},
		Source:          Paths{"src", "protocol_header.srcIp", "SrcIP", "rcinfo.srcIp"},
		Destination:     Paths{"dst", "protocol_header.dstIp", "DstIP", "rcinfo.dstIp"},
		SourcePort:      Paths{"sport", "protocol_header.srcPort", "SrcPort", "rcinfo.srcPort"},
		DestinationPort: Paths{"dport", "protocol_header.dstPort", "DstPort", "rcinfo.dstPort"},
		Protocol:        Paths{"proto", "protocol_header.protocol", "Protocol", "rcinfo.protocol"},
		Message:         Paths{"msg", "raw", "Payload", "payload"},
		Probe:           Paths{"capture_id", "protocol_header.captureId", "NodeName", "rcinfo.captureId"},
	}},
	{"asterisk", Mapping{ // the security log: lines of text, or their fields as JSON
		Time:        Paths{"EventTV"},
		Client:      Paths{"RemoteAddress"},
		Registrar:   Paths{"LocalAddress"},
		Status:      Paths{"SecurityEvent"},
		CallID:      Paths{"SessionID"},
		To:          Paths{"AccountID"},
		Service:     Paths{"Service"},
		Services:    []string{"PJSIP", "SIP"},
		Unknown:     "<unknown>",
		Constants:   Constants{"method": "REGISTER"},
		StatusCodes: Codes{"ChallengeSent": 401, "ChallengeResponseFailed": 401, "InvalidPassword": 401, "InvalidAccountID": 404, "SuccessfulAuth": 200},
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
