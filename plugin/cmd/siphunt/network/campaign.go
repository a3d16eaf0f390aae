package network

import (
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// kind is one row of DETECTION.md's attacks.
type kind struct {
	name  string
	write func(a *attack)
}

// instances is how many there are of each kind.
const instances = 5

// kinds are all kinds of attack, in the order of the table.
var kinds = slices.Concat(scans, guesses, sweeps, botnets, accountLists, spellings, ipv6Kinds, neighbours, returns, evasions)

// Kinds are their names.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// campaign plans all attacks. The first of each kind begins within ten minutes, where it can.
func (p *plan) campaign() {
	taken := map[netip.Addr][]period{}
	for k := range kinds {
		for i := range instances {
			a := &attack{
				plan: p, Attack: Attack{Kind: kinds[k].name}, instance: k + i,
				parties: map[pair]*party{}, rejected: map[account]bool{}, clients: map[netip.Addr]bool{},
			}
			kinds[k].write(a)
			a.finish()
			a.schedule(i == 0, taken)
			p.begin(a.start+a.tries[0].at, a)
			p.truth.Attacks = append(p.truth.Attacks, &a.Attack)
		}
	}
}

// period is a time that an attack takes.
type period struct{ from, to int64 }

// apart is how long a registrar has rest between two attacks by many clients on many accounts: at the same time, nobody could
// tell one from the other.
const apart = hour

// schedule says when an attack begins. taken is when registrars are under attack by many clients on many accounts.
func (a *attack) schedule(first bool, taken map[netip.Addr][]period) {
	earliest := Start + minute
	if a.settled {
		earliest = Start + 70*minute
	}
	latest := max(earliest, a.plan.end-a.span-10*minute)
	if first {
		latest = min(latest, earliest+10*minute)
	}
	wide := len(a.Clients) >= 20 && len(a.Extensions) > 1
	for tries := 0; a.start == 0 || wide && tries < 1000 && a.meets(taken[a.Registrars[0]]); tries++ {
		if tries > 0 {
			latest = max(earliest, a.plan.end-a.span-10*minute)
		}
		a.start = a.plan.Between(earliest, latest)
	}
	if wide {
		taken[a.Registrars[0]] = append(taken[a.Registrars[0]], period{a.start, a.start + a.span})
	}
}

// meets says whether an attack is under way, or has just been, when this one is.
func (a *attack) meets(others []period) bool {
	return slices.ContainsFunc(others, func(o period) bool { return a.start < o.to+apart && o.from < a.start+a.span+apart })
}

// room is how many tries with a pause find room in a day, at most n.
func (a *attack) room(n int, pause int64) int {
	return min(n, int((a.plan.end-Start-90*traffic.Minute)*9/10/pause))
}

// some draws how many.
func (a *attack) some(low, high int) int { return low + a.plan.IntN(high-low+1) }
