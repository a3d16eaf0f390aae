package week

import (
	"math/rand/v2"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// attack guesses at one account or at many, from one address or from many.
//
// It goes round its members (the bots of a distributed attack, the extensions of a scan, else one), and makes turn guesses
// at each before the next has its turn. Over IPv6 every guess comes from another address of the /64.
type attack struct {
	truth   *Attack
	server  *registrar
	clients []netip.Addr
	agent   string
	port    uint16
	callID  uint64

	members  int
	turn     int
	guesses  int     // to be made in all
	done     int     // made so far
	gap      float64 // mean milliseconds from guess to guess
	succeeds bool    // ends with a 200

	denies bool // the server answers the credentials with 403: two rejections a guess
	denied bool // that 403 comes next
	leaky  bool // the server answers 404 where there is no such account
}

// answer implements source.
func (a *attack) answer(s *Step, rng *rand.Rand) int64 {
	member := a.done / a.turn % a.members
	if a.done == a.guesses {
		member = 0
	}
	client := a.clients[min(member, len(a.clients)-1)]
	f := &s.Flow
	f.Registrar, f.RegistrarPort = a.server.addr, 5060
	f.Client, f.ClientPort = client, a.port
	f.UserAgent = a.agent
	f.Extension = a.truth.Extension
	if f.Extension == "" {
		f.Extension = a.server.account(firstNumber + member)
	}
	f.Status = a.status(member)
	if client.Is6() {
		f.Client = traffic.Within(client, rng)
	}
	// svcrack's whole attack is one call with one number.
	s.CallID, s.CSeq = a.callID, 2
	a.truth.count(f, client)
	return a.next(f, rng)
}

// status is what the server says next.
func (a *attack) status(member int) uint16 {
	switch {
	case a.done == a.guesses:
		return 200
	case a.denied:
		return 403
	case a.leaky && !exists(member):
		return 404
	}
	return 401
}

// exists says whether a server that admits it has the account: every sixth after the first dozen.
func exists(member int) bool { return member >= 12 && member%6 == 0 }

// next moves on to the next answer and gives its time.
func (a *attack) next(f *detect.Flow, rng *rand.Rand) int64 {
	if f.Status == 200 {
		return 0
	}
	if a.denies && !a.denied {
		a.denied = true
		return f.Time + 20
	}
	a.denied = false
	a.done++
	if a.done == a.guesses && !a.succeeds {
		return 0
	}
	return f.Time + max(1, int64(a.gap*(0.5+rng.Float64())))
}

// challenges is how many 401s the attack will get.
func (a *attack) challenges() int {
	if !a.leaky {
		return a.guesses
	}
	n := 0
	for member := range a.members {
		if exists(member) {
			n++
		}
	}
	return n
}

// further is how many 403s and 404s it will get.
func (a *attack) further() int {
	switch {
	case a.denies:
		return a.guesses
	case a.leaky:
		return a.guesses - a.challenges()
	}
	return 0
}

// longest is the time in milliseconds that it takes at most.
func (a *attack) longest() int64 { return int64(a.gap*1.5+20)*int64(a.guesses) + 1 }
