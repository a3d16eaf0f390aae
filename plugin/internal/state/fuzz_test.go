package state_test

import (
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// example gives a folder with two generations.
func example(t testing.TB) *faulty.FS {
	fs := &faulty.FS{}
	b := mustOpen(t, fs)
	for _, w := range []string{"one", "two"} {
		b.must(b.roll())
		b.add(w, w)
	}
	fs.Kill()
	return fs
}

func FuzzSnapshot(f *testing.F) { fuzz(f, folder+"/snapshot-2", "one one") }
func FuzzJournal(f *testing.F)  { fuzz(f, folder+"/journal-2", "one one") }

// fuzz puts anything in the place of a file. What the other files have is there in any case, and the store goes on.
func fuzz(f *testing.F, path, others string) {
	good := example(f).Read(path)
	for _, n := range []int{0, 9, 16, 20, 24, len(good) - 1, len(good)} {
		f.Add(good[:n])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fs := example(t)
		fs.Put(path, data)
		b := mustOpen(t, fs)
		size := 0
		for _, w := range b.words {
			size += len(w)
		}
		if size > len(data)+len("oneonetwotwo") {
			t.Errorf("%d bytes of words from a file of %d", size, len(data))
		}
		if path == folder+"/journal-2" && (len(b.words) < 2 || b.words[0]+" "+b.words[1] != others) {
			t.Errorf("the snapshot is lost: %q", b.words)
		}
		known := len(b.words)
		b.must(b.roll())
		b.add("more")
		fs.Kill()
		if again := mustOpen(t, fs); len(again.words) != known+1 {
			t.Errorf("%q were known, then %q", b.words, again.words)
		}
	})
}
