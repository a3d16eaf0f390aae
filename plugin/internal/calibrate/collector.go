package calibrate

import (
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
)

// Collector measures what a detector sees: it is its observer, and is shown its alerts. All that it keeps is bounded. It is as safe
// for concurrent use as the detector is: not at all.
type Collector struct {
	config      detect.Config
	first, now  int64        // of what was observed, Unix milliseconds
	acceptances uint64       // that were no attackers'
	doubled     uint64       // of these, at registrars whose messages are seen twice
	last        detect.Stats // of the detector, when it was asked last
	stats       detect.Stats // totals of all detectors that were asked, one after the other
	pairs       int          // the most at a time
	warned      int64        // when Misfit said something last, Unix milliseconds

	registrars registrars
	windows    windows
	peaks      peaks
	ended      ended
	candidates candidates
}

// Measuring returns the configuration to measure with: the present one, but where its thresholds are tighter than the defaults these, so
// that what the present ones take for attacks is not taken out of what phones do.
func Measuring(present *detect.Config) detect.Config {
	cfg := *present
	cfg.ReportEnd = false // all reports are looked at
	cfg.ChallengeGrace = max(cfg.ChallengeGrace, min(detect.DefaultConfig().ChallengeGrace, cfg.IdleTimeout))
	cfg.Overrides = slices.Clone(present.Overrides)
	loosen(&cfg.Thresholds)
	for i := range cfg.Overrides {
		loosen(&cfg.Overrides[i].Thresholds)
	}
	return cfg
}

func loosen(t *detect.Thresholds) {
	defaults := detect.DefaultConfig().Thresholds
	for i := range rules {
		field := rules[i].field(t)
		*field = max(*field, *rules[i].field(&defaults))
	}
}

// NewCollector returns a collector for a detector with that configuration.
func NewCollector(cfg *detect.Config) *Collector {
	return &Collector{
		config: *cfg, registrars: newRegistrars(), windows: newWindows(), peaks: newPeaks(), ended: newEnded(), candidates: newCandidates(),
	}
}

// SetConfig says that the detector has another configuration.
func (c *Collector) SetConfig(cfg *detect.Config) { c.config = *cfg }

// RunEnded implements detect.Observer.
func (c *Collector) RunEnded(r *detect.RunEnd) {
	c.moveClock(r.Time + r.Late)
	f := c.registrars.count(r.Registrar)
	verdict := classOf(r)
	seen := 1
	if r.Doubled {
		seen = 2
	}
	rejections := int64((r.Rejections + seen - 1) / seen)
	if !r.Accepted {
		f[rejectionsPerLogin][unclear].add(rejections)
		return
	}
	switch {
	case verdict != attack:
		f[rejectionsPerLogin][verdict].add(rejections)
	case !r.InIncident || rejections == 0: // the account is used, by whoever has entered it
		return
	} // else its alert says how many rejections there were
	f[challengesPerLogin][verdict].add(int64((r.Challenges + seen - 1) / seen))
	if verdict == attack {
		return
	}
	if !r.KnownGood {
		f[burstPerLogin][verdict].add(int64((min(r.Burst, r.Rejections) + seen - 1) / seen))
	}
	c.acceptances++
	c.doubled += uint64(seen - 1)
	f[lateness][good].add((r.Late + 999) / 1000)
	if r.Renewal > echoes {
		f[renewal][good].add(r.Renewal / 1000)
	}
	c.windows.note(r)
}

// echoes is within how many milliseconds a second acceptance is the first one, seen twice.
const echoes = 2000

// classOf says what the detector makes of a run.
func classOf(r *detect.RunEnd) class {
	switch {
	case r.Entered:
		return attack
	case !r.Accepted || r.Doubtful || r.InIncident:
		return unclear
	}
	return good
}

