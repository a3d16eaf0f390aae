package outbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/wire"
)

// fill puts alerts into an outbox: their record is the text, and those that begin with u are updates.
func fill(o *Outbox, records ...string) {
	for _, r := range records {
		o.Add(r[0] == 'u', []byte(r))
	}
}

func TestKeepsTheOrder(t *testing.T) {
	o := New(10)
	fill(o, "o1 ", "u2 ", "u3 ", "s4 ", "u5 ", "e6 ")
	if got := records(o); got != "o1 u2 u3 s4 u5 e6 " {
		t.Errorf("collected %q", got)
	}
}

func TestGivesUpTheOldestUpdatesFirst(t *testing.T) {
	o := New(4)
	fill(o, "o1 ", "u2 ", "s3 ", "u4 ", "e5 ", "u6 ") // u2 and u4 have to go
	if got := strings.Fields(contents(o)); strings.Join(got, " ") != "o1 s3 e5 u6" {
		t.Errorf("over the limit: %q are left", got)
	}
	fill(o, "m7 ", "e8 ") // u6 goes, then o1, the oldest of those that count
	if got := contents(o); got != "s3 e5 m7 e8 " {
		t.Errorf("without updates: %q are left", got)
	}
	fill(o, "u9 ") // worth less than what is there
	if got := contents(o); got != "s3 e5 m7 e8 " {
		t.Errorf("a new update drove out others: %q are left", got)
	}
	if o.lost != (Lost{Updates: 4, Others: 1}) {
		t.Errorf("lost %d updates and %d others, want 4 and 1", o.lost.Updates, o.lost.Others)
	}
	o.SetLimit(1)
	if got := contents(o); got != "e8 " {
		t.Errorf("with a new limit: %q are left", got)
	}
}

// records returns what is collected.
func records(o *Outbox) string {
	b, _ := o.Collect()
	return string(b)
}

// contents looks into a copy.
func contents(o *Outbox) string {
	return records(&Outbox{updates: slices.Clone(o.updates), others: slices.Clone(o.others)})
}

func TestRepeatsUntilDelivered(t *testing.T) {
	o := New(2)
	if records(o) != "" {
		t.Error("an empty outbox gives something")
	}
	fill(o, "o1 ", "u2 ")
	first := records(o)
	fill(o, "u3 ", "u4 ", "e5 ") // the limit is not for what was given already
	if again := records(o); first != "o1 u2 " || again != first {
		t.Errorf("collected %q, then %q", first, again)
	}
	o.Delivered()
	if next := records(o); next != "u4 e5 " {
		t.Errorf("after the delivery: %q", next)
	}
	o.Delivered()
	if records(o) != "" {
		t.Error("all is delivered, and something comes")
	}
}

func TestCollectsInPieces(t *testing.T) {
	o := New(10)
	huge := "o" + strings.Repeat("h", maxCollect)
	half := "o" + strings.Repeat("2", maxCollect/2)
	fill(o, huge, half, half, "e")
	for i, want := range []int{len(huge), len(half), len(half) + 1} {
		if got := len(records(o)); got != want {
			t.Errorf("piece %d has %d bytes, want %d", i+1, got, want)
		}
		o.Delivered()
	}
}

// TestStored: what was written is read, what was given and not delivered too.
func TestStored(t *testing.T) {
	o := New(10)
	fill(o, "o1 ", "u2 ")
	o.Collect()
	fill(o, "u3 ", "e4 ")
	r := wire.NewReader(string(o.AppendTo(nil)))
	again := Read(r, 10)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := contents(again); got != "o1 u2 u3 e4 " || again.Newest() != 4 {
		t.Errorf("%q are left, the newest has number %d", got, again.Newest())
	}
	again.Forget(2)
	if got := contents(again); got != "u3 e4 " {
		t.Errorf("after the delivery: %q", got)
	}
}

// TestContinue: what was made anew is there once.
func TestContinue(t *testing.T) {
	o, anew := New(10), New(10)
	fill(o, "o1 ", "u2 ", "s3 ")
	o.Collect()
	fill(anew, "o1 ", "u2 ", "s3 ", "u4 ", "e5 ")
	o.Continue(anew)
	if got := contents(o); got != "u4 e5 " || o.Newest() != 5 {
		t.Errorf("%q wait, the newest has number %d", got, o.Newest())
	}
}
