package detect

import "net/netip"

// Flow is one SIP message as a collector reported it, brought to one form whatever exporter wrote it.
//
// The detector counts answers (Status > 0). Of requests (Status 0) it takes only the evidence: their User-Agent.
// Strings are borrowed: they need to stay valid during the call of Observe only; what is kept is copied.
type Flow struct {
	Time          int64      // when the message was on the wire, Unix time in milliseconds
	Registrar     netip.Addr // the server: sender of the answer, receiver of the request
	Client        netip.Addr // the other end
	RegistrarPort uint16     // 0 where unknown
	ClientPort    uint16     // 0 where unknown
	Transport     Transport
	Status        uint16 // status code of an answer (RFC 3261 section 7.2), 0 for a request
	Extension     string // account of the To header, else From: user@domain with the domain in lower case, never empty in an answer
	UserAgent     string // may be empty
	Probe         string // name of the exporter that saw it, may be empty
	Message       uint64 // hash of Call-ID and CSeq, the same in every process; 0 where unknown, or where Probe is empty
}

// Transport is the protocol below SIP.
type Transport uint8

// The transports that exporters tell apart.
const (
	TransportUnknown Transport = iota
	UDP
	TCP
	SCTP
)

// String gives the name that the Elastic Common Schema has in network.transport, empty where unknown.
func (t Transport) String() string {
	return [...]string{"", "udp", "tcp", "sctp"}[t]
}
