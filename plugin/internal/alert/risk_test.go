package alert

import (
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

var kinds = []detect.Kind{detect.Scan, detect.BruteForce, detect.Distributed, detect.Spray}

// everyRisk calls f with alerts of all kinds, lengths, with and without success, by known clients and unknown ones.
func everyRisk(f func(a detect.Alert)) {
	for _, kind := range kinds {
		for d := time.Millisecond; d < 1000*time.Hour; d *= 7 {
			for mask := range 4 {
				a := detect.Alert{Kind: kind, SuccessesN: mask & 1, KnownClient: mask&2 != 0}
				lasting(&a, d)
				f(a)
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

func TestRiskRisesWithSuccessAndFallsForKnownClients(t *testing.T) {
	everyRisk(func(a detect.Alert) {
		a.Attempts = 500
		failed := with(a, func(a *detect.Alert) { a.SuccessesN = 0 })
		entered := with(a, func(a *detect.Alert) { a.SuccessesN = 1 })
		if risk(&entered) <= risk(&failed) {
			t.Errorf("%v: success has risk %d, failure %d", a.Kind, risk(&entered), risk(&failed))
		}
		stranger := with(a, func(a *detect.Alert) { a.KnownClient = false })
		known := with(a, func(a *detect.Alert) { a.KnownClient = true })
		if risk(&known) >= risk(&stranger) {
			t.Errorf("%v: a known client has risk %d, a stranger %d", a.Kind, risk(&known), risk(&stranger))
		}
	})
}

// An analyst who works from the top sees the successes of strangers first, whatever their kind.
func TestRiskOfAnySuccessIsAboveAnyFailure(t *testing.T) {
	worstFailure, leastSuccess := 0, 100
	everyRisk(func(a detect.Alert) {
		switch {
		case a.SuccessesN == 0:
			a.Attempts = 1_000_000_000
			worstFailure = max(worstFailure, risk(&a))
		case !a.KnownClient:
			a.Attempts = 1
			leastSuccess = min(leastSuccess, risk(&a))
		}
	})
	if leastSuccess <= worstFailure {
		t.Errorf("least success %d, worst failure %d", leastSuccess, worstFailure)
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
		{"the same by a known client", with(sampleBruteForceSuccess(), func(a *detect.Alert) { a.KnownClient = true }), 54},
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
