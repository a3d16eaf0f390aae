package calibrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// rule says how the threshold of a key follows from its measure.
type rule struct {
	key     string
	measure measure
	field   func(*detect.Thresholds) *int
	oneIn   int64 // of good values so many may exceed the threshold; 0: none
	beyond  bool  // the threshold itself is still allowed
	delays  bool  // attacks are told of later where it is higher, but do not stay below
	floor   int   // it is never lowered below; 0: it is not lowered
	what    string
}

// rules are the thresholds that a registrar may have for itself.
var rules = []rule{
	{"attempts", rejectionsPerLogin, func(t *detect.Thresholds) *int { return &t.Attempts }, 1000, false, false, 10, "logins"},
	{"fast_attempts", burstPerLogin, func(t *detect.Thresholds) *int { return &t.FastAttempts }, 10_000, false, false, 0, "logins"},
	{"login_challenges", challengesPerLogin, func(t *detect.Thresholds) *int { return &t.LoginChallenges }, 10_000, true, true, 0, "logins"},
	{"scan_extensions", suspiciousExtensions, func(t *detect.Thresholds) *int { return &t.ScanExtensions }, 0, false, false, 5, "clients"},
	{"scan_attempts", suspiciousRejections, func(t *detect.Thresholds) *int { return &t.ScanAttempts }, 0, false, false, 0, "clients"},
	{"distributed_clients", suspiciousClients, func(t *detect.Thresholds) *int { return &t.DistributedClients }, 0, false, false, 3, "extensions"},
	{"distributed_scan_size", suspiciousSpread, func(t *detect.Thresholds) *int { return &t.DistributedScanSize }, 0, false, false, 25, "cases"},
	{"horizontal_registrars", suspiciousRegistrars, func(t *detect.Thresholds) *int { return &t.HorizontalRegistrars }, 0, false, false, 5, "clients"},
	{"slow_attempts", attemptsInADay, func(t *detect.Thresholds) *int { return &t.SlowAttempts }, 0, false, false, 0, "clients"},
	{"slow_extensions", extensionsInADay, func(t *detect.Thresholds) *int { return &t.SlowExtensions }, 0, false, false, 0, "clients"},
	{"slow_clients", clientsInADay, func(t *detect.Thresholds) *int { return &t.SlowClients }, 0, false, false, 0, "extensions"},
	{"outage_clients", failingClients, func(t *detect.Thresholds) *int { return &t.OutageClients }, 0, false, false, 0, "cases"},
}

// How much has to be seen before anything is concluded from it.
const (
	enoughLogins = 1000               // for a threshold of logins to be looked at,
	muchLogins   = 10_000             // for one to be lowered,
	muchTime     = 72 * 3_600_000     // and so long, in milliseconds, for any
	fewCases     = 3                  // good values that are no accident
	muchGroups   = 100                // for a threshold of groups to be lowered
	roomAbove    = 4                  // a raised threshold is beyond what was seen by a quarter of it,
	roomBelow    = 2                  // a lowered one twice as much as was seen
	longestGrace = 600 * time.Second  // as the detector has it
	longestTTL   = 7 * 24 * time.Hour // for known_good_ttl
)

// judge says what a threshold should be, from figures of so many milliseconds.
func (r *rule) judge(all *figures, present int, span int64) Recommendation {
	f, logins := &all[r.measure], all[rejectionsPerLogin][good].count()
	bar := r.bar(present)
	seen := r.seen(f, bar)
	target, why := r.raised(f, present)
	rec := Recommendation{Key: r.key, Present: strconv.Itoa(present), Recommended: strconv.Itoa(present), Verdict: Keep}
	slip := f[attack].atLeast(bar) - f[attack].atLeast(int64(target))
	switch {
	case logins < enoughLogins:
		rec.Verdict = Unsure
		rec.Reason = fmt.Sprintf("too little was seen: %s, and %s at least would tell something", times(logins, "login"), thousands(enoughLogins))
	case target > present && slip > 0 && !r.delays:
		rec.Verdict = Unsure
		rec.Reason = fmt.Sprintf("%s, but %s would stay below %d: %s", why, times(slip, "attack"), target, seen)
	case target > present:
		rec.Verdict, rec.Recommended = Raise, strconv.Itoa(target)
		rec.Reason = fmt.Sprintf("%s: %s", why, seen)
	case r.canLower(f, present, span):
		target = r.lowest(f)
		rec.Verdict, rec.Recommended = Lower, strconv.Itoa(target)
		rec.Reason = fmt.Sprintf("in %.1f days nothing but attacks came near it, so that %d raises nothing more here: %s", days(span), target, seen)
	default:
		rec.Reason = seen
	}
	return rec
}

