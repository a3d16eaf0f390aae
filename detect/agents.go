package detect

import "encoding/binary"

// agents remembers the User-Agents of recent requests: an attack is known only after its first requests have passed,
// and answers do not carry the name of the tool. It has a fixed number of places; a client takes one from another.
type agents struct {
	places [agentPlaces]agent
	tools  bool // one of them was an attack tool
}

const agentPlaces = 1 << 12

// agent is what a client called itself in its newest request, and whether it has ever called itself by the name of an attack tool.
type agent struct {
	registrar, client [16]byte
	tool              bool
	length            uint8
	text              [maxText]byte
}

// place is chosen by a hash that is the same in every process: what is forgotten must not differ from run to run.
func (a *agents) place(registrar, client *[16]byte) *agent {
	h := uint64(0)
	for _, b := range [][16]byte{*registrar, *client} {
		h = mix(h^binary.BigEndian.Uint64(b[:8])^0x9e3779b97f4a7c15, binary.BigEndian.Uint64(b[8:])^0xd1342543de82ef95)
	}
	return &a.places[h%agentPlaces]
}

func (a *agents) note(registrar, client *[16]byte, text string, tool bool) {
	p := a.place(registrar, client)
	if p.registrar != *registrar || p.client != *client {
		*p = agent{registrar: *registrar, client: *client}
	}
	p.length = uint8(copy(p.text[:], text))
	p.tool = p.tool || tool
	a.tools = a.tools || tool
}

// of returns what a client called itself, or "" if that is not known.
func (a *agents) of(registrar, client *[16]byte) string {
	p := a.place(registrar, client)
	if p.registrar != *registrar || p.client != *client {
		return ""
	}
	return string(p.text[:p.length])
}

// isTool tells whether a client has called itself by the name of an attack tool.
func (a *agents) isTool(registrar, client *[16]byte) bool {
	if !a.tools {
		return false
	}
	p := a.place(registrar, client)
	return p.tool && p.registrar == *registrar && p.client == *client
}

func (a *agents) encode(e *encoder) {
	used := 0
	for i := range a.places {
		if a.places[i].length > 0 {
			used++
		}
	}
	e.uint(uint64(used))
	for i := range a.places {
		if p := &a.places[i]; p.length > 0 {
			e.bytes(p.registrar[:])
			e.bytes(p.client[:])
			e.bytes(p.text[:p.length])
			e.used(p.tool)
		}
	}
}

func (a *agents) decode(in *decoder) {
	in.list(agentPlaces, func(int) {
		registrar, client := in.address(), in.address()
		text := in.text(maxText)
		a.note(&registrar, &client, text, in.used())
	})
}
