package week

import (
	"math/rand/v2"
	"net/netip"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// ring is what is no REGISTER's answer nor its request: calls, subscriptions, keepalives of some hundred phones. The records
// come one after the other, again and again.
type ring struct {
	records []template
	next    int
}

// template is a record, and where its times are.
type template struct {
	bytes []byte
	times []int
}

// append writes the next record.
func (r *ring) append(b []byte, e *Encoder, ms int64) []byte {
	t := &r.records[r.next]
	if r.next++; r.next == len(r.records) {
		r.next = 0
	}
	at := len(b)
	b = append(b, t.bytes...)
	e.form.begin(b[:at], ms)
	for _, offset := range t.times {
		e.time(b[:at+offset], ms)
	}
	return b
}

// newRing writes 300 dialogs. Many of their messages are answers like those to REGISTER, but for the method.
func newRing(e *Encoder) ring {
	rng := rand.New(rand.NewPCG(0, 0))
	n := newNetwork(20)
	var r ring
	for range 300 {
		server := n.registrar(rng)
		client := netip.AddrPortFrom(n.phone(server), 5060)
		m := message{
			time: Start, from: client, to: netip.AddrPortFrom(server.addr, 5060),
			cseq: 1, callID: rng.Uint64(), caller: server.phone(), callee: server.phone(),
			agent: traffic.PhoneAgents[rng.IntN(len(traffic.PhoneAgents))], domain: server.domain, octets: 400 + rng.IntN(500),
		}
		for _, line := range dialogs[rng.IntN(len(dialogs))] {
			r.records = append(r.records, e.template(line.of(m)))
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
	{{typeInvite, "INVITE", 0}, {typeAnswer, "INVITE", 100}, {typeAnswer, "INVITE", 180}, {typeAnswer, "INVITE", 200},
		{typeAck, "ACK", 0}, {typeBye, "BYE", 0}, {typeAnswer, "BYE", 200}},
	{{typeInvite, "INVITE", 0}, {typeAnswer, "INVITE", 407}, {typeAck, "ACK", 0}, {typeInvite, "INVITE", 0},
		{typeAnswer, "INVITE", 100}, {typeAnswer, "INVITE", 404}, {typeAck, "ACK", 0}},
	{{typeInvite, "INVITE", 0}, {typeAnswer, "INVITE", 403}, {typeAck, "ACK", 0}},
	{{typeOptions, "OPTIONS", 0}, {typeAnswer, "OPTIONS", 200}},
	{{typeOptions, "OPTIONS", 0}, {typeAnswer, "OPTIONS", 404}},
	{{typeSubscribe, "SUBSCRIBE", 0}, {typeAnswer, "SUBSCRIBE", 401}, {typeSubscribe, "SUBSCRIBE", 0}, {typeAnswer, "SUBSCRIBE", 200},
		{typeNotify, "NOTIFY", 0}, {typeAnswer, "NOTIFY", 200}},
}

// of makes the message, from that of the client.
func (l line) of(m message) *message {
	m.kind, m.method = l.kind, l.method
	if l.status > 0 {
		m.answer(l.status)
	}
	return &m
}
