package detect

// noteBurst counts a rejection at t in the newest burst of the run, or begins one, and returns how many there are in it.
func (m *directory) noteBurst(p *pair, t int64) int {
	n := p.counted()
	switch from := t - m.full(p.burst); {
	case n == 0 || from > burstWindow:
		p.burst, n = uint32(t), 0
	case from < -burstWindow: // belated: of an earlier one
		return n
	}
	p.setCounted(n + 1)
	return p.counted()
}

// burstWindow is how far the rejections of a burst are from its first one at most, in milliseconds.
const burstWindow = 2000

// noteFast notes that a run is as fast as no login is: fast_attempts rejections in two seconds.
func (d *runs) noteFast(p *pair, t int64) {
	if p.has(runKnown | runFast) {
		return
	}
	n := d.noteBurst(p, t)
	if r := d.serverOf(p); n >= r.thresholds.FastAttempts*r.echo.factor() {
		p.flags |= runFast
	}
}
