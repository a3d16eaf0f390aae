package state_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// story is what a process does with its store: words come, each is synced, some generations go by. It ends early where
// the store can't be opened. well is what was known when the disk was last as it should be.
func story(t *testing.T, fs *faulty.FS, name string, well []string) (known, stillWell []string) {
	t.Helper()
	b, err := open(t, fs)
	if err != nil {
		return nil, well
	}
	note := func(synced bool) {
		if synced && b.store.Status().Whole {
			well = slices.Clone(b.words)
		}
	}
	note(b.roll() == nil)
	for i := range 9 {
		if b.add(fmt.Sprint(name, i)) {
			note(b.store.Sync() == nil)
		}
		if i%4 == 3 {
			_ = b.roll()
			note(b.store.Sync() == nil)
		}
	}
	for range 2 { // a fault is made good by the next snapshot, or the one after
		note(b.roll() == nil)
	}
	return b.words, well
}

// TestEveryFault: a process finds a state, and at each call in turn the disk fails, once or for good; then the process is
// killed, or the machine loses its power. The next process knows all that was stored while the disk was well; and where
// the disk failed only once, it knows everything.
func TestEveryFault(t *testing.T) {
	crashes := map[string]func(*faulty.FS){"kill": (*faulty.FS).Kill, "power": (*faulty.FS).LosePower}
	for _, fault := range []error{syscall.EIO, faulty.ErrShort} {
		for _, forGood := range []bool{false, true} {
			for crash, end := range crashes {
				t.Run(fmt.Sprint(fault, " for good ", forGood, " then ", crash), func(t *testing.T) {
					for n, reached := 0, true; reached; n++ {
						var fs faulty.FS
						_, before := story(t, &fs, "a", nil)
						end(&fs)
						if len(before) != 9 {
							t.Fatalf("without faults %q are known", before)
						}
						first := fs.Calls()
						reached = false
						fs.Fail(func(call int, _, _ string) error {
							if call == first+n || forGood && call > first+n {
								reached = true
								return fault
							}
							return nil
						})
						known, well := story(t, &fs, "b", before)
						fs.Fail(nil)
						end(&fs)
						got := mustOpen(t, &fs).words
						if !slices.Equal(got[:min(len(got), len(well))], well) {
							t.Fatalf("call %d fails: %q\nwere stored while the disk was well, %q are there", n, well, got)
						}
						if !forGood && (len(known) != 18 || !slices.Equal(got, known)) {
							t.Fatalf("call %d fails once: %q\nwere known, %q are there", n, known, got)
						}
					}
				})
			}
		}
	}
}

// TestCrashAtEveryCall: the process, or the machine, ends at each call in turn.
func TestCrashAtEveryCall(t *testing.T) {
	for crash, end := range map[string]func(*faulty.FS){"kill": (*faulty.FS).Kill, "power": (*faulty.FS).LosePower} {
		t.Run(crash, func(t *testing.T) {
			for n, reached := 0, true; reached; n++ {
				var fs faulty.FS
				reached = false
				type ended struct{}
				var well []string
				func() {
					defer func() {
						if r := recover(); r != nil && r != any(ended{}) {
							panic(r)
						}
					}()
					fs.Fail(func(call int, _, _ string) error {
						if call == n {
							reached = true
							panic(ended{})
						}
						return nil
					})
					b := mustOpen(t, &fs)
					for i := range 9 {
						if i%3 == 0 {
							b.must(b.roll())
						}
						b.add(fmt.Sprint("w", i))
						b.must(b.store.Sync())
						well = slices.Clone(b.words)
					}
				}()
				fs.Fail(nil)
				end(&fs)
				b := mustOpen(t, &fs)
				if got := b.words; len(got) < len(well) || !slices.Equal(got[:len(well)], well) || len(got) > len(well)+1 {
					t.Fatalf("ended at call %d: %q were stored, %q are there", n, well, got)
				}
				b.must(b.roll())
				for _, path := range fs.Files() {
					if strings.HasSuffix(path, ".tmp") {
						t.Errorf("ended at call %d: %s is left", n, path)
					}
				}
			}
		})
	}
}

// TestSlowDisk: a sync that takes its time does not hold up what is appended, and what comes meanwhile is synced by the
// next one.
func TestSlowDisk(t *testing.T) {
	var fs faulty.FS
	b := mustOpen(t, &fs)
	b.must(b.roll())
	b.add("one")
	slow, begun := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fs.Fail(func(_ int, op, _ string) error {
		if op == "sync" {
			once.Do(func() { close(begun); <-slow })
		}
		return nil
	})
	first := make(chan error)
	go func() { first <- b.store.Sync() }()
	<-begun
	b.add("two")
	second := make(chan error)
	go func() { second <- b.store.Sync() }()
	select {
	case err := <-second:
		t.Errorf("the second sync did not wait for the disk: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(slow)
	b.must(<-first)
	b.must(<-second)
	fs.LosePower()
	mustOpen(t, &fs).wants("one two")
}
