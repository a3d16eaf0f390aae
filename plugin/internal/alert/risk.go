package alert

import (
	"math"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// risk is a score from 0 to 100 to sort incidents by, of what is known at the moment:
//
//	kind     20 for a scan, 35 for a brute force, 50 for a distributed one or a spray
//	attempts + 20 * log10(attempts) / 6, so that 1,000,000 rejections or more add all 20
//	rate     + 10 * log10(rate) / 4, so that 10,000 rejections a minute or more add all 10
//	success  takes away four fifths of what is missing to 100
//	client   that was known good before: three fifths of all this, for it may be a phone with a stale password
//
// It is rounded to a whole number. It never falls when attempts rise and all else stays.
func risk(a *detect.Alert) int {
	score := float64(rules[a.Kind].weight)
	score += 20 * share(float64(a.Attempts), 6)
	score += 10 * share(rate(a), 4)
	if a.SuccessesN > 0 {
		score += (100 - score) * 4 / 5
	}
	if a.KnownClient {
		score *= 3. / 5
	}
	return int(math.Round(score))
}

// share is how far v has come from 1 to 10^decades, on a logarithmic scale: 0 to 1.
func share(v, decades float64) float64 {
	return min(math.Log10(max(v, 1))/decades, 1)
}

// rate is the counted rejections a minute between the first and the last. Shorter than a second counts as a second.
func rate(a *detect.Alert) float64 {
	return float64(a.Attempts) * 60 / max(span(a).Seconds(), 1)
}

// span is the time from the first counted rejection to the last.
func span(a *detect.Alert) time.Duration {
	return time.Duration(a.Last-a.First) * time.Millisecond
}

// hundredths rounds to two decimals.
func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
