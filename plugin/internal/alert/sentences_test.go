package alert

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
)

// moment is a report of an incident, as a change to a sample of its kind.
type moment struct {
	name   string
	change func(*detect.Alert)
}

var moments = []moment{
	{"open", func(*detect.Alert) {}},
	{"update", func(a *detect.Alert) { a.State = detect.Update }},
	{"success confirmed", func(a *detect.Alert) { entered(a, detect.Confirmed) }},
	{"success probable", func(a *detect.Alert) { entered(a, detect.Probable) }},
	{"success unlikely", func(a *detect.Alert) { entered(a, detect.Unlikely) }},
	{"end", func(a *detect.Alert) { ended(a, detect.EndIdle) }},
	{"end after confirmed", func(a *detect.Alert) {
		entered(a, detect.Confirmed)
		ended(a, detect.EndIdle)
	}},
	{"withdrawn", func(a *detect.Alert) { a.State, a.EndReason = detect.Withdrawn, detect.EndAccepted }},
	{"merged", func(a *detect.Alert) {
		a.State, a.EndReason, a.MergedInto = detect.Merged, detect.EndMerged, "fedcba98"
	}},
}

var doubtful = []moment{
	{"", func(*detect.Alert) {}},
	{"known client", func(a *detect.Alert) { a.KnownClient = true }},
	{"phone-like", func(a *detect.Alert) {
		a.PhoneLike, a.Attempts = true, 25
		lasting(a, 250*time.Second)
	}},
	{"slow", func(a *detect.Alert) {
		a.Slow = true
		lasting(a, 20*time.Hour)
	}},
}

// entered makes the alert a report of a success: of the strongest client on the strongest extension, as sure as said.
func entered(a *detect.Alert, sure detect.Confidence) {
	a.State = detect.Success
	succeeded(a, detect.Succeeded{Extension: a.Extension, Client: a.Client.Addr, Time: a.Last + 10, Attempts: 9, Confidence: sure})
}

// isPossible tells whether there is such a report: nobody breaks in by an outage, and only that recovers.
func isPossible(a *detect.Alert) bool {
	return a.Kind != detect.Outage || a.SuccessesN == 0 && a.State != detect.Withdrawn && a.State != detect.Merged && !a.PhoneLike && !a.Slow
}

// everySentence calls f with a report of each kind and state, and each doubt.
func everySentence(f func(name string, a *detect.Alert)) {
	for _, sample := range kindSamples() {
		for _, m := range moments {
			for _, d := range doubtful {
				a := with(with(sample, d.change), m.change)
				a.Campaign = detect.Campaign{}
				if isPossible(&a) {
					f(strings.TrimSuffix(fmt.Sprintf("%v, %s, %s", a.Kind, m.name, d.name), ", "), cleaned(&a))
				}
			}
		}
	}
}

// The sentences stand in testdata/sentences.txt to be read aloud: each has to be true, and enough to act on.
func TestSentences(t *testing.T) {
	var got strings.Builder
	kind := detect.Kind(0)
	everySentence(func(name string, a *detect.Alert) {
		if a.Kind != kind {
			fmt.Fprintf(&got, "# %v\n\n", a.Kind)
			kind = a.Kind
		}
		fmt.Fprintf(&got, "%s\n    %s\n\n", name, message(&options, a))
	})
	compareGolden(t, "testdata/sentences.txt", got.String())
}

// What a sentence claims is no more than how sure the success is.
func TestSentencesClaimNoMoreThanIsKnown(t *testing.T) {
	brokeIn := regexp.MustCompile(`BROKE IN|(is|are) compromised`)
	everySentence(func(name string, a *detect.Alert) {
		s := message(&options, a)
		for _, claim := range []struct {
			words string
			want  bool
		}{
			{"probably compromised", a.Confidence == detect.Probable},
			{"most likely its owner", a.Confidence == detect.Unlikely},
			{"no success was seen", a.State == detect.End && a.SuccessesN == 0 && rules[a.Kind].manyClients && a.Kind != detect.Outage},
			{"without success", a.State == detect.End && a.SuccessesN == 0 && !rules[a.Kind].manyClients},
			{"still", a.State == detect.Update},
			{"wrongly", a.State == detect.Withdrawn},
			{"now part of incident fedcba98", a.State == detect.Merged},
			{"outage, not an attack", a.Kind == detect.Outage && a.State != detect.End},
		} {
			if strings.Contains(s, claim.words) != claim.want {
				t.Errorf("%s: %q (want: %v): %s", name, claim.words, claim.want, s)
			}
		}
		if brokeIn.MatchString(s) != (a.Confidence == detect.Confirmed) {
			t.Errorf("%s: %s", name, s)
		}
	})
}

// compareGolden compares with a file, or writes it.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), go test -update rewrites it:\n%s", path, diff)
	}
}
