package network

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// The exporter models.
const (
	Prompt     = "prompt"     // records leave at once
	Ipfixprobe = "ipfixprobe" // the last of a flow leaves after 30 s of silence, or at the active timeout of 300 s
	Active30   = "active30"   // the same with an active timeout of 30 s
	TwoProbes  = "two-probes" // records leave at once, and everything is seen twice
)

// model is what an exporter does to a record's way.
type model struct {
	silence, active int64 // timeouts of a flow, 0 where each message leaves at once
	doubled         bool  // everything is seen by two probes
}

// Exporters are the names of all models.
var Exporters = []string{Prompt, Ipfixprobe, Active30, TwoProbes}

var models = map[string]model{
	Prompt:     {},
	Ipfixprobe: {silence: 30 * traffic.Second, active: 300 * traffic.Second},
	Active30:   {silence: 30 * traffic.Second, active: 30 * traffic.Second},
	TwoProbes:  {doubled: true},
}

const (
	lostPercent      = 5                   // of records
	belatedPercent   = 1                   // of records are out of order
	mostBelated      = 40 * traffic.Second // by this much
	nearest, farther = 20, 2000            // milliseconds from one probe to the other
)

// party is a client at a registrar: all its messages have this in common.
type party struct {
	server     *registrar
	client     netip.Addr
	port       uint16
	transport  detect.Transport
	extension  string
	agent      string
	keepalives bool   // CRLF pings keep its flow from falling silent
	late       int64  // by how much whoever sends them makes records late
	spelling   string // of the account's URI, without "sip:"; empty where it is the extension
	session    uint64 // the Call-ID
	cseq       int
}

// Record is a message as an exporter tells of it: the flow, and what names the message.
type Record struct {
	detect.Flow
	CallID   uint64
	CSeq     int
	Spelling string // of the account's URI, without "sip:"; empty where it is the flow's Extension
	Probe    int    // number of who saw it, 0 where nobody says
}

// message is one SIP message with what an exporter tells of it.
type message struct {
	party  *party
	at     int64
	status uint16 // 0 is a request
	gap    int64  // until the next message of this flow
}

// link takes messages to whoever reads records.
type link struct {
	traffic.Dice
	model model
	end   int64
	queue traffic.Queue[int32] // records under way, by arrival
	slots []Record
	free  []int32
}

// records is how often a message was recorded.
type records struct {
	n    int // named probes tell that two records are of one message
	only int // number of the one of two named probes that has recorded it alone, otherwise 0
}

// send lets a message pass.
func (l *link) send(m *message) records {
	if m.at >= l.end {
		return records{}
	}
	p := m.party
	s := p.server
	r := Record{
		Flow: detect.Flow{
			Time: m.at, Registrar: s.addr, Client: p.client, RegistrarPort: 5060, ClientPort: p.port,
			Transport: p.transport, Status: m.status, Extension: p.extension,
		},
		CallID: p.session, CSeq: p.cseq, Spelling: p.spelling,
	}
	if m.status == 0 {
		r.UserAgent = p.agent
		r.CSeq++ // the answers to come count it
	}
	if s.named {
		r.seenBy(1)
	}
	first := l.record(&r, m)
	if !s.doubled {
		return records{n: first}
	}
	r.Time += l.Between(nearest, farther)
	if s.named {
		r.seenBy(2)
	}
	second := l.record(&r, m)
	switch {
	case !s.named:
		return records{n: first + second}
	case first == second:
		return records{n: first}
	}
	return records{n: 1, only: first + 2*second}
}

// seenBy names the probe; then messages have names, too.
func (r *Record) seenBy(probe int) {
	r.Probe = probe
	r.Flow.Probe, r.Message = traffic.ProbeName(probe), r.CallID+0x9e3779b97f4a7c15*uint64(r.CSeq)
}

// record puts a record on its way, unless it is lost.
func (l *link) record(r *Record, m *message) int {
	if l.Percent(lostPercent) {
		return 0
	}
	at := r.Time + m.party.late + l.Int64N(traffic.Second)
	switch {
	case l.model.silence == 0:
	case m.party.keepalives:
		at += min(m.gap, l.model.active)
	default:
		at += min(m.gap, l.model.silence)
	}
	if l.Percent(belatedPercent) {
		at += l.Int64N(mostBelated)
	}
	var slot int32
	if n := len(l.free); n > 0 {
		slot, l.free = l.free[n-1], l.free[:n-1]
		l.slots[slot] = *r
	} else {
		slot = int32(len(l.slots))
		l.slots = append(l.slots, *r)
	}
	l.queue.Push(at, slot)
	return 1
}

// receive takes the record that arrives first.
func (l *link) receive(r *Record) {
	slot := l.queue.Pop().Item
	*r = l.slots[slot]
	l.free = append(l.free, slot)
}

// answer is one answer of a dialog, and how long it takes.
type answer struct {
	status uint16
	after  int64
}

// tally counts what was recorded of a dialog.
type tally interface {
	recorded(status uint16, r records, at int64)
}

// dialog sends the answers that a client gets from now on. Each is recorded when the next message of its flow passes, or
// when there is none for long: next is when the client acts again.
func (l *link) dialog(p *party, now int64, answers []answer, next int64, t tally) {
	m := message{party: p, at: now}
	for i, a := range answers {
		m.at += a.after
		m.status, m.gap = a.status, max(0, next-m.at)
		if i+1 < len(answers) {
			m.gap = answers[i+1].after
		}
		p.cseq++
		t.recorded(a.status, l.send(&m), m.at)
	}
}

// request sends a request: it says who the client claims to be.
func (l *link) request(p *party, now int64) {
	l.send(&message{party: p, at: now})
}