// bar is the least value that a threshold does not allow.
func (r *rule) bar(threshold int) int64 {
	if r.beyond {
		return int64(threshold) + 1
	}
	return int64(threshold)
}

// raised returns the threshold that phones do not reach, if they reach the present one, and 0 if they do not. One that is below its
// default is raised to that at least, also for what is unclear: what the default takes for an attack is beyond it anyway.
func (r *rule) raised(f *[numClasses]histogram, present int) (target int, why string) {
	defaults := detect.DefaultConfig()
	usual := *r.field(&defaults.Thresholds)
	bar, tail := r.bar(present), r.tail(&f[good])
	reached := f[good].atLeast(bar)
	if tail >= bar && reached >= fewCases {
		target, why = withRoom(tail), "phones reached it, "+times(reached, "time")
	}
	if n := reached + f[unclear].atLeast(bar); present < usual && target < usual && n >= fewCases {
		target, why = usual, times(n, "case")+" reached it that the default tells nothing of"
	}
	return target, why
}

// withRoom is a threshold beyond a value, by a quarter.
func withRoom(v int64) int { return int(v + (v+roomAbove-1)/roomAbove) }

// tail is what phones need: the value that one in so many exceeds, or none.
func (r *rule) tail(good *histogram) int64 {
	if r.oneIn == 0 {
		return good.max()
	}
	return good.exceededBy(r.oneIn)
}

// lowest is the lowest threshold that nothing but attacks comes near.
func (r *rule) lowest(f *[numClasses]histogram) int {
	return max(r.floor, roomBelow*int(max(f[good].max(), f[unclear].max()))+1)
}

func (r *rule) canLower(f *[numClasses]histogram, present int, span int64) bool {
	least := int64(muchGroups)
	if measures[r.measure].perLogin {
		least = muchLogins
	}
	return r.floor > 0 && span >= muchTime && f[good].count()+f[unclear].count() >= least && r.lowest(f) < present
}

// seen says what was seen, in figures.
func (r *rule) seen(f *[numClasses]histogram, bar int64) string {
	good, unclear, attacks := &f[good], &f[unclear], &f[attack]
	unit := singular(measures[r.measure].unit)
	var text string
	switch {
	case good.count() == 0 && !measures[r.measure].perLogin:
		text = "no phones came to " + times(bar, unit)
	case good.count() == 0:
		text = "no " + r.what
	case r.oneIn == 0:
		text = fmt.Sprintf("%s that turned out to be phones came to %s at most", times(good.count(), singular(r.what)), times(good.max(), unit))
	default:
		text = fmt.Sprintf("%g %% of %s needed %s or fewer, the most %s", 100-100/float64(r.oneIn), times(good.count(), singular(r.what)), times(r.tail(good), unit), thousands(good.max()))
	}
	if n := unclear.count(); n > 0 {
		text += fmt.Sprintf("; %s came to %s at most", times(n, "unclear case"), thousands(unclear.max()))
	}
	if n := attacks.count(); n > 0 {
		text += fmt.Sprintf("; %s came to %s", times(n, "attack"), fromTo(attacks.min(), attacks.max()))
	}
	return text
}

func fromTo(from, to int64) string {
	if from == to {
		return thousands(from)
	}
	return thousands(from) + " to " + thousands(to)
}

func times(n int64, what string) string { return humanize.Count(int(n), what) }

// singular is one of several.
func singular(plural string) string { return strings.TrimSuffix(plural, "s") }

func thousands(n int64) string { return humanize.Thousands(int(n)) }

func days(span int64) float64 { return float64(span) / (24 * 3_600_000) }

// roundUp returns v rounded up to a multiple of step.
func roundUp(v float64, step int64) int64 { return int64(math.Ceil(v/float64(step))) * step }
