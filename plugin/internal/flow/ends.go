package flow

import (
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// ends fills in the two ends of the message, and what carried it.
func (d *Decoder) ends(m *message, f *detect.Flow, sourceIsRegistrar bool) {
	registrar, client, registrarPort, clientPort := fieldRegistrar, fieldClient, fieldRegistrarPort, fieldClientPort
	if !m.has(registrar) || !m.has(client) {
		registrar, client, registrarPort, clientPort = fieldSource, fieldDestination, fieldSourcePort, fieldDestinationPort
		if !sourceIsRegistrar {
			registrar, client, registrarPort, clientPort = client, registrar, clientPort, registrarPort
		}
	} else if m.lay.at[fieldVia]|m.lay.at[fieldURI] != 0 && m.turned() {
		registrar, client, registrarPort, clientPort = client, registrar, clientPort, registrarPort
	}
	from, ok := d.registrar.parse(m.text(registrar))
	if !ok {
		m.fault(NoAddress, registrar)
	}
	to, ok := parseEndpoint(m.text(client))
	if !ok {
		m.fault(NoAddress, client)
	}
	f.Registrar, f.RegistrarPort = from.addr, from.port
	f.Client, f.ClientPort = to.addr, to.port
	if port := uint16(m.integer(registrarPort, 1<<16-1)); port != 0 {
		f.RegistrarPort = port
	}
	if port := uint16(m.integer(clientPort, 1<<16-1)); port != 0 {
		f.ClientPort = port
	}
	if f.Transport = m.transport(); f.Transport == detect.TransportUnknown {
		f.Transport = to.transport
	}
}

// turned says whether the exporter has the two ends of a request the wrong way round, as it may where the server was the first
// to speak. The newest Via of the request names who sent it (RFC 3261 section 18.1.1), unless that is an address behind a NAT; the
// Request-URI of a REGISTER names who was asked (section 10.2), unless that is a name.
func (m *message) turned() bool {
	_, sentBy, _ := strings.Cut(trimLeft(m.text(fieldVia)), " ")
	client := m.text(fieldClient)
	if rest, ok := strings.CutPrefix(sentBy, client); ok && (rest == "" || class[rest[0]]&endsHost != 0) {
		return false // as nearly always
	}
	if m.isEnd(upTo(trimLeft(sentBy), endsWord), fieldRegistrar, fieldClient) {
		return true
	}
	_, uri := cutScheme(m.text(fieldURI))
	if _, host, hasUser := strings.Cut(uri, "@"); hasUser {
		uri = host
	}
	return m.isEnd(hostOnly(uri), fieldClient, fieldRegistrar)
}

// isEnd says whether text is the address of the one end, and not of the other.
func (m *message) isEnd(text string, end, other field) bool {
	named, ok := parseEndpoint(text)
	if !ok {
		return false
	}
	a, ok1 := parseEndpoint(m.text(end))
	b, ok2 := parseEndpoint(m.text(other))
	return ok1 && ok2 && named.addr == a.addr && named.addr != b.addr
}

// transport reads the protocol by name or by number (IANA). One that cannot carry SIP is unknown.
func (m *message) transport() detect.Transport {
	p := m.at(fieldProtocol)
	if p == 0 {
		if name := m.absent(fieldProtocol); name != "" {
			return transportOf(name)
		}
		return m.lay.carrier
	}
	if name, ok := stringAt(m.buf, p); ok && (name == "" || name[0] > '9') {
		return transportOf(name)
	}
	switch m.integer(fieldProtocol, 255) {
	case 6:
		return detect.TCP
	case 17:
		return detect.UDP
	case 132:
		return detect.SCTP
	}
	return detect.TransportUnknown
}

// transportOf reads the name of a protocol. TLS and WebSocket run over TCP.
func transportOf(name string) detect.Transport {
	for _, t := range [...]detect.Transport{detect.UDP, detect.TCP, detect.SCTP} {
		if strings.EqualFold(name, t.String()) {
			return t
		}
	}
	for _, overTCP := range [...]string{"tls", "ws", "wss"} {
		if strings.EqualFold(name, overTCP) {
			return detect.TCP
		}
	}
	return detect.TransportUnknown
}
