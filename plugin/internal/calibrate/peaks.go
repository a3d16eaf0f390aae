package calibrate

import (
	"math"
	"net/netip"
)

// peaks are the most that suspicious groups came to. What becomes an incident is measured when that is over, by its alert.
type peaks struct {
	of map[subject]*peak
}

// subject is what a group has in common.
type subject struct {
	by                groupedBy
	registrar, client netip.Addr
	extension         uint64 // hash
}

type groupedBy uint8

const (
	byClient groupedBy = iota
	byExtension
	byHost
	byRegistrar
	byPair
)

// peak is the greatest of each figure of a group.
type peak struct {
	last   int64 // clock
	values [3]int
	told   bool // an incident is open of it, or was
}

// groupMeasures are the figures of a group, by their place in peak.values.
var groupMeasures = [...][]measure{
	byClient:    {suspiciousExtensions, suspiciousRejections, extensionsInADay},
	byExtension: {suspiciousClients, clientsInADay},
	byHost:      {suspiciousRegistrars},
	byRegistrar: {suspiciousSpread, failingClients},
	byPair:      {attemptsInADay},
}

// maxPeaks is how many groups are followed at a time. Where there are more, all begin anew.
const maxPeaks = 8192

func newPeaks() peaks { return peaks{map[subject]*peak{}} }

// note takes a figure of a group. One alone is no group.
func (p *peaks) note(s subject, place, value int, now int64) {
	if value < 2 {
		return
	}
	x := p.of[s]
	if x == nil {
		if len(p.of) >= maxPeaks {
			clear(p.of)
		}
		x = new(peak)
		p.of[s] = x
	}
	x.last = now
	x.values[place] = max(x.values[place], value)
}

// tell says that an incident is open of a group.
func (p *peaks) tell(s subject) {
	if x := p.of[s]; x != nil {
		x.told = true
	}
}

// flush adds what was idle since a time to the figures.
func (p *peaks) flush(r *registrars, since int64) {
	for s, x := range p.of {
		if x.last >= since {
			continue
		}
		if !x.told {
			f := r.of(s.registrar)
			for place, m := range groupMeasures[s.by] {
				if v := x.values[place]; v > 0 {
					f[m][unclear].add(int64(v))
				}
			}
		}
		delete(p.of, s)
	}
}

// allowance is what known-good extensions add to a threshold.
func allowance(ratio float64, known int) int { return int(math.Ceil(ratio * float64(known))) }