// Grouped implements detect.Observer.
func (c *Collector) Grouped(g *detect.Group) {
	th := c.thresholdsOf(g.Registrar)
	allowed := allowance(th.ScanKnownRatio, g.KnownExtensions)
	now := c.now
	client := subject{by: byClient, registrar: g.Registrar, client: g.Client}
	extension := subject{by: byExtension, registrar: g.Registrar, extension: hashText(g.Extension)}
	c.peaks.note(client, 0, g.Extensions-allowed, now)
	c.peaks.note(client, 1, g.Rejections-allowed, now)
	c.peaks.note(client, 2, g.ExtensionsInADay-allowed, now)
	c.peaks.note(extension, 0, g.Clients, now)
	c.peaks.note(extension, 1, g.ClientsInADay, now)
	c.peaks.note(subject{by: byHost, client: g.Client}, 0, g.Registrars, now)
	c.peaks.note(subject{by: byRegistrar, registrar: g.Registrar}, 0, g.Spread, now)
	c.peaks.note(subject{by: byRegistrar, registrar: g.Registrar}, 1, g.Failing, now)
	c.peaks.note(subject{by: byPair, registrar: g.Registrar, client: g.Client, extension: extension.extension}, 0, g.SlowAttempts, now)
}

// Paused implements detect.Observer.
func (c *Collector) Paused(milliseconds int64, isAttack bool) {
	verdict := unclear
	if isAttack {
		verdict = attack
	}
	c.registrars.rest[pauses][verdict].add((milliseconds + 999) / 1000)
}

// Note takes the figures of the detector, now and then.
func (c *Collector) Note(s *detect.Stats) {
	c.pairs = max(c.pairs, s.Pairs)
	before, now, total := counters(&c.last), counters(s), counters(&c.stats)
	for i := range total {
		if *now[i] < *before[i] { // another detector has begun anew
			*before[i] = 0
		}
		*total[i] += *now[i] - *before[i]
	}
	c.last = *s
	if s.Clock > 0 {
		c.moveClock(s.Clock)
	}
}

// Resume says that the detector whose figures Note takes from now on has counted these before.
func (c *Collector) Resume(s *detect.Stats) { c.last = *s }

// Add takes over what another collector has measured, earlier.
func (c *Collector) Add(earlier *Collector) {
	if earlier.first > 0 && (c.first == 0 || earlier.first < c.first) {
		c.first = earlier.first
	}
	c.now, c.warned, c.pairs = max(c.now, earlier.now), max(c.warned, earlier.warned), max(c.pairs, earlier.pairs)
	for i, n := range earlier.totals() {
		*c.totals()[i] += *n
	}
	c.registrars.add(&earlier.registrars)
	c.candidates.add(&earlier.candidates)
}

// counters are those of a detector that say something.
func counters(s *detect.Stats) [7]*uint64 {
	return [...]*uint64{&s.Rejections, &s.Acceptances, &s.Late, &s.TimeRejected, &s.Duplicates, &s.Evicted, &s.EndedEarly}
}

// Finish takes what is measured still as over.
func (c *Collector) Finish() {
	c.windows.flush(&c.registrars)
	c.peaks.flush(&c.registrars, c.now+1)
}

// halfAnHour is the window of the paper, in milliseconds.
const halfAnHour = 30 * 60_000

// moveClock takes over what has come to an end since the last window began.
func (c *Collector) moveClock(now int64) {
	if c.first == 0 {
		c.first = now
	}
	if now <= c.now {
		return
	}
	turned := now/halfAnHour != c.now/halfAnHour
	c.now = now
	if turned {
		c.windows.flush(&c.registrars)
		c.peaks.flush(&c.registrars, now-c.config.IdleTimeout.Milliseconds())
		c.registrars.choose()
	}
}

// thresholdsOf returns the thresholds that are in force for a registrar.
func (c *Collector) thresholdsOf(registrar netip.Addr) *detect.Thresholds {
	return thresholdsOf(&c.config, registrar)
}

func thresholdsOf(cfg *detect.Config, registrar netip.Addr) *detect.Thresholds {
	longest, found := -1, &cfg.Thresholds
	for i := range cfg.Overrides {
		for _, p := range cfg.Overrides[i].Registrars {
			if p.Bits() > longest && p.Contains(registrar) {
				longest, found = p.Bits(), &cfg.Overrides[i].Thresholds
			}
		}
	}
	return found
}
