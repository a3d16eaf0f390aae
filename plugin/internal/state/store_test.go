package state_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/plugin/internal/state"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// book is what a store is for: something that is known, here a list of words, that grows by entries.
type book struct {
	t     testing.TB
	store *state.Store
	words []string
	log   []string
}

const folder = "/state/main"

// open opens a book and reads what was stored.
func open(t testing.TB, fs state.FS) (*book, error) {
	t.Helper()
	b := &book{t: t}
	var err error
	b.store, err = state.Open(state.Options{FS: fs, Folder: folder, Version: 1, Limit: 1 << 20, Log: func(msg string) { b.log = append(b.log, msg) }})
	if err == nil {
		err = b.store.Load(b.restore, b.apply)
	}
	return b, err
}

func mustOpen(t testing.TB, fs state.FS) *book {
	t.Helper()
	b, err := open(t, fs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *book) restore(_ byte, snapshot io.Reader) error {
	payload, err := io.ReadAll(snapshot)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(payload), "refused") {
		return errors.New("not a book")
	}
	b.words = strings.Fields(string(payload))
	return nil
}

func (b *book) apply(_ byte, payload []byte) error {
	b.words = append(b.words, string(payload))
	return nil
}

func (b *book) roll() error {
	payload := strings.Join(b.words, " ")
	if err := b.store.Begin(); err != nil {
		return err
	}
	return b.commit(payload)
}

func (b *book) commit(payload string) error {
	_, err := b.store.Commit(strings.NewReader(payload))
	return err
}

// add is true where the word is stored, as far as the store knows.
func (b *book) add(words ...string) (stored bool) {
	stored = true
	for _, w := range words {
		if b.store.Append([]byte(w[:1]), []byte(w[1:])) != nil {
			stored = false
		}
		b.words = append(b.words, w)
	}
	return stored
}

func (b *book) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// wants compares with words in one text.
func (b *book) wants(words string) {
	b.t.Helper()
	if diff := cmp.Diff(strings.Fields(words), b.words, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		b.t.Errorf("known (-want +got):\n%s\nlog: %q", diff, b.log)
	}
}

func (b *book) logged(texts ...string) {
	b.t.Helper()
	if len(b.log) != len(texts) {
		b.t.Errorf("%d lines of log, want %d: %q", len(b.log), len(texts), b.log)
		return
	}
	for i, text := range texts {
		if !strings.Contains(b.log[i], text) {
			b.t.Errorf("log %q, want %q", b.log[i], text)
		}
	}
}

func TestStoreRemembers(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.wants("")
	b.must(b.roll())
	b.add("one", "two")
	b.must(b.roll())
	b.add("three")
	fs.Kill()

	b = mustOpen(t, &fs)
	b.wants("one two three")
	b.logged()
	b.must(b.roll())
	b.add("four")
	b.must(b.roll())
	b.must(b.store.Close())

	b = mustOpen(t, &fs)
	b.wants("one two three four")
}

