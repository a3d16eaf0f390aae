package state_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/state"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// reader follows a book that another process writes.
type reader struct {
	book
	follower *state.Follower
}

func follow(t *testing.T, disk state.FS) *reader {
	return &reader{book: book{t: t}, follower: state.NewFollower(disk, folder, 1)}
}

// sees follows, and compares with words in one text.
func (r *reader) sees(words string) {
	r.t.Helper()
	r.must(r.follower.Follow(r.restore, r.apply))
	r.wants(words)
}

func TestFollowerReadsAlong(t *testing.T) {
	disk := &faulty.FS{}
	w, r := mustOpen(t, disk), follow(t, disk)
	w.must(w.roll())
	r.sees("")
	w.add("a", "b")
	r.sees("a b")
	r.sees("a b")
	w.must(w.store.Begin()) // a generation without a snapshot
	w.add("c")
	r.sees("a b c")
	w.must(w.commit("a b"))
	w.add("d")
	r.sees("a b c d")
	for _, word := range []string{"e", "f", "g"} { // the files of the first generations are removed
		w.add(word)
		w.must(w.roll())
	}
	r.sees("a b c d e f g")
	w.add("h")
	late := follow(t, disk)
	late.sees("a b c d e f g h")
	r.sees("a b c d e f g h")
	w.must(w.store.Close())
	again := mustOpen(t, disk)
	again.must(again.roll())
	again.add("i")
	r.sees("a b c d e f g h i")
}

// TestFollowerTakesNothing: it neither locks nor changes, damage included.
func TestFollowerTakesNothing(t *testing.T) {
	disk := &faulty.FS{}
	w := mustOpen(t, disk)
	w.must(w.roll())
	w.add("a")
	disk.Put(folder+"/snapshot-9", []byte("rubbish"))
	before := disk.Files()
	disk.Fail(func(_ int, op, path string) error {
		if !slices.Contains([]string{"list", "open", "read", "close"}, op) {
			t.Errorf("%s %s", op, path)
		}
		return nil
	})
	follow(t, disk).sees("a")
	disk.Fail(nil)
	if after := disk.Files(); !slices.Equal(before, after) {
		t.Errorf("files were %v, are %v", before, after)
	}
}

// TestFollowerWaitsForTheEndOfAnEntry: whatever part of it is there, it is read once, and whole.
func TestFollowerWaitsForTheEndOfAnEntry(t *testing.T) {
	disk := &faulty.FS{}
	w := mustOpen(t, disk)
	w.must(w.roll())
	w.add("first", "second")
	file := folder + "/journal-1"
	whole := disk.Read(file)
	r := follow(t, disk)
	for n := range len(whole) + 1 {
		disk.Put(file, whole[:n])
		r.must(r.follower.Follow(r.restore, r.apply))
	}
	r.wants("first second")
}

// TestFollowerWaitsForASnapshot: where the journal cannot be read on, the next snapshot makes up for it.
func TestFollowerWaitsForASnapshot(t *testing.T) {
	for name, spoil := range map[string]func(*faulty.FS, string){
		"damaged": func(disk *faulty.FS, file string) {
			b := disk.Read(file)
			b[len(b)-1] ^= 1
			disk.Put(file, b)
		},
		"removed": func(disk *faulty.FS, file string) {
			if err := disk.Remove(file); err != nil {
				t.Fatal(err)
			}
		},
	} {
		disk := &faulty.FS{}
		w, r := mustOpen(t, disk), follow(t, disk)
		w.must(w.roll())
		w.add("a")
		r.sees("a")
		w.add("b")
		w.must(w.store.Begin())
		w.add("c")
		w.must(w.store.Begin())
		w.add("d")
		spoil(disk, folder+"/journal-2")
		if err := r.follower.Follow(r.restore, r.apply); !state.IsBehind(err) {
			t.Errorf("%s: %v", name, err)
		}
		w.must(w.commit("a b c"))
		r.sees("a b c d")
	}
}

func TestFollowerOfNothing(t *testing.T) {
	if err := follow(t, &faulty.FS{}).follower.Follow(nil, nil); err == nil || !strings.Contains(err.Error(), folder+": file does not exist: no detector has left its state there") {
		t.Errorf("got %v", err)
	}
	disk := &faulty.FS{}
	disk.Put(folder+"/snapshot-1", []byte("rubbish"))
	r := follow(t, disk)
	if err := r.follower.Follow(r.restore, r.apply); err == nil || !strings.Contains(err.Error(), "snapshot-1: damaged") {
		t.Errorf("got %v", err)
	}
}
