package calibrate

import (
	"fmt"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// judgeGrace says how long the acceptance after a challenge should be waited for at least. The detector waits longer by itself where one
// in a hundred is later (detect/RULES.md, "The grace").
func judgeGrace(late *histogram, cfg *detect.Config, span int64) Recommendation {
	rec := keepDuration("challenge_grace", cfg.ChallengeGrace)
	if late.count() < enoughLogins {
		rec.Verdict = Unsure
		rec.Reason = fmt.Sprintf("too little was seen: %s", times(late.count(), "acceptance"))
		return rec
	}
	p99, p999, most := late.exceededBy(100), late.exceededBy(1000), late.max()
	measured := max(seconds(cfg.ChallengeGrace), roundUp(1.2*float64(p99), 1)+10)
	seen := fmt.Sprintf("99 %% of %s acceptances arrived within %d s, 99.9 %% within %d s, the last after %d s", thousands(late.count()), p99, p999, most)
	longest := int64(min(longestGrace, cfg.IdleTimeout) / time.Second)
	raised, lowered := min(roundUp(1.1*float64(p999), 5), longest), max(10, roundUp(1.5*float64(most)+5, 5))
	switch {
	case p999 > measured && raised > seconds(cfg.ChallengeGrace):
		rec.set(Raise, raised, fmt.Sprintf("the detector waits for %d s by itself, and more than one in 1,000 acceptances is later: %s", measured, seen))
	case late.count() >= muchLogins && span >= muchTime && lowered < seconds(cfg.ChallengeGrace):
		rec.set(Lower, lowered, fmt.Sprintf("no acceptance was nearly as late, so that guesses by challenges alone are told of earlier: %s", seen))
	case measured > seconds(cfg.ChallengeGrace):
		rec.Reason = fmt.Sprintf("the detector waits for %d s by itself: %s", min(measured, longest), seen)
	default:
		rec.Reason = seen
	}
	return rec
}

// judgeTTL says how long an acceptance should vouch for a client.
func judgeTTL(renewals *histogram, cfg *detect.Config) Recommendation {
	rec := keepDuration("known_good_ttl", cfg.KnownGoodTTL)
	n, late := renewals.count(), renewals.atLeast(seconds(cfg.KnownGoodTTL)*8/10)
	if n < enoughLogins {
		rec.Verdict = Unsure
		rec.Reason = fmt.Sprintf("too little was seen: %s", times(n, "renewal"))
		return rec
	}
	seen := fmt.Sprintf("99.9 %% of %s registrations were renewed within %s, the last after %s", thousands(n), short(renewals.exceededBy(1000)), short(renewals.max()))
	if longer := min(2*cfg.KnownGoodTTL, longestTTL); late*1000 > n && longer > cfg.KnownGoodTTL {
		rec.set(Raise, seconds(longer), fmt.Sprintf("%s came when it was nearly over, and those that come later are not recognised at all: %s", times(late, "renewal"), seen))
		return rec
	}
	rec.Reason = seen
	return rec
}

// judgeIdle says what the pauses of attacks are. The sums of a day see attacks that pause for longer, so that it stays as it is.
func judgeIdle(p *[numClasses]histogram, cfg *detect.Config) Recommendation {
	rec := keepDuration("idle_timeout", cfg.IdleTimeout)
	n, longer := p[attack].count(), p[attack].atLeast(seconds(cfg.IdleTimeout)+1)
	if n == 0 {
		rec.Verdict, rec.Reason = Unsure, "no attack was seen"
		return rec
	}
	rec.Reason = fmt.Sprintf("%.3g %% of %s pauses between attempts of attacks were longer (0.01 %% in the paper's network); what pauses for longer is found by the sums of a day",
		100*float64(longer)/float64(n), thousands(n))
	return rec
}

func keepDuration(key string, d time.Duration) Recommendation {
	s := short(seconds(d))
	return Recommendation{Key: key, Present: s, Recommended: s, Verdict: Keep}
}

// set recommends a number of seconds.
func (r *Recommendation) set(v Verdict, s int64, reason string) {
	r.Verdict, r.Recommended, r.Reason = v, short(s), reason
}

// short is a number of seconds as a file has it: 45s, 24h.
func short(s int64) string {
	text := (time.Duration(s) * time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
