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

// Apply returns a configuration with what is recommended; cfg stays as it is. Overrides that have the general value of a key, which is
// what those have that do not name it, follow it.
func (r *Result) Apply(cfg *detect.Config) detect.Config {
	out := *cfg
	out.Overrides = slices.Clone(cfg.Overrides)
	for _, rec := range r.Recommendations {
		if !rec.changes() {
			continue
		}
		before := out.Thresholds
		setKey(&out, rec)
		for i := range out.Overrides {
			follow(&out.Overrides[i].Thresholds, &before, rec)
		}
	}
	for _, o := range r.Overrides {
		th := *thresholdsOf(&out, o.Registrar)
		for _, rec := range o.Recommendations {
			if field := thresholdField(rec.Key); field != nil && rec.changes() {
				*field(&th) = int(rec.number())
			}
		}
		own := netip.PrefixFrom(o.Registrar, o.Registrar.BitLen())
		out.Overrides = slices.DeleteFunc(out.Overrides, func(x detect.Override) bool {
			return len(x.Registrars) == 1 && x.Registrars[0] == own
		})
		out.Overrides = append(out.Overrides, detect.Override{Registrars: []netip.Prefix{own}, Thresholds: th})
	}
	return out
}

// setKey sets one key.
func setKey(cfg *detect.Config, rec Recommendation) {
	d := time.Duration(rec.number()) * time.Second
	switch rec.Key {
	case "challenge_grace":
		cfg.ChallengeGrace = d
	case "known_good_ttl":
		cfg.KnownGoodTTL = d
	case "idle_timeout":
		cfg.IdleTimeout = d
	case "max_pairs":
		cfg.MaxPairs = int(rec.number())
	default:
		if field := thresholdField(rec.Key); field != nil {
			*field(&cfg.Thresholds) = int(rec.number())
		}
	}
}

func follow(th, before *detect.Thresholds, rec Recommendation) {
	if field := thresholdField(rec.Key); field != nil && *field(th) == *field(before) {
		*field(th) = int(rec.number())
	}
}

func thresholdField(key string) func(*detect.Thresholds) *int {
	if i := slices.IndexFunc(rules, func(r rule) bool { return r.key == key }); i >= 0 {
		return rules[i].field
	}
	return nil
}

// drop takes a recommendation back, since it would lose attacks: a threshold becomes its default if it was below, and else what it was.
func (r *Result) drop(key string, lost int) {
	refuse := func(recs []Recommendation) {
		for i := range recs {
			if x := &recs[i]; x.Key == key && x.changes() {
				_, reason, again := strings.Cut(x.Reason, refused)
				if !again {
					reason = x.Reason
				}
				x.Reason = fmt.Sprintf("the back-test has lost %s with %s%s%s", times(int64(lost), "attack"), x.Recommended, refused, reason)
				x.Recommended = x.fallback()
				if x.Recommended == x.Present {
					x.Verdict = Refused
				}
			}
		}
	}
	refuse(r.Recommendations)
	for i := range r.Overrides {
		refuse(r.Overrides[i].Recommendations)
	}
	for i := range r.Distributions {
		if d := &r.Distributions[i]; d.Key == key {
			d.Recommended = d.Threshold
		}
	}
}

// refused is between what the back-test has found and the reason for the change.
const refused = ", though "

// fallback is what a key becomes if the recommended value loses attacks. Where the default loses some too, the present one.
func (r *Recommendation) fallback() string {
	defaults := detect.DefaultConfig()
	field := thresholdField(r.Key)
	if field == nil {
		return r.Present
	}
	usual := *field(&defaults.Thresholds)
	if present, err := strconv.Atoi(r.Present); err != nil || usual <= present || int(r.number()) <= usual {
		return r.Present
	}
	return strconv.Itoa(usual)
}

// suspects are the keys that are changed beyond their defaults: only these can lose what the defaults tell of.
func (r *Result) suspects() []string {
	mild := func(recs []Recommendation, key string) bool {
		return !slices.ContainsFunc(recs, func(x Recommendation) bool {
			return x.Key == key && x.changes() && (thresholdField(key) == nil || x.Verdict == Raise && x.isBeyondDefault())
		})
	}
	return slices.DeleteFunc(r.changed(), func(key string) bool {
		return mild(r.Recommendations, key) && !slices.ContainsFunc(r.Overrides, func(o Override) bool { return !mild(o.Recommendations, key) })
	})
}

func (r *Recommendation) isBeyondDefault() bool {
	defaults := detect.DefaultConfig()
	return int(r.number()) > *thresholdField(r.Key)(&defaults.Thresholds)
}

// clone returns a copy whose recommendations can be changed.
func (r *Result) clone() *Result {
	x := &Result{Recommendations: slices.Clone(r.Recommendations)}
	for _, o := range r.Overrides {
		x.Overrides = append(x.Overrides, Override{o.Registrar, slices.Clone(o.Recommendations)})
	}
	return x
}

// changed returns the keys that other values are recommended for, here or for a registrar.
func (r *Result) changed() (keys []string) {
	note := func(recs []Recommendation) {
		for _, x := range recs {
			if x.changes() && !slices.Contains(keys, x.Key) {
				keys = append(keys, x.Key)
			}
		}
	}
	note(r.Recommendations)
	for _, o := range r.Overrides {
		note(o.Recommendations)
	}
	return keys
}
