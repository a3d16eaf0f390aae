package detect_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// reference is the second opinion: RULES.md once more, as plainly as it can be said. It keeps everything, looks at
// everything, and shares no line with the detector. Chapters in its comments are those of RULES.md. It knows no bounds
// and no wall clock. Its alerts have all that the rules determine.
type reference struct {
	cfg     detect.Config
	clock   int64 // W
	started int64 // the first W
	heard   int   // records accepted so far
	row     int   // records from the future in a row
	future  int64 // the newest of the row

	pairs      map[refKey]*refPair
	groups     map[refKey][]*refPair // pairs with a part of their key in common, in the order in which they were first seen
	late       map[int64]map[int]int // acceptances by hour of arrival and by the seconds that they were late
	hour       int64                 // of the newest check
	grace      int64
	registrars map[netip.Addr]*refRegistrar
	shared     map[[2]netip.Addr]map[refShare]bool // clients that two registrars accepted on the same extension
	failed     map[[2]netip.Addr]map[refShare]bool // clients that the first accepted and the second rejects
	tools      map[refKey]bool                     // clients that called themselves by the name of a tool
	probed     map[refMessage][]refSighting
	open       []*refIncident // in the order in which they opened
	alerts     []detect.Alert
}

// refKey is a pair; with some of its fields empty, what a group of pairs has in common.
type refKey struct {
	registrar, client netip.Addr
	extension         string
	network           netip.Prefix // of IPv6 clients: their /48
}

type refPair struct {
	key        refKey
	run        *refRun // the newest: open, or closed by the newest acceptance; nil if there is none
	suspicious bool
	dormant    bool
	accepted   int64 // time of the newest acceptance, or never
	good       bool  // known good when last looked at
	before     bool  // known good when the newest acceptance came
	excess     int   // rejections beyond logins, of one that is known good
	incident   *refIncident
}

const never = -1 << 62

type refRun struct {
	open, known, vouched bool
	slow, fast           bool
	codes                map[uint16]int
	first, last          int64
	burst                int64 // when the newest burst began
	inBurst              int   // rejections in it
	kept                 bool  // closed and idle, and remembered
	excluded             bool  // the incident of the pair does not count it
}

func newReference(cfg detect.Config) *reference {
	return &reference{
		cfg: cfg, pairs: map[refKey]*refPair{}, groups: map[refKey][]*refPair{}, late: map[int64]map[int]int{},
		registrars: map[netip.Addr]*refRegistrar{}, tools: map[refKey]bool{}, probed: map[refMessage][]refSighting{},
		shared: map[[2]netip.Addr]map[refShare]bool{}, failed: map[[2]netip.Addr]map[refShare]bool{},
	}
}

// ---- Words

func ms(d time.Duration) int64 { return d.Milliseconds() }

func isChallenge(status uint16) bool  { return status == 401 || status == 407 }
func isRefusal(status uint16) bool    { return !isChallenge(status) && status != 404 }
func isAcceptance(status uint16) bool { return status >= 200 && status <= 299 }
func (r *reference) isRejection(status uint16) bool {
	return slices.Contains(r.cfg.FailureCodes, int(status))
}

func (r *reference) clientOf(client netip.Addr) netip.Addr {
	client = client.Unmap()
	if client.Is6() {
		client = netip.PrefixFrom(client, r.cfg.IPv6ClientPrefix).Masked().Addr()
	}
	return client
}

func (r *reference) keyOf(f *detect.Flow) refKey {
	extension := f.Extension
	if len(extension) > 64 {
		sum := sha256.Sum256([]byte(extension))
		extension = fmt.Sprintf("%s~%x", extension[:47], sum[:8])
	}
	return refKey{registrar: f.Registrar, client: r.clientOf(f.Client), extension: extension}
}

func (r *reference) pairOf(key refKey) *refPair {
	p := r.pairs[key]
	if p == nil {
		p = &refPair{key: key, accepted: never}
		r.pairs[key] = p
		if r.registrars[key.registrar] == nil {
			r.registrars[key.registrar] = &refRegistrar{sisters: map[netip.Addr]bool{}}
		}
		for _, group := range p.groups() {
			r.groups[group] = append(r.groups[group], p)
		}
	}
	return p
}

func (p *refPair) groups() []refKey {
	k := p.key
	all := []refKey{k.everywhere(), k.elsewhere(), k.ofClient(), k.ofExtension(), k.ofRegistrar()}
	if k.client.Is6() {
		all = append(all, k.ofNetwork())
	}
	return all
}

func (k refKey) everywhere() refKey  { return refKey{client: k.client} }
func (k refKey) elsewhere() refKey   { return refKey{client: k.client, extension: k.extension} }
func (k refKey) ofClient() refKey    { return refKey{registrar: k.registrar, client: k.client} }
func (k refKey) ofExtension() refKey { return refKey{registrar: k.registrar, extension: k.extension} }
func (k refKey) ofRegistrar() refKey { return refKey{registrar: k.registrar} }
func (k refKey) ofNetwork() refKey {
	return refKey{registrar: k.registrar, network: netip.PrefixFrom(k.client, 48).Masked()}
}

func (k refKey) compare(other refKey) int {
	return cmp.Or(k.client.Compare(other.client), cmp.Compare(k.extension, other.extension), k.registrar.Compare(other.registrar))
}

// refRegistrar is what is known of a registrar while a pair of it is known.
type refRegistrar struct {
	acceptances, repeated int
	newcomers             []int64 // W when pairs became known good
	sisters               map[netip.Addr]bool
	wellSince             int64 // an outage seems over, 0 if it does not
}

func (r *reference) registrarOf(p *refPair) *refRegistrar { return r.registrars[p.key.registrar] }

func (r *reference) forget(p *refPair) {
	delete(r.pairs, p.key)
	for _, group := range p.groups() {
		r.groups[group] = slices.DeleteFunc(r.groups[group], func(q *refPair) bool { return q == p })
	}
	if len(r.groups[p.key.ofRegistrar()]) == 0 {
		delete(r.registrars, p.key.registrar)
		for _, other := range r.registrars {
			delete(other.sisters, p.key.registrar)
		}
	}
}

// thresholds are those of a registrar; of the zero address the general ones.
func (r *reference) thresholds(registrar netip.Addr) detect.Thresholds {
	best, bits := r.cfg.Thresholds, -1
	for _, o := range r.cfg.Overrides {
		for _, prefix := range o.Registrars {
			if prefix.Contains(registrar) && prefix.Bits() > bits {
				best, bits = o.Thresholds, prefix.Bits()
			}
		}
	}
	return best
}

func (r *reference) allowed(k refKey) bool {
	within := func(a netip.Addr, prefixes []netip.Prefix) bool {
		return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	for _, rule := range r.cfg.Allow {
		if within(k.client, rule.Clients) && within(k.registrar, rule.Registrars) && (rule.Until == 0 || r.clock < rule.Until) &&
			(len(rule.Extensions) == 0 || slices.ContainsFunc(rule.Extensions, func(g string) bool { return globbed(g, k.extension) })) {
			return true
		}
	}
	return false
}

// isTool says whether a client calls itself by the name of a tool that the traffic of the tests has in it.
func isTool(agent string) bool { return strings.HasPrefix(agent, "friendly-scanner") }
