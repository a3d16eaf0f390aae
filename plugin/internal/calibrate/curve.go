package calibrate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// knob is a key that other values of are tried.
type knob struct {
	key   string
	field func(*detect.Config) any // *int, *float64 or *time.Duration
	least float64                  // that makes sense
}

// knobs are the keys that there are curves of.
var knobs = slices.Concat(thresholdKnobs(), []knob{
	{"success_after", func(c *detect.Config) any { return &c.SuccessAfter }, 1},
	{"spray_attempts", func(c *detect.Config) any { return &c.SprayAttempts }, 1},
	{"scan_known_ratio", func(c *detect.Config) any { return &c.ScanKnownRatio }, 0},
	{"outage_ratio", func(c *detect.Config) any { return &c.OutageRatio }, 0},
	{"challenge_grace", func(c *detect.Config) any { return &c.ChallengeGrace }, 5},
	{"known_good_ttl", func(c *detect.Config) any { return &c.KnownGoodTTL }, 600},
	{"idle_timeout", func(c *detect.Config) any { return &c.IdleTimeout }, 60},
})

func thresholdKnobs() (all []knob) {
	for _, r := range rules {
		all = append(all, knob{r.key, func(c *detect.Config) any { return r.field(&c.Thresholds) }, 2})
	}
	return all
}

// CurveKeys returns the keys that there are curves of.
func CurveKeys() (keys []string) {
	for _, k := range knobs {
		keys = append(keys, k.key)
	}
	return keys
}

// factors are what a present value is multiplied by.
var factors = []float64{0.5, 0.75, 1, 1.5, 2}

// curve is a key with the trials of its values.
type curve struct {
	key    string
	values []string
	trials []*trial // nil for the present value
}

func newCurve(present *detect.Config, key string, add func(detect.Config) *trial) (curve, error) {
	i := slices.IndexFunc(knobs, func(k knob) bool { return k.key == key })
	if i < 0 {
		return curve{}, fmt.Errorf("there is no curve of %q", key)
	}
	c := curve{key: key}
	for _, factor := range factors {
		cfg := *present
		cfg.Overrides = slices.Clone(present.Overrides)
		value := knobs[i].scale(&cfg, factor)
		switch {
		case factor == 1:
			c.values, c.trials = append(c.values, value), append(c.trials, nil)
		case slices.Contains(c.values, value) || value == knobs[i].show(present) || cfg.Validate() != nil:
		default:
			c.values, c.trials = append(c.values, value), append(c.trials, add(cfg))
		}
	}
	return c, nil
}

// scale multiplies the value of a knob and returns it as a file has it. Overrides that follow the general value still do.
func (k *knob) scale(cfg *detect.Config, factor float64) string {
	before := *cfg
	k.multiply(cfg, factor)
	for i := range cfg.Overrides {
		part, old := before, before
		part.Thresholds = cfg.Overrides[i].Thresholds
		if k.show(&part) == k.show(&old) {
			k.multiply(&part, factor)
			cfg.Overrides[i].Thresholds = part.Thresholds
		}
	}
	return k.show(cfg)
}

func (k *knob) multiply(cfg *detect.Config, factor float64) {
	switch f := k.field(cfg).(type) {
	case *int:
		*f = int(max(k.least, float64(*f)*factor))
	case *float64:
		*f = min(1, *f*factor)
	case *time.Duration:
		*f = time.Duration(max(k.least, (f.Seconds()*factor))) * time.Second
	}
}

func (k *knob) show(cfg *detect.Config) string {
	switch f := k.field(cfg).(type) {
	case *int:
		return strconv.Itoa(*f)
	case *float64:
		return strconv.FormatFloat(*f, 'g', 4, 64)
	case *time.Duration:
		return short(seconds(*f))
	}
	return ""
}

// conclude says what each value would change.
func (c *curve) conclude(t *Tester) Curve {
	out := Curve{Key: c.key}
	for i, value := range c.values {
		x := c.trials[i]
		if x == nil {
			out.Points = append(out.Points, Point{Value: value, Present: true, Incidents: t.now.outcome.Incidents, Causes: t.now.outcome.Causes})
			continue
		}
		lost, gained := t.compare(x)
		p := Point{Value: value, Incidents: x.outcome.Incidents, Causes: x.outcome.Causes, Gained: len(gained), Lost: len(lost)}
		for _, y := range t.realAttacks(lost) {
			if y.Severity >= detect.SeverityMedium {
				p.LostHigh++
			}
		}
		out.Points = append(out.Points, p)
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
