package calibrate

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Result says what was measured so far, and what follows from it for a configuration.
func (c *Collector) Result(cfg *detect.Config) *Result {
	r := &Result{
		First: time.UnixMilli(c.first).UTC(), Last: time.UnixMilli(c.now).UTC(), Rejections: c.stats.Rejections, Acceptances: c.stats.Acceptances,
		Evicted: c.stats.Evicted, Allow: c.candidates.list(), Advice: c.advise(),
	}
	r.Recommendations, r.Overrides = c.recommend(cfg)
	all := c.registrars.sum()
	r.Distributions = distributions(all, cfg, &cfg.Thresholds, r.Recommendations)
	for _, a := range c.registrars.busiest() {
		t := c.registrars.tracked[a]
		recs := r.Recommendations
		if i := slices.IndexFunc(r.Overrides, func(o Override) bool { return o.Registrar == a }); i >= 0 {
			recs = slices.Concat(r.Overrides[i].Recommendations, recs)
		}
		r.Registrars = append(r.Registrars, Registrar{a, t.runs, distributions(&t.figures, cfg, thresholdsOf(cfg, a), recs)})
	}
	return r
}

// distributions describes figures, beside thresholds and what is recommended for them.
func distributions(f *figures, cfg *detect.Config, th *detect.Thresholds, recs []Recommendation) (all []Distribution) {
	for m := range f {
		d := &measures[m]
		t := d.threshold(cfg, th)
		x := Distribution{Name: d.name, About: d.about, Unit: d.unit, Key: d.key, Threshold: float64(t), Recommended: float64(t),
			Good: f[m][good].series(t), Unclear: f[m][unclear].series(t), Attack: f[m][attack].series(t)}
		if x.Good.Count+x.Unclear.Count+x.Attack.Count == 0 {
			continue
		}
		if i := slices.IndexFunc(recs, func(r Recommendation) bool { return r.Key == d.key && r.changes() }); i >= 0 {
			x.Recommended = recs[i].number()
		}
		all = append(all, x)
	}
	return all
}

// changes says whether another value is recommended.
func (r *Recommendation) changes() bool { return r.Verdict == Raise || r.Verdict == Lower }

// number is the recommended value, of a duration its seconds.
func (r *Recommendation) number() float64 {
	if d, err := time.ParseDuration(r.Recommended); err == nil && d > 0 {
		return d.Seconds()
	}
	n, _ := strconv.Atoi(r.Recommended)
	return float64(n)
}

// recommend looks at all keys. A threshold that only some registrars need is theirs alone.
func (c *Collector) recommend(cfg *detect.Config) (all []Recommendation, overrides []Override) {
	span := c.now - c.first
	sum := c.registrars.sum()
	for i := range rules {
		r := &rules[i]
		rec := r.judge(sum, *r.field(&cfg.Thresholds), span)
		if own := c.outliers(r, cfg, span); len(own) > 0 && len(own) <= maxOutliers {
			without := c.registrars.sum(keysOf(own)...)
			if general := r.judge(without, *r.field(&cfg.Thresholds), span); general.Verdict == Keep || general.Verdict == Lower {
				rec = general
				rec.Reason += fmt.Sprintf(" (without %s, see below)", times(int64(len(own)), "registrar"))
				for a, x := range own {
					overrides = addOverride(overrides, a, x)
				}
			}
		}
		all = append(all, rec)
	}
	slices.SortFunc(overrides, func(a, b Override) int { return a.Registrar.Compare(b.Registrar) })
	return append(all,
		judgeGrace(&sum[lateness][good], cfg, span), judgeTTL(&sum[renewal][good], cfg),
		judgeIdle(&sum[pauses], cfg), c.judgePairs(cfg)), overrides
}

// tightened returns the thresholds that are below their defaults.
func tightened(t *detect.Thresholds) (keys []string) {
	loose := *t
	loosen(&loose)
	for i := range rules {
		if *rules[i].field(t) < *rules[i].field(&loose) {
			keys = append(keys, rules[i].key)
		}
	}
	return keys
}

