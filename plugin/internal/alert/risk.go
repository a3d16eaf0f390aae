package alert

import (
	"math"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// Risk returns event.risk_score.
func Risk(a *detect.Alert) int { return risk(a) }

// risk is a score from 0 to 100 to sort incidents by, from the evidence there is at the moment:
//
//	kind     0 to 50, the rules' weight
//	attempts + 20 * log10(attempts) / 6, so that 1,000,000 rejections or more add all 20
//	rate     + 10 * log10(rate) / 4, so that 10,000 rejections a minute or more add all 10
//	tools    a known attack tool's name takes away a tenth of what is missing to 100
//	success  a confirmed one takes away four fifths of what is missing to 100, a probable one half
//	doubts   each leaves a part, unless a success is confirmed: client known good before 3/5, phone-like 3/5, slow 4/5
//
// It is rounded to a whole number. It never falls when attempts rise and all else stays.
func risk(a *detect.Alert) int {
	score := rules[a.Kind].weight
	score += 20 * share(float64(a.Attempts), 6)
	score += 10 * share(rate(a), 4)
	if len(a.Tools) > 0 {
		score += (100 - score) / 10
	}
	switch a.Confidence {
	case detect.Confirmed:
		score += (100 - score) * 4 / 5
	case detect.Probable:
		score += (100 - score) / 2
	}
	if a.Confidence < detect.Confirmed {
		score *= doubts(a)
	}
	return int(math.Round(score))
}

// doubts is the part of the score that stays where the attack may be none.
func doubts(a *detect.Alert) float64 {
	part := 1.
	if a.KnownClient {
		part *= 3. / 5
	}
	if a.PhoneLike {
		part *= 3. / 5
	}
	if a.Slow {
		part *= 4. / 5
	}
	return part
}

// share is how far v has come from 1 to 10^decades, on a logarithmic scale: 0 to 1.
func share(v, decades float64) float64 {
	return min(math.Log10(max(v, 1))/decades, 1)
}

// Rate returns siphunt.rate: attempts a minute.
func Rate(a *detect.Alert) float64 { return rate(a) }

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
