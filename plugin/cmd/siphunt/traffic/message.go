package traffic

import (
	"net/netip"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// Message is a SIP message with what an exporter tells of it. Text holds for as long as the message is used.
type Message struct {
	Time           int64          // Unix milliseconds
	From, To       netip.AddrPort // sender and receiver
	Transport      detect.Transport
	Kind           int // ipfixprobe's message type
	Status         int
	CSeq           int
	Method         string
	Caller, Callee string // URIs of the From and To headers, without "sip:"
	CallID         uint64
	Agent          string
	Domain         string // of the Request-URI, empty in answers
	Octets         int
	Probe          int // number of who saw it, 0 where the collector does not tell
}

// ipfixprobe's message types.
const (
	TypeInvite    = 1
	TypeAck       = 2
	TypeBye       = 4
	TypeRegister  = 5
	TypeOptions   = 6
	TypeNotify    = 8
	TypeSubscribe = 10
	TypeAnswer    = 99
)

// Register makes a request for an account.
func Register(time int64, client, registrar netip.AddrPort, account string, agent string) Message {
	return Message{
		Time: time, From: client, To: registrar, Kind: TypeRegister, Method: "REGISTER", Caller: account, Callee: account,
		Agent: agent, Domain: account[strings.LastIndexByte(account, '@')+1:], Octets: 380 + len(account) + len(agent),
	}
}

// Answer turns a request into its answer.
func (m *Message) Answer(status int) {
	m.Kind, m.Status, m.Octets = TypeAnswer, status, m.Octets-20
	m.From, m.To = m.To, m.From
	m.Agent, m.Domain = "", ""
}

// client is who sent the request: the Via of both.
func (m *Message) client() netip.AddrPort {
	if m.Status > 0 {
		return m.To
	}
	return m.From
}

// protocol is the number of the transport (IANA).
func (m *Message) protocol() int {
	if m.Transport == detect.TCP {
		return 6
	}
	return 17
}

func (m *Message) viaTransport() string {
	if m.Transport == detect.TCP {
		return "TCP"
	}
	return "UDP"
}
