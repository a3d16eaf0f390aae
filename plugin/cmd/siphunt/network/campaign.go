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
	for k := range kinds {
		for i := range instances {
			a := &attack{
				plan: p, Attack: Attack{Kind: kinds[k].name}, instance: k + i,
				parties: map[pair]*party{}, clients: map[netip.Addr]bool{},
			}
			kinds[k].write(a)
			a.finish()
			earliest := Start + traffic.Minute
			if a.settled {
				earliest = Start + 70*traffic.Minute
			}
			latest := max(earliest, p.end-a.span-10*traffic.Minute)
			if i == 0 {
				latest = min(latest, earliest+10*traffic.Minute)
			}
			if a.start == 0 {
				a.start = p.Between(earliest, latest)
			}
			p.begin(a.start+a.tries[0].at, a)
			p.truth.Attacks = append(p.truth.Attacks, &a.Attack)
		}
	}
}

// room is how many tries with a pause find room in a day, at most n.
func (a *attack) room(n int, pause int64) int {
	return min(n, int((a.plan.end-Start-90*traffic.Minute)*9/10/pause))
}

// some draws how many.
func (a *attack) some(low, high int) int { return low + a.plan.IntN(high-low+1) }
