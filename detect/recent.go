package detect

// recentCount counts what happened lately: in the last half an hour, give or take a part of it.
type recentCount struct {
	part   int64
	counts [recentParts]uint32
}

const (
	recentParts = 4
	recentPart  = 10 * 60_000 // milliseconds
)

func (r *recentCount) turn(now int64) {
	part := now / recentPart
	for r.part < part {
		r.part = max(r.part+1, part-recentParts+1)
		r.counts[r.part%recentParts] = 0
	}
}

func (r *recentCount) add(now int64) {
	r.turn(now)
	r.counts[now/recentPart%recentParts]++
}

func (r *recentCount) sum(now int64) (n int) {
	r.turn(now)
	for _, c := range r.counts {
		n += int(c)
	}
	return n
}
