package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/detect"
)

// fill puts alerts into an outbox: their record is the text, their state that of its first letter.
func fill(o *outbox, records ...string) {
	states := map[byte]detect.State{'o': detect.Open, 'u': detect.Update, 's': detect.Success, 'e': detect.End, 'm': detect.Merged}
	for _, r := range records {
		o.add(states[r[0]], []byte(r))
	}
}

func TestOutboxKeepsTheOrder(t *testing.T) {
	o := outbox{limit: 10}
	fill(&o, "o1 ", "u2 ", "u3 ", "s4 ", "u5 ", "e6 ")
	if got := string(o.collect()); got != "o1 u2 u3 s4 u5 e6 " {
		t.Errorf("collected %q", got)
	}
}

func TestOutboxGivesUpTheOldestUpdatesFirst(t *testing.T) {
	o := outbox{limit: 4}
	fill(&o, "o1 ", "u2 ", "s3 ", "u4 ", "e5 ", "u6 ") // u2 and u4 have to go
	if got := strings.Fields(contents(o)); strings.Join(got, " ") != "o1 s3 e5 u6" {
		t.Errorf("over the limit: %q are left", got)
	}
	fill(&o, "m7 ", "e8 ") // u6 goes, then o1, the oldest of those that count
	if got := contents(o); got != "s3 e5 m7 e8 " {
		t.Errorf("without updates: %q are left", got)
	}
	fill(&o, "u9 ") // worth less than what is there
	if got := contents(o); got != "s3 e5 m7 e8 " {
		t.Errorf("a new update drove out others: %q are left", got)
	}
	if o.lostUpdates != 4 || o.lostOthers != 1 {
		t.Errorf("lost %d updates and %d others, want 4 and 1", o.lostUpdates, o.lostOthers)
	}
	o.setLimit(1)
	if got := contents(o); got != "e8 " {
		t.Errorf("with a new limit: %q are left", got)
	}
}

// contents looks into a copy.
func contents(o outbox) string {
	o.updates, o.others = slices.Clone(o.updates), slices.Clone(o.others)
	return string(o.collect())
}

func TestOutboxRepeatsUntilDelivered(t *testing.T) {
	o := outbox{limit: 2}
	if o.collect() != nil {
		t.Error("an empty outbox gives something")
	}
	fill(&o, "o1 ", "u2 ")
	first := string(o.collect())
	fill(&o, "u3 ", "u4 ", "e5 ") // the limit is not for what was given already
	if again := string(o.collect()); first != "o1 u2 " || again != first {
		t.Errorf("collected %q, then %q", first, again)
	}
	o.delivered()
	if next := string(o.collect()); next != "u4 e5 " {
		t.Errorf("after the delivery: %q", next)
	}
	o.delivered()
	if o.collect() != nil {
		t.Error("all is delivered, and something comes")
	}
}

func TestOutboxCollectsInPieces(t *testing.T) {
	o := outbox{limit: 10}
	huge := "o" + strings.Repeat("h", maxCollect)
	half := "o" + strings.Repeat("2", maxCollect/2)
	fill(&o, huge, half, half, "e")
	for i, want := range []int{len(huge), len(half), len(half) + 1} {
		if got := len(o.collect()); got != want {
			t.Errorf("piece %d has %d bytes, want %d", i+1, got, want)
		}
		o.delivered()
	}
}
