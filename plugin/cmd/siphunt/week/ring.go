package week

import (
	"math/rand/v2"
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// ring is what is no REGISTER's answer nor its request: calls, subscriptions, keepalives of some hundred phones. The records
// come one after the other, again and again.
type ring struct {
	records []traffic.Template
	next    int
}

// append writes the next record.
func (r *ring) append(b []byte, e *traffic.Encoder, ms int64) []byte {
	t := &r.records[r.next]
	if r.next++; r.next == len(r.records) {
		r.next = 0
	}
	return e.AppendTemplate(b, t, ms)
}

// newRing writes 300 dialogs. Many of their messages are answers like those to REGISTER, but for the method.
func newRing(e *traffic.Encoder) ring {
	rng := rand.New(rand.NewPCG(0, 0))
	n := newNetwork(20)
	var r ring
	for range 300 {
		server := n.registrar(rng)
		client := netip.AddrPortFrom(n.phone(server), 5060)
		m := traffic.Message{
			Time: Start, From: client, To: netip.AddrPortFrom(server.addr, 5060),
			CSeq: 1, CallID: rng.Uint64(), Caller: server.phone(), Callee: server.phone(),
			Agent: traffic.PhoneAgents[rng.IntN(len(traffic.PhoneAgents))], Domain: server.domain, Octets: 400 + rng.IntN(500),
		}
		for _, line := range dialogs[rng.IntN(len(dialogs))] {
			r.records = append(r.records, e.Template(line.of(m)))
		}
	}
	return r
}

// line is a message of a dialog.
type line struct {
	kind   int
	method string
	status int
}

// dialogs are what phones do when they do not register.
var dialogs = [][]line{
	{{traffic.TypeInvite, "INVITE", 0}, {traffic.TypeAnswer, "INVITE", 100}, {traffic.TypeAnswer, "INVITE", 180}, {traffic.TypeAnswer, "INVITE", 200},
		{traffic.TypeAck, "ACK", 0}, {traffic.TypeBye, "BYE", 0}, {traffic.TypeAnswer, "BYE", 200}},
	{{traffic.TypeInvite, "INVITE", 0}, {traffic.TypeAnswer, "INVITE", 407}, {traffic.TypeAck, "ACK", 0}, {traffic.TypeInvite, "INVITE", 0},
		{traffic.TypeAnswer, "INVITE", 100}, {traffic.TypeAnswer, "INVITE", 404}, {traffic.TypeAck, "ACK", 0}},
	{{traffic.TypeInvite, "INVITE", 0}, {traffic.TypeAnswer, "INVITE", 403}, {traffic.TypeAck, "ACK", 0}},
	{{traffic.TypeOptions, "OPTIONS", 0}, {traffic.TypeAnswer, "OPTIONS", 200}},
	{{traffic.TypeOptions, "OPTIONS", 0}, {traffic.TypeAnswer, "OPTIONS", 404}},
	{{traffic.TypeSubscribe, "SUBSCRIBE", 0}, {traffic.TypeAnswer, "SUBSCRIBE", 401}, {traffic.TypeSubscribe, "SUBSCRIBE", 0}, {traffic.TypeAnswer, "SUBSCRIBE", 200},
		{traffic.TypeNotify, "NOTIFY", 0}, {traffic.TypeAnswer, "NOTIFY", 200}},
}

// of makes the message, from that of the client.
func (l line) of(m traffic.Message) *traffic.Message {
	m.Kind, m.Method = l.kind, l.method
	if l.status > 0 {
		m.Answer(l.status)
	}
	return &m
}
