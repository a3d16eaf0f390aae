package detect

// graces measures how late acceptances arrive, and says how long a challenge may wait for one. Exporters give the last message of a
// flow away after a silence, or only at an active timeout: a login whose challenge is here may be over and its acceptance still on its way.
type graces struct {
	since int64 // when measuring began: the first record
	hour  int64 // number of the hour that counts are of
	now   lateness
	past  lateness // of the hour before
	grace int64    // milliseconds
}

// lateness counts acceptances by how many seconds late they were.
type lateness struct {
	total   uint32
	seconds [maxGrace/1000 + 1]uint32
}

const (
	maxGrace     = 600_000 // milliseconds: what nobody can stretch the grace beyond
	initialGrace = 330_000 // while nothing is known: the active timeout of common exporters, and some
	enough       = 20      // acceptances that tell something
	hour         = 3_600_000
)

// note counts an acceptance that arrives now and is late by some milliseconds.
func (g *graces) note(now, late int64) {
	g.turn(now)
	g.now.total++
	g.now.seconds[min(max(late, 0)/1000, maxGrace/1000)]++
}

// turn begins to count anew where another hour has begun.
func (g *graces) turn(now int64) {
	n := now / hour
	if n == g.hour {
		return
	}
	if n == g.hour+1 {
		g.past = g.now
	} else {
		g.past = lateness{}
	}
	g.now, g.hour = lateness{}, n
}

// measure sets the grace; least is challenge_grace, milliseconds.
func (g *graces) measure(now, least int64) {
	g.turn(now)
	total := g.now.total + g.past.total
	if now-g.since < initialGrace || total < enough {
		g.grace = max(least, initialGrace)
		return
	}
	late := g.percentile(total - total/100)
	g.grace = max(least, min((1200*late+999)/1000*1000+10_000, maxGrace))
}

// percentile returns the least number of whole seconds that n acceptances were not later than.
func (g *graces) percentile(n uint32) int64 {
	sum := uint32(0)
	for s := range g.now.seconds {
		if sum += g.now.seconds[s] + g.past.seconds[s]; sum >= n {
			return int64(s) + 1
		}
	}
	return maxGrace / 1000
}

func (g *graces) encode(e *encoder) {
	e.int(g.since)
	e.int(g.hour)
	e.int(g.grace)
	for _, l := range []*lateness{&g.now, &g.past} {
		e.uint(uint64(l.total))
		for _, n := range l.seconds {
			e.uint(uint64(n))
		}
	}
}

func (g *graces) decode(in *decoder) {
	g.since, g.hour, g.grace = in.time(), in.time(), min(in.time(), maxGrace)
	for _, l := range []*lateness{&g.now, &g.past} {
		l.total = uint32(in.uint(1<<32 - 1))
		for i := range l.seconds {
			l.seconds[i] = uint32(in.uint(1<<32 - 1))
		}
	}
}
