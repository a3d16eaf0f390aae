package alert

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
)

// With sampling the figures are those of the traffic, about, and marked as estimates; the alert that the detector gave stays as it is.
func TestSampling(t *testing.T) {
	a := sampleBruteForce()
	kept := sampleBruteForce()
	got := string(sampling(t, "ecs").AppendJSON(nil, &a, created))
	for _, want := range []string{
		`"sampling":100`, `"estimated":true`, `"attempts":2000`, `"rejections":{"401":2000}`, `2,000 rejected attempts`, `20 rejections reached attempts = 20`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if diff := cmp.Diff(kept, a, cmp.Comparer(func(a, b detect.Endpoint) bool { return a == b }), cmp.Comparer(func(a, b detect.Member) bool { return a == b })); diff != "" {
		t.Errorf("the alert has changed:\n%s", diff)
	}
	if plain := string(encoder(t).AppendJSON(nil, &a, created)); strings.Contains(plain, "sampling") {
		t.Errorf("without sampling: %s", plain)
	}
}
