package week

import (
	"math/rand/v2"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// phone registers at regular intervals: 401, then 200; or 200 only, where it uses its nonce again.
type phone struct {
	server    *registrar
	client    netip.Addr
	port      uint16
	transport detect.Transport
	extension string
	agent     string
	callID    uint64

	start    int64 // first registration, Unix milliseconds
	interval int64 // milliseconds
	left     int   // answers still to come
	reuses   bool  // answers 200 only
	steady   bool  // loses no answer and makes no typing error

	registrations int  // so far
	wrong         int  // rejections still to come for a wrong password
	challenged    bool // the 200 comes next
}

// How often, of all registrations, something goes wrong.
const (
	lostAcceptances   = 0.005  // the 200 is lost on its way to the exporter
	typingErrors      = 0.0005 // somebody types the password anew, and wrong
	firstTypingErrors = 0.02   // likewise the first time
)

// answer implements source.
func (p *phone) answer(s *Step, rng *rand.Rand) int64 {
	p.identify(s)
	p.left--
	next := p.register(s, rng)
	if p.left == 0 {
		return 0
	}
	return next
}

// identify says who the answer is from and for.
func (p *phone) identify(s *Step) {
	f := &s.Flow
	f.Registrar, f.RegistrarPort = p.server.addr, 5060
	f.Client, f.ClientPort, f.Transport = p.client, p.port, p.transport
	f.Extension, f.UserAgent = p.extension, p.agent
	s.CallID, s.CSeq = p.callID, 1+2*p.registrations
}

// register gives the answer its status, and the time of the next.
func (p *phone) register(s *Step, rng *rand.Rand) int64 {
	now := s.Flow.Time
	if p.challenged || p.reuses {
		s.Flow.Status = 200
		s.CSeq++
		p.challenged = false
		return p.again(now, rng)
	}
	s.Flow.Status = 401
	if p.wrong > 0 {
		p.wrong--
		return now + 2_000 + rng.Int64N(10_000)
	}
	if !p.steady {
		luck, typing := rng.Float64(), typingErrors
		if p.registrations == 0 {
			typing = firstTypingErrors
		}
		if luck < typing {
			p.wrong = rng.IntN(6)
			return now + 2_000 + rng.Int64N(10_000)
		}
		if luck < typing+lostAcceptances {
			return p.again(now, rng)
		}
	}
	p.challenged = true
	return now + 20 + rng.Int64N(200)
}

// again is when the phone registers next: on its schedule, give or take a tenth.
func (p *phone) again(now int64, rng *rand.Rand) int64 {
	p.registrations++
	jitter := int64(float64(p.interval) * 0.1 * (2*rng.Float64() - 1))
	return max(now+1_000, p.start+int64(p.registrations)*p.interval+jitter)
}

// misconfigured is a phone whose password was changed on the server: it worked, and now retries until somebody looks.
// Every retry gets two challenges, one before the credentials and one for them.
type misconfigured struct {
	phone   phone
	truth   *Attack
	broken  int64 // when, Unix milliseconds
	retries int   // rejections still to come
	gap     int64 // milliseconds from one to the next
}

// answer implements source.
func (m *misconfigured) answer(s *Step, rng *rand.Rand) int64 {
	if m.phone.left > 0 {
		next := m.phone.answer(s, rng)
		if m.phone.left == 0 {
			next = max(s.Flow.Time+1_000, m.broken)
		}
		return next
	}
	m.phone.identify(s)
	s.Flow.Status = 401
	m.truth.count(&s.Flow, m.phone.client)
	m.retries--
	if m.retries == 0 {
		return 0
	}
	return s.Flow.Time + m.gap/2 + rng.Int64N(m.gap)
}
