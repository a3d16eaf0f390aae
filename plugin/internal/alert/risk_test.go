package alert

import (
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

var kinds = []detect.Kind{
	detect.Scan, detect.BruteForce, detect.Distributed, detect.Spray, detect.HorizontalScan, detect.DistributedScan, detect.Outage,
}

var confidences = []detect.Confidence{detect.NoConfidence, detect.Unlikely, detect.Probable, detect.Confirmed}

// everyRisk calls f with alerts of all kinds and lengths, with all evidence there may be.
func everyRisk(f func(a detect.Alert)) {
	for _, kind := range kinds {
		for d := time.Millisecond; d < 1000*time.Hour; d *= 7 {
			for _, sure := range confidences {
				for mask := range 16 {
					a := detect.Alert{Kind: kind, Confidence: sure, KnownClient: mask&1 != 0, PhoneLike: mask&2 != 0, Slow: mask&4 != 0}
					if sure != detect.NoConfidence {
						a.SuccessesN = 1
					}
					if mask&8 != 0 {
						a.Tools = []string{"sipcli"}
					}
					lasting(&a, d)
					f(a)
				}
			}
		}
	}
}

func TestRiskRisesWithAttempts(t *testing.T) {
	everyRisk(func(a detect.Alert) {
		last, first := -1, 0
		for a.Attempts = 0; a.Attempts < 100_000_000; a.Attempts += 1 + a.Attempts/3 {
			r := risk(&a)
			if r < last || r > 100 {
				t.Fatalf("%v %v success %d known %v: risk %d at %d attempts, %d before",
					a.Kind, span(&a), a.SuccessesN, a.KnownClient, r, a.Attempts, last)
			}
			if last < 0 {
				first = r
			}
			last = r
		}
		if last == first {
			t.Fatalf("%v %v: attempts do not change the risk %d", a.Kind, span(&a), last)
		}
	})
}

// Each piece of evidence moves the score where it should, whatever the others are. An outage's is near 0 anyway.
func TestRiskFollowsEachPieceOfEvidence(t *testing.T) {
	everyRisk(func(a detect.Alert) {
		if a.Kind == detect.Outage {
			return
		}
		a.Attempts = 500
		if a.Confidence < detect.Confirmed {
			surer := with(a, func(a *detect.Alert) { a.Confidence = max(a.Confidence, detect.Unlikely) + 1 })
			if risk(&surer) <= risk(&a) {
				t.Errorf("%v: %v has risk %d, %v %d", a.Kind, a.Confidence, risk(&a), surer.Confidence, risk(&surer))
			}
		}
		if armed := with(a, func(a *detect.Alert) { a.Tools = []string{"sipcli"} }); risk(&armed) < risk(&a) {
			t.Errorf("%v: with a tool %d, without %d", a.Kind, risk(&armed), risk(&a))
		}
		for name, doubt := range map[string]func(*detect.Alert) *bool{
			"known client": func(a *detect.Alert) *bool { return &a.KnownClient },
			"phone-like":   func(a *detect.Alert) *bool { return &a.PhoneLike },
			"slow":         func(a *detect.Alert) *bool { return &a.Slow },
		} {
			sure, doubtful := a, a
			*doubt(&sure), *doubt(&doubtful) = false, true
			if lower := risk(&doubtful) < risk(&sure); lower != (a.Confidence < detect.Confirmed) {
				t.Errorf("%v, %v: %s has risk %d, others %d", a.Kind, a.Confidence, name, risk(&doubtful), risk(&sure))
			}
		}
	})
}

// An analyst who works from the top sees the confirmed break-ins first, whatever their kind.
func TestRiskOfAnyBreakInIsAboveAnyFailure(t *testing.T) {
	worstFailure, leastBreakIn := 0, 100
	everyRisk(func(a detect.Alert) {
		switch {
		case a.Kind == detect.Outage:
		case a.Confidence == detect.Confirmed:
			a.Attempts = 1
			leastBreakIn = min(leastBreakIn, risk(&a))
		case a.Confidence == detect.NoConfidence:
			a.Attempts = 1_000_000_000
			worstFailure = max(worstFailure, risk(&a))
		}
	})
	if leastBreakIn <= worstFailure {
		t.Errorf("least break-in %d, worst failure %d", leastBreakIn, worstFailure)
	}
}

func TestRiskRisesWithTools(t *testing.T) {
	for _, a := range kindSamples() {
		armed := with(a, func(a *detect.Alert) { a.Tools = []string{"sipcli"} })
		if risk(&armed) <= risk(&a) {
			t.Errorf("%v: with a tool %d, without %d", a.Kind, risk(&armed), risk(&a))
		}
	}
}

func TestRiskRisesWithRate(t *testing.T) {
	slow, fast := sampleBruteForce(), sampleBruteForce()
	lasting(&slow, time.Hour)
	lasting(&fast, time.Second)
	if risk(&fast) <= risk(&slow) {
		t.Errorf("20 attempts in a second have risk %d, in an hour %d", risk(&fast), risk(&slow))
	}
}

// The figures of the formula, so that nobody changes them unawares.
func TestRiskFigures(t *testing.T) {
	tests := []struct {
		name string
		a    detect.Alert
		want int
	}{
		{"scan, 251 in 1.3 s", sampleScan(), 38},
		{"brute force, 20 in 0.1 s", sampleBruteForce(), 47},
		{"distributed, 300 in 4 s", sampleDistributed(), 67},
		{"spray, 1,040 in 12 s", sampleSpray(), 69},
		{"brute force, success after 418", sampleBruteForceSuccess(), 91},
		{"the same, probable", with(sampleBruteForceSuccess(), func(a *detect.Alert) { a.Confidence = detect.Probable }), 77},
		{"the same, unlikely, of a known client", with(sampleBruteForceSuccess(), func(a *detect.Alert) {
			a.Confidence, a.KnownClient = detect.Unlikely, true
		}), 32},
		{"the same, by a tool", with(sampleBruteForceSuccess(), func(a *detect.Alert) { a.Tools = []string{"sipcli"} }), 92},
		{"20 in 200 s, at a phone's pace", with(sampleBruteForce(), func(a *detect.Alert) {
			a.PhoneLike = true
			lasting(a, 200*time.Second)
		}), 25},
		{"30 in 15 h", with(sampleBruteForce(), func(a *detect.Alert) {
			a.Slow, a.Attempts = true, 30
			lasting(a, 15*time.Hour)
		}), 32},
		{"an outage", sampleOutage(), 14},
	}
	for _, tt := range tests {
		if got := risk(&tt.a); got != tt.want {
			t.Errorf("%s: risk %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		attempts int
		span     time.Duration
		want     float64
	}{
		{20, 0, 1200}, {20, 100 * time.Millisecond, 1200}, {20, time.Second, 1200}, {418, 2222 * time.Millisecond, 11287.13},
		{30, 15 * time.Hour, 0.03},
	}
	for _, tt := range tests {
		a := detect.Alert{Attempts: tt.attempts}
		lasting(&a, tt.span)
		if got := hundredths(rate(&a)); got != tt.want {
			t.Errorf("%d attempts in %v: %v a minute, want %v", tt.attempts, tt.span, got, tt.want)
		}
	}
}
