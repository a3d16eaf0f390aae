package flow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// Mapping says in which fields an exporter writes what. Each meaning has candidate paths, of which the first that is in a
// record counts. A path is the record's keys from the outside in, joined by dots: "sip.code" is the key code in the map
// sip, and just as well the key "sip.code". The elements of a list are numbered from 0: "sip.via.0". Where nothing of a list is
// named, a list of one is its element.
//
// Who sent the message is told by the packet counters where a record has them (see direction), else the source did. Where
// an exporter knows the two ends by their roles, Client and Registrar are given instead of Source and Destination. An address may
// have its port with it: "198.18.0.10:5060".
//
// The TOML keys are written below; a path may be given as a string, several as an array of strings.
type Mapping struct {
	Time         Paths  `toml:"time"`         // when the message was sent; without it the record's event time is taken
	Start        Paths  `toml:"start"`        // when the flow began: near the time of an answer whose record holds later packets too
	Microseconds Paths  `toml:"microseconds"` // what is to be added to a time of whole seconds
	TimeFormat   string `toml:"time_format"`  // of numbers: "s", "ms", "us", "ns", or "auto" (default): by magnitude

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

	Message     Paths `toml:"message"`      // the whole message as it was sent, or several; the fields below are needed without it only
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

	Constants   Constants `toml:"constants"`    // fields that no record has, by their keys above
	StatusCodes Codes     `toml:"status_codes"` // status codes of words, where status is no number

	// For built-in tables.
	Methods  []string           `toml:"-"` // the request methods by MessageType
	Via      Paths              `toml:"-"` // the newest Via of a request, where the roles of the two ends may be wrong,
	URI      Paths              `toml:"-"` // and its Request-URI
	Service  Paths              `toml:"-"` // what the record is about,
	Services []string           `toml:"-"` // and what of that is SIP, where there are StatusCodes
	Unknown  string             `toml:"-"` // what To or From is where the exporter does not know it
	Carriers []detect.Transport `toml:"-"` // what the candidates of SourcePort are ports of, where nothing else tells
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

// Constants are values by the keys of fields.
type Constants map[string]string

// UnmarshalTOML takes a table of strings and integers.
func (c *Constants) UnmarshalTOML(value any) error {
	return unmarshalTable(c, value, "{ method = \"REGISTER\" }", func(v any) (string, bool) {
		s, isString := v.(string)
		n, isInteger := v.(int64)
		if isInteger {
			s = fmt.Sprint(n)
		}
		return s, isString || isInteger
	})
}

// Codes are status codes by words.
type Codes map[string]int

// UnmarshalTOML takes a table of integers from 100 to 699.
func (c *Codes) UnmarshalTOML(value any) error {
	return unmarshalTable(c, value, "{ denied = 401, accepted = 200 }", func(v any) (int, bool) {
		n, ok := v.(int64)
		return int(n), ok && n >= 100 && n <= 699
	})
}

func unmarshalTable[M ~map[string]V, V any](m *M, value any, example string, read func(any) (V, bool)) error {
	table, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("is no table: write for example %s", example)
	}
	*m = M{}
	for key, v := range table {
		if (*m)[key], ok = read(v); !ok {
			return fmt.Errorf("has %s = %v, which cannot be: write for example %s", key, v, example)
		}
	}
	return nil
}

// constantFields are those that may be the same in all records.
var constantFields = []string{"method", "protocol", "registrar", "registrar_port", "probe"}

// sipMethods (IANA's registry of SIP methods) written in the place of a path are meant as such.
var sipMethods = []string{
	"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE",
}

// withConstants is the mapping with the method among the constants, if its path is a method.
func (m Mapping) withConstants() Mapping {
	if len(m.Method) == 1 && slices.Contains(sipMethods, m.Method[0]) {
		constants := Constants{"method": m.Method[0]}
		for key, v := range m.Constants {
			constants[key] = v
		}
		m.Constants, m.Method = constants, nil
	}
	return m
}

// field is a meaning that a record's value can have.
type field uint8

const (
	fieldTime field = iota
	fieldStart
	fieldMicroseconds
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
	fieldProbe
	fieldProbeDomain
	fieldVia
	fieldURI
	fieldMessage
	fieldStatus
	fieldCSeq
	fieldMethod
	fieldCSeqNumber
	fieldMessageType
	fieldCallID
	fieldTo
	fieldFrom
	fieldUserAgent
	fieldService
	numFields

	fieldInside field = 0xff // of any table: holds another record
)

// Those of the message; the others are around it.
const (
	firstSIPField = fieldStatus
	lastSIPField  = fieldUserAgent
)

// fieldNames are the meanings' TOML keys.
var fieldNames = [numFields]string{
	"time", "start", "microseconds", "source", "destination", "source_port", "destination_port", "client", "registrar",
	"client_port", "registrar_port", "protocol", "packets_forward", "packets_reverse", "octets_forward", "octets_reverse", "probe",
	"probe_domain", "via", "uri", "message", "status", "cseq", "method", "cseq_number", "message_type", "call_id", "to", "from",
	"user_agent", "service",
}

// paths gives the candidates by field.
func (m *Mapping) paths() [numFields]Paths {
	return [numFields]Paths{
		m.Time, m.Start, m.Microseconds, m.Source, m.Destination, m.SourcePort, m.DestinationPort, m.Client, m.Registrar,
		m.ClientPort, m.RegistrarPort, m.Protocol, m.PacketsForward, m.PacketsReverse, m.OctetsForward, m.OctetsReverse, m.Probe,
		m.ProbeDomain, m.Via, m.URI, m.Message, m.Status, m.CSeq, m.Method, m.CSeqNumber, m.MessageType, m.CallID, m.To, m.From,
		m.UserAgent, m.Service,
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
	if len(m.Message) == 0 {
		m.validateFields(fault)
	}
	roles := len(m.Client) > 0 && (len(m.Registrar) > 0 || m.Constants["registrar"] != "")
	if !roles && (len(m.Source) == 0 || len(m.Destination) == 0) {
		fault("source", "source and destination are not both given, nor client and registrar: name the fields with the two addresses, for example source = \"src_ip\" and destination = \"dest_ip\"")
	}
	for key := range m.Constants {
		if !slices.Contains(constantFields, key) {
			fault("constants", "%q is none of those that may be the same in all records: %s", key, strings.Join(constantFields, ", "))
		}
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

// validateFields tells what is missing of the fields of a message.
func (m *Mapping) validateFields(fault func(key, format string, args ...any)) {
	if len(m.Status) == 0 {
		fault("status", "is missing: name the field with the status code of answers, for example status = \"sip.code\"")
	}
	if len(m.CSeq)+len(m.Method) == 0 && m.Constants["method"] == "" {
		fault("cseq", "is missing, and so is method: name the field that tells REGISTER from INVITE, for example cseq = \"sip.cseq\"")
	}
	if len(m.To)+len(m.From) == 0 {
		fault("to", "is missing, and so is from: name the field with the account, for example to = \"sip.to\"")
	}
}
