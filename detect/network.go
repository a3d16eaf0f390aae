package detect

import "encoding/binary"

// network is an IPv6 network of clients at a registrar.
type network struct {
	registrar uint32
	prefix    [networkBits / 8]byte
}

// networkBits is the size of a network that sites are commonly given (RFC 6177), and attackers move in.
const networkBits = 48

func networkOf(c *client) (network, bool) {
	if binary.BigEndian.Uint64(c.address[:8]) == 0 { // a mapped IPv4 address
		return network{}, false
	}
	return network{c.registrar, [networkBits / 8]byte(c.address[:])}, true
}

// networkGroup returns the group of the network of a client, made where there is none and it is wanted; nil for IPv4.
func (m *suspicion) networkGroup(c *client, wanted bool) *group {
	n, ok := networkOf(c)
	if !ok {
		return nil
	}
	gi := m.networks[n]
	if gi == 0 {
		if !wanted {
			return nil
		}
		gi, _ = m.groups.Allocate()
		m.networks[n] = gi
	}
	return m.groups.At(gi)
}

// releaseNetwork frees the group of the network of a client if it counts nothing.
func (m *suspicion) releaseNetwork(c *client) {
	if n, ok := networkOf(c); ok {
		if gi := m.networks[n]; gi != 0 && m.groups.At(gi).isEmpty() {
			m.groups.Release(gi)
			delete(m.networks, n)
		}
	}
}
