package flow

import (
	"errors"
	"fmt"
	"strings"
)

// Mapping says in which fields an exporter writes what. Each meaning has candidate paths, of which the first that is in a
// record counts. A path is the record's keys from the outside in, joined by dots: "sip.code" is the key code in the map
// sip, and just as well the key "sip.code". Values may be wrapped in an array of one.
//
// Who sent the message is told by the packet counters where a record has them (see direction), else the source did. Where
// an exporter knows the two ends by their roles, Client and Registrar are given instead of Source and Destination.
//
// The TOML keys are written below; a path may be given as a string, several as an array of strings.
type Mapping struct {
	Time       Paths  `toml:"time"`        // when the message was sent; without it the record's event time is taken
	Start      Paths  `toml:"start"`       // when the flow began: near the time of an answer whose record holds later packets too
	TimeFormat string `toml:"time_format"` // of numbers: "s", "ms", "us", "ns", or "auto" (default): by magnitude

	Source          Paths `toml:"source"` // addresses
	Destination     Paths `toml:"destination"`
	SourcePort      Paths `toml:"source_port"`
	DestinationPort Paths `toml:"destination_port"`
	Client          Paths `toml:"client"` // instead of source and destination
	Registrar       Paths `toml:"registrar"`
	ClientPort      Paths `toml:"client_port"`
	RegistrarPort   Paths `toml:"registrar_port"`
	Protocol        Paths `toml:"protocol"` // name or number

	PacketsForward Paths `toml:"packets_forward"` // counters of source to destination
	PacketsReverse Paths `toml:"packets_reverse"`
	OctetsForward  Paths `toml:"octets_forward"`
	OctetsReverse  Paths `toml:"octets_reverse"`

	Status      Paths `toml:"status"`       // status code, a number or a string of digits; 0 or missing in requests
	CSeq        Paths `toml:"cseq"`         // "2 REGISTER"
	Method      Paths `toml:"method"`       // "REGISTER", where there is no CSeq
	CSeqNumber  Paths `toml:"cseq_number"`  // 2, where CSeq is the method alone
	MessageType Paths `toml:"message_type"` // number of the method; 0 where the record is no SIP
	CallID      Paths `toml:"call_id"`
	To          Paths `toml:"to"` // URI, user, or the whole header
	From        Paths `toml:"from"`
	UserAgent   Paths `toml:"user_agent"`
	Probe       Paths `toml:"probe"`        // name or number of the exporter that saw the message
	ProbeDomain Paths `toml:"probe_domain"` // number of its part that did, where it has several

	// Methods are the request methods by MessageType, for built-in tables.
	Methods []string `toml:"-"`
}

// Paths are the candidates for one meaning, best first.
type Paths []string

// UnmarshalTOML takes a string or an array of strings.
func (p *Paths) UnmarshalTOML(value any) error {
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	*p = nil
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("%v is no field path: write a string like \"sip.code\", or an array of them", v)
		}
		*p = append(*p, s)
	}
	return nil
}

// field is a meaning that a record's value can have.
type field uint8

const (
	fieldTime field = iota
	fieldStart
	fieldSource
	fieldDestination
	fieldSourcePort
	fieldDestinationPort
	fieldClient
	fieldRegistrar
	fieldClientPort
	fieldRegistrarPort
	fieldProtocol
	fieldPacketsForward
	fieldPacketsReverse
	fieldOctetsForward
	fieldOctetsReverse
	fieldStatus
	fieldCSeq
	fieldMethod
	fieldCSeqNumber
	fieldMessageType
	fieldCallID
	fieldTo
	fieldFrom
	fieldUserAgent
	fieldProbe
	fieldProbeDomain
	numFields
)

// fieldNames are the meanings' TOML keys.
var fieldNames = [numFields]string{
	"time", "start", "source", "destination", "source_port", "destination_port", "client", "registrar", "client_port",
	"registrar_port", "protocol", "packets_forward", "packets_reverse", "octets_forward", "octets_reverse", "status", "cseq",
	"method", "cseq_number", "message_type", "call_id", "to", "from", "user_agent", "probe", "probe_domain",
}

// paths gives the candidates by field.
func (m *Mapping) paths() [numFields]Paths {
	return [numFields]Paths{
		m.Time, m.Start, m.Source, m.Destination, m.SourcePort, m.DestinationPort, m.Client, m.Registrar, m.ClientPort,
		m.RegistrarPort, m.Protocol, m.PacketsForward, m.PacketsReverse, m.OctetsForward, m.OctetsReverse, m.Status, m.CSeq,
		m.Method, m.CSeqNumber, m.MessageType, m.CallID, m.To, m.From, m.UserAgent, m.Probe, m.ProbeDomain,
	}
}

// Validate tells all that is wrong with a mapping, each with its key, its value and what to write instead.
func (m *Mapping) Validate() error {
	var errs []error
	fault := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(key+": "+format, args...))
	}
	if _, ok := timeFormats[m.TimeFormat]; !ok {
		fault("time_format", "%q is none: write \"auto\", \"s\", \"ms\", \"us\" or \"ns\" (strings in RFC 3339 are read with any)", m.TimeFormat)
	}
	if len(m.Status) == 0 {
		fault("status", "is missing: name the field with the status code of answers, for example status = \"sip.code\"")
	}
	if len(m.CSeq)+len(m.Method) == 0 {
		fault("cseq", "is missing, and so is method: name the field that tells REGISTER from INVITE, for example cseq = \"sip.cseq\"")
	}
	if len(m.To)+len(m.From) == 0 {
		fault("to", "is missing, and so is from: name the field with the account, for example to = \"sip.to\"")
	}
	roles, ends := len(m.Client) > 0 && len(m.Registrar) > 0, len(m.Source) > 0 && len(m.Destination) > 0
	if !roles && !ends {
		fault("source", "source and destination are not both given, nor client and registrar: name the fields with the two addresses, for example source = \"src_ip\" and destination = \"dest_ip\"")
	}
	seen := map[string]string{}
	for f, paths := range m.paths() {
		for _, path := range paths {
			switch other, double := seen[path]; {
			case path == "" || len(path) > maxPath || strings.HasPrefix(path, ".") || strings.HasSuffix(path, "."):
				fault(fieldNames[f], "%q is no path: write the record's keys joined by dots, for example \"sip.code\"", path)
			case double:
				fault(fieldNames[f], "%q is %s already: a field has one meaning", path, other)
			}
			seen[path] = fieldNames[f]
		}
	}
	return errors.Join(errs...)
}
