package dedup

import (
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/journal"
)

// TestChunksAreForgotten: a chunk that does not come again soon is not waited for for ever.
func TestChunksAreForgotten(t *testing.T) {
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	print := func(i int) journal.Fingerprint { return d.Fingerprint([]byte{byte(i), byte(i >> 8), byte(i >> 16)}) }
	for i := range Chunks + 10 {
		d.Counted(print(i))
	}
	if got := d.Known().Recent; len(got) != Chunks || got[0] != print(10) || got[Chunks-1] != print(Chunks+9) {
		t.Errorf("%d are remembered, or in another order", len(got))
	}
	d.Restarted()
	if d.Again(print(9)) || !d.Again(print(10)) || d.Again(print(10)) {
		t.Error("the oldest should be forgotten, and one that came again not be waited for any more")
	}
	for i := range Chunks {
		d.Counted(print(1_000_000 + i))
	}
	if d.Again(print(11)) || d.earlier != nil {
		t.Error("an old chunk is still waited for")
	}
}