// maxOutliers is how many registrars may have a threshold for themselves; where more need it, all have it.
const maxOutliers = 4

// outliers are the busy registrars whose own traffic asks for a higher threshold.
func (c *Collector) outliers(r *rule, cfg *detect.Config, span int64) map[netip.Addr]Recommendation {
	own := map[netip.Addr]Recommendation{}
	for a, t := range c.registrars.tracked {
		if rec := r.judge(&t.figures, *r.field(thresholdsOf(cfg, a)), span); rec.Verdict == Raise {
			own[a] = rec
		}
	}
	return own
}

func keysOf(m map[netip.Addr]Recommendation) (all []netip.Addr) {
	for a := range m {
		all = append(all, a)
	}
	return all
}

func addOverride(all []Override, a netip.Addr, rec Recommendation) []Override {
	i := slices.IndexFunc(all, func(o Override) bool { return o.Registrar == a })
	if i < 0 {
		i = len(all)
		all = append(all, Override{Registrar: a})
	}
	all[i].Recommendations = append(all[i].Recommendations, rec)
	return all
}

// bytesPerPair is what a pair takes, with its share of everything else (make bench measures it).
const bytesPerPair = 160

// judgePairs says how many pairs have to be remembered.
func (c *Collector) judgePairs(cfg *detect.Config) Recommendation {
	n, most := cfg.MaxPairs, c.pairs
	rec := Recommendation{Key: "max_pairs", Present: strconv.Itoa(n), Recommended: strconv.Itoa(n), Verdict: Keep}
	rec.Reason = fmt.Sprintf("there were %s pairs at most, which take about %s MiB", thousands(int64(most)), thousands(int64(mebibytes(most)+1)))
	if c.stats.Evicted == 0 && most < n/10*8 {
		return rec
	}
	const step = 100_000
	need := int(roundUp(float64(2*max(most, n)), step))
	rec.Verdict, rec.Recommended = Raise, strconv.Itoa(need)
	rec.Reason += fmt.Sprintf("; %s were forgotten for want of room, and what is forgotten is not recognised. Twice as many take %s MiB at most",
		thousands(int64(c.stats.Evicted)), thousands(int64(mebibytes(need)+1)))
	return rec
}

func mebibytes(pairs int) float64 { return float64(pairs) * bytesPerPair / (1 << 20) }

// advise says what to change elsewhere.
func (c *Collector) advise() (all []Advice) {
	add := func(subject, format string, args ...any) {
		all = append(all, Advice{subject, fmt.Sprintf(format, args...)})
	}
	if late := c.registrars.sum()[lateness][good]; late.count() >= enoughLogins/10 && late.exceededBy(100) > 30 {
		add("exporter", "1 %% of the acceptances arrive more than %d s late: an exporter gives a record away at its inactive or active timeout. "+
			"With ipfixprobe -s 'cache;active=30' it is at most half a minute, and attacks are told of that much earlier", late.exceededBy(100))
	}
	if c.acceptances > 0 && c.doubled*10 > c.acceptances {
		add("exporter", "%.0f %% of the acceptances are seen twice, by probes that nobody has named: name them (docs/exporters.md), and each message counts once",
			100*float64(c.doubled)/float64(c.acceptances))
	}
	if keys := tightened(&c.config.Thresholds); len(keys) > 0 {
		add("thresholds", "what phones do was measured under thresholds below their defaults (%s), and is cut off there: give recorded flows to siphunt calibrate to know more",
			strings.Join(keys, ", "))
	}
	s := &c.stats
	seen := float64(max(1, s.Rejections+s.Acceptances))
	if share := float64(s.Late) / seen; share > 0.001 {
		add("records", "%s records were dropped, because they arrived more than idle_timeout late", thousands(int64(s.Late)))
	}
	if share := float64(s.TimeRejected) / seen; share > 0.001 {
		add("records", "%s records were dropped, because they were from the future: look at the clocks of the exporters", thousands(int64(s.TimeRejected)))
	}
	if s.EndedEarly > 0 {
		add("memory", "%s incidents were ended for max_incidents", thousands(int64(s.EndedEarly)))
	}
	return all
}
