package detect_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// verdict is what the detector and the reference have to agree on: all that is known of an incident when it has ended.
type verdict struct {
	Kind               detect.Kind
	Registrar          netip.Addr
	Client             netip.Addr // the zero address for a distributed brute force
	Extension          string     // empty for a scan
	Opened, Ended      int64
	First, Last        int64
	Attempts           int
	Rejections         []detect.StatusCount
	Clients            detect.Members
	Extensions         detect.Members
	Successes          []detect.Succeeded // by time
	KnownClient        bool               // of a brute force
	MergedInto, Absorb int                // 1 for an incident that was merged; how many an incident took in
}

// verdicts of the reference.
func (r *reference) verdicts() []verdict {
	var out []verdict
	for _, in := range r.ended {
		out = append(out, in.verdict())
	}
	for _, in := range r.merged {
		v := in.verdict()
		v.MergedInto = 1
		out = append(out, v)
	}
	return sorted(out)
}

func (in *refIncident) verdict() verdict {
	v := verdict{
		Kind: in.kind, Registrar: in.key.registrar, Client: in.key.client, Extension: in.key.extension,
		Opened: in.opened, Ended: in.endedAt, First: in.first, Last: in.last, Attempts: in.attempts,
		Successes: slices.Clone(in.successes), KnownClient: in.knownClient, Absorb: in.absorbed,
	}
	for status, n := range in.codes {
		v.Rejections = append(v.Rejections, detect.StatusCount{Status: status, Attempts: n})
	}
	slices.SortFunc(v.Rejections, func(a, b detect.StatusCount) int { return cmp.Compare(a.Status, b.Status) })
	for client, n := range in.clients {
		v.Clients.Top = append(v.Clients.Top, detect.Member{Client: client, Attempts: n})
	}
	for extension, n := range in.extensions {
		v.Extensions.Top = append(v.Extensions.Top, detect.Member{Extension: extension, Attempts: n})
	}
	strongest(&v.Clients, detect.MaxTopClients)
	strongest(&v.Extensions, detect.MaxTopExtensions)
	return v
}

func strongest(m *detect.Members, limit int) {
	slices.SortFunc(m.Top, func(a, b detect.Member) int {
		return cmp.Or(cmp.Compare(b.Attempts, a.Attempts), a.Client.Compare(b.Client), cmp.Compare(a.Extension, b.Extension))
	})
	m.Count = len(m.Top)
	m.Top = m.Top[:min(limit, len(m.Top))]
}

// verdictsOf reads them from the last alert of each incident, as one who gets only alerts has to.
func verdictsOf(alerts []detect.Alert) []verdict {
	opened, absorbed := map[string]int64{}, map[string]int{}
	for _, a := range alerts {
		if a.Sequence == 1 {
			opened[a.ID] = a.Time
		}
		if a.State == detect.Merged {
			absorbed[a.MergedInto]++
		}
	}
	var out []verdict
	for _, a := range alerts {
		if a.State != detect.End && a.State != detect.Merged {
			continue
		}
		v := verdict{
			Kind: a.Kind, Registrar: a.Registrar.Addr, Opened: opened[a.ID], Ended: a.Time, First: a.First, Last: a.Last,
			Attempts: a.Attempts, Rejections: a.Rejections, Clients: a.Clients, Extensions: a.Extensions,
			Successes: slices.Clone(a.Successes), Absorb: absorbed[a.ID],
		}
		if a.Kind != detect.Distributed {
			v.Client = a.Client.Addr
		}
		if a.Kind == detect.Distributed || a.Kind == detect.BruteForce {
			v.Extension = a.Extension
		}
		if a.Kind == detect.BruteForce {
			v.KnownClient = a.KnownClient
		}
		if a.State == detect.Merged {
			v.MergedInto = 1
		}
		out = append(out, v)
	}
	return sorted(out)
}

// sorted puts successes and verdicts into one order; of more than MaxSuccesses, which an alert does not carry, it
// leaves the first.
func sorted(vs []verdict) []verdict {
	for i := range vs {
		s := vs[i].Successes
		s = s[:min(len(s), detect.MaxSuccesses)]
		slices.SortFunc(s, func(a, b detect.Succeeded) int {
			return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Extension, b.Extension), a.Client.Compare(b.Client))
		})
		vs[i].Successes = s
	}
	slices.SortFunc(vs, func(a, b verdict) int {
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.Kind, b.Kind), a.Registrar.Compare(b.Registrar),
			a.Client.Compare(b.Client), cmp.Compare(a.Extension, b.Extension), cmp.Compare(a.First, b.First))
	})
	return vs
}

// String tells a verdict in one line; times are seconds since epoch, which the tests' traffic starts at.
func (v verdict) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s on %s", v.Kind, v.Registrar)
	if v.Client.IsValid() {
		fmt.Fprintf(&b, " by %s", v.Client)
	}
	if v.Kind == detect.Distributed || v.Kind == detect.BruteForce {
		fmt.Fprintf(&b, " of %q", v.Extension)
	}
	fmt.Fprintf(&b, ": %d attempts (", v.Attempts)
	for i, c := range v.Rejections {
		fmt.Fprintf(&b, "%s%dx%d", [...]string{"", " "}[min(i, 1)], c.Attempts, c.Status)
	}
	fmt.Fprintf(&b, ") from %s to %s, opened %s, ended %s, %d clients, %d extensions",
		clockFace(v.First), clockFace(v.Last), clockFace(v.Opened), clockFace(v.Ended), v.Clients.Count, v.Extensions.Count)
	for _, s := range v.Successes {
		fmt.Fprintf(&b, ", success %q by %s at %s after %d", s.Extension, s.Client, clockFace(s.Time), s.Attempts)
	}
	if v.KnownClient {
		b.WriteString(", known client")
	}
	if v.Absorb > 0 {
		fmt.Fprintf(&b, ", absorbed %d", v.Absorb)
	}
	if v.MergedInto > 0 {
		b.WriteString(", merged")
	}
	return b.String()
}

// members tells clients and extensions, the part that String leaves out.
func (v verdict) members() string {
	var b strings.Builder
	for _, m := range v.Clients.Top {
		fmt.Fprintf(&b, " %s:%d", m.Client, m.Attempts)
	}
	for _, m := range v.Extensions.Top {
		fmt.Fprintf(&b, " %q:%d", m.Extension, m.Attempts)
	}
	return b.String()
}

// epoch is when the tests' traffic starts: a multiple of every check interval in use.
var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).UnixMilli()

// clockFace gives a time as seconds since epoch.
func clockFace(t int64) string { return fmt.Sprintf("%gs", float64(t-epoch)/1000) }

// differences lists what only one of two judges says.
func differences(want, got []verdict) string {
	lines := func(vs []verdict) []string {
		var out []string
		for _, v := range vs {
			out = append(out, v.String()+"\n     "+v.members())
		}
		return out
	}
	w, g := lines(want), lines(got)
	var b strings.Builder
	only := func(name string, these, those []string) {
		left := slices.Clone(those)
		for _, s := range these {
			if i := slices.Index(left, s); i >= 0 {
				left = slices.Delete(left, i, i+1)
			} else {
				fmt.Fprintf(&b, "  only %s: %s\n", name, s)
			}
		}
	}
	only("reference", w, g)
	only("detector ", g, w)
	return b.String()
}