// TestStoreIsBounded: of any number of generations, two are on the disk.
func TestStoreIsBounded(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	for i := range 20 {
		b.must(b.roll())
		b.add(fmt.Sprint("w", i))
	}
	want := []string{"journal-19", "journal-20", "snapshot-19", "snapshot-20"}
	var got []string
	for _, path := range fs.Files() {
		got = append(got, filepath.Base(path))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestJournalsHaveALimit: where no snapshot can be written, the journals do not fill the disk.
func TestJournalsHaveALimit(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.must(b.roll())
	fs.Fail(func(_ int, _, path string) error {
		if strings.HasSuffix(path, ".tmp") {
			return syscall.EIO
		}
		return nil
	})
	word := strings.Repeat("x", 1000)
	for range 3000 {
		b.add(word)
		if len(b.words)%100 == 0 {
			_ = b.roll()
		}
	}
	total := 0
	for _, path := range fs.Files() {
		total += len(fs.Read(path))
	}
	if total > 1<<20+100_000 || b.store.Status().Whole {
		t.Errorf("%d bytes on disk, whole %v", total, b.store.Status().Whole)
	}
	fs.Fail(nil)
	b.must(b.roll())
	if !b.store.Status().Whole {
		t.Error("a snapshot did not make the state whole")
	}
}

// TestTornTail: the last journal is cut at every byte, and all entries before the cut are there.
func TestTornTail(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.must(b.roll())
	words := []string{"one", "two", "three"}
	ends := []int{16}
	for _, w := range words {
		b.add(w)
		ends = append(ends, len(fs.Read(folder+"/journal-1")))
	}
	whole := fs.Read(folder + "/journal-1")
	for cut := range len(whole) + 1 {
		for _, zeros := range []int{0, len(whole) - cut} { // some file systems leave zeros
			fs.Kill()
			fs.Put(folder+"/journal-1", append(slices.Clone(whole[:cut]), make([]byte, zeros)...))
			b := mustOpen(t, &fs)
			n := 0
			for n < len(words) && ends[n+1] <= cut {
				n++
			}
			b.wants(strings.Join(words[:n], " "))
			if clean := slices.Contains(ends, cut+zeros) && (zeros == 0 || cut == len(whole)); clean != (len(b.log) == 0) {
				t.Errorf("cut at %d of %d, %d zeros: log %q", cut, len(whole), zeros, b.log)
			}
		}
	}
}

// TestEveryBitCounts: no byte of a journal can change without being noticed.
func TestEveryBitCounts(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.must(b.roll())
	b.add("one", "two", "three")
	whole := fs.Read(folder + "/journal-1")
	for i := range whole {
		if i >= 10 && i < 16 {
			continue // reserved
		}
		fs.Kill()
		changed := slices.Clone(whole)
		changed[i] ^= 0x10
		fs.Put(folder+"/journal-1", changed)
		b := mustOpen(t, &fs)
		b.wants(strings.Join([]string{"one", "two", "three"}[:min(2, max(0, i-16)/11)], " ")) // what comes before
		if i == 9 {                                                                           // another version is no damage: another siphunt will read it
			b.logged("journal-1 cannot be used and is set aside as journal-1.corrupt: it has version 17")
		} else {
			b.logged("journal-1: cut after")
		}
	}
}

func TestCorruptSnapshot(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"a bit":         func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut":           func(b []byte) []byte { return b[:len(b)-1] },
		"no end":        func(b []byte) []byte { return b[:len(b)-8] },
		"empty":         func([]byte) []byte { return nil },
		"only a header": func(b []byte) []byte { return b[:16] },
		"too long":      func(b []byte) []byte { return append(b, 0) },
		"a new version": func(b []byte) []byte { b[9] = 2; return b },
		"another kind":  func(b []byte) []byte { b[8] = 'J'; return b },
		"a huge frame":  func(b []byte) []byte { copy(b[16:], "\xff\xff\xff\xff"); return b },
	} {
		t.Run(name, func(t *testing.T) {
			var fs faulty.FS
			b := mustOpen(t, &fs)
			b.must(b.roll())
			b.add("one")
			b.must(b.roll())
			b.add("two")
			fs.Kill()
			fs.Put(folder+"/snapshot-2", spoil(fs.Read(folder+"/snapshot-2")))
			b = mustOpen(t, &fs)
			b.wants("one two")
			b.logged("snapshot-2 cannot be used and is set aside as snapshot-2.corrupt")
			if !slices.Contains(fs.Files(), folder+"/snapshot-2.corrupt") {
				t.Error("it is gone")
			}
		})
	}
}

// TestLongSnapshot: one of many frames is read as it was written; one that could not be made to its end is none.
func TestLongSnapshot(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	for i := range 600_000 {
		b.words = append(b.words, fmt.Sprint(i))
	}
	long := strings.Join(b.words, " ")
	b.must(b.roll())
	b.must(b.store.Begin())
	broken := errors.New("the rest cannot be made")
	if _, err := b.store.Commit(io.MultiReader(strings.NewReader(long[:2<<20]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("committed half of a snapshot: %v", err)
	}
	fs.Kill()
	b = mustOpen(t, &fs)
	if got := strings.Join(b.words, " "); got != long || len(long) < 3<<20 {
		t.Errorf("of %d bytes %d are back", len(long), len(got))
	}
	b.logged()
}

// TestRefusedSnapshot: what the reader does not understand is as bad as what the disk has spoilt.
func TestRefusedSnapshot(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.must(b.roll())
	b.add("one")
	b.must(b.store.Begin())
	b.must(b.commit("refused by the reader"))
	b.add("two")
	fs.Kill()
	b = mustOpen(t, &fs)
	b.wants("one two")
	b.logged("snapshot-2.corrupt: not a book")
}

// TestNoSnapshotIsLeft: what the journals have is better than nothing.
func TestNoSnapshotIsLeft(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	for _, w := range []string{"one", "two", "three"} {
		b.must(b.roll())
		b.add(w)
	}
	fs.Kill()
	for _, g := range []string{"2", "3"} {
		fs.Put(folder+"/snapshot-"+g, nil)
	}
	b = mustOpen(t, &fs)
	b.wants("two three")
	b.must(b.roll())
	b.must(b.roll())
	b.must(b.store.Close())
	mustOpen(t, &fs).wants("two three")
}

func TestSetAsideFilesAreBounded(t *testing.T) {
	var fs faulty.FS
	for range 10 {
		b := mustOpen(t, &fs)
		b.must(b.roll())
		b.must(b.store.Close())
		for _, path := range fs.Files() {
			if strings.Contains(path, "snapshot") && !strings.HasSuffix(path, ".corrupt") {
				fs.Put(path, nil)
			}
		}
	}
	n := 0
	for _, path := range fs.Files() {
		if strings.HasSuffix(path, ".corrupt") {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d files set aside, want the newest 4: %q", n, fs.Files())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	folder := t.TempDir()
	first, err := state.Open(state.Options{FS: state.Disk{}, Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(state.Options{FS: state.Disk{}, Folder: folder}); !errors.Is(err, state.ErrLocked) {
		t.Errorf("the second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := state.Open(state.Options{FS: state.Disk{}, Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

// TestOnDisk: the same on the real file system, which nobody else may read.
func TestOnDisk(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a", "main")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	var words []string
	for i := range 3 {
		b := &book{t: t}
		var err error
		b.store, err = state.Open(state.Options{FS: state.Disk{}, Folder: root, Version: 1, Limit: 1 << 20, Log: func(msg string) { t.Error(msg) }})
		b.must(err)
		b.must(b.store.Load(b.restore, b.apply))
		b.wants(strings.Join(words, " "))
		b.must(b.roll())
		b.add(fmt.Sprint("w", i))
		b.must(b.store.Sync())
		words = b.words
		b.must(b.store.Close())
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(root); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
}

// TestRemovedFolder: somebody takes the folder away, and the next snapshot makes a new one.
func TestRemovedFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "main")
	b := &book{t: t}
	var err error
	b.store, err = state.Open(state.Options{FS: state.Disk{}, Folder: root, Version: 1, Limit: 1 << 20, Log: func(msg string) { t.Error(msg) }})
	b.must(err)
	b.must(b.store.Load(b.restore, b.apply))
	b.must(b.roll())
	b.add("one")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	b.add("two")
	if !b.store.Status().Whole {
		t.Error("there is a fault without a removed folder")
	}
	if err := b.store.Check(); err == nil || b.store.Status().Whole || b.store.Check() != nil {
		t.Errorf("the removed folder was not noticed, or twice: %v", err)
	}
	b.must(b.roll())
	if err := b.store.Check(); err != nil || !b.store.Status().Whole {
		t.Errorf("the state is not whole with a new folder: %v", err)
	}
	if _, err := state.Open(state.Options{FS: state.Disk{}, Folder: root}); !errors.Is(err, state.ErrLocked) {
		t.Errorf("the new folder is not locked: %v", err)
	}
	b.must(b.store.Close())
	c := &book{t: t}
	c.store, err = state.Open(state.Options{FS: state.Disk{}, Folder: root, Version: 1, Log: func(msg string) { t.Error(msg) }})
	c.must(err)
	c.must(c.store.Load(c.restore, c.apply))
	c.wants("one two")
	c.must(c.store.Close())
	c.must(c.store.Close()) // once more does nothing
}
