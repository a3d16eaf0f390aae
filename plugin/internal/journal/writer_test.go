package journal

import (
	"errors"
	"io"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/state"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// desk is a writer with a disk, and the faults that it tells of.
type desk struct {
	t     *testing.T
	disk  *faulty.FS
	store *state.Store
	w     *Writer

	mu     sync.Mutex
	faults []error
}

func newDesk(t *testing.T, always bool) *desk {
	t.Helper()
	d := &desk{t: t, disk: &faulty.FS{}}
	d.open()
	d.w = NewWriter(d.store, always, func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.faults = append(d.faults, err)
	})
	d.must(d.begin())
	return d
}

func (d *desk) open() {
	d.t.Helper()
	var err error
	d.store, err = state.Open(state.Options{FS: d.disk, Folder: "/state", Version: 1, Limit: 1 << 20, Log: func(msg string) { d.t.Error(msg) }})
	d.must(err)
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// begin begins a generation with an empty snapshot.
func (d *desk) begin() error {
	if err := d.w.Drain(); err != nil {
		return err
	}
	it := NewItem()
	d.w.Begin(it)
	if err := d.w.Wait(it); err != nil {
		return err
	}
	_, err := d.store.Commit(eof{})
	return err
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// write writes an entry, and waits for it.
func (d *desk) write(text string) error {
	it := NewItem()
	it.Head, it.Body = []byte(text[:1]), []byte(text[1:])
	d.w.Append(it)
	return d.w.Wait(it)
}

// entries ends the process, and returns what another one finds.
func (d *desk) entries() (all []string) {
	d.t.Helper()
	d.w.Close()
	d.disk.Fail(nil)
	d.disk.Kill()
	d.open()
	d.must(d.store.Load(func(byte, io.Reader) error { return nil }, func(_ byte, payload []byte) error {
		all = append(all, string(payload))
		return nil
	}))
	return all
}

func TestEntriesInOrder(t *testing.T) {
	for _, always := range []bool{false, true} {
		d := newDesk(t, always)
		var want []string
		var items []*Item
		for i := range 100 {
			it := NewItem()
			it.Head = []byte{byte(i)}
			d.w.Append(it)
			items, want = append(items, it), append(want, string(rune(i)))
		}
		for _, it := range items {
			d.must(d.w.Wait(it))
		}
		if always {
			d.disk.LosePower()
		}
		if got := d.entries(); !slices.Equal(got, want) || len(d.faults) > 0 {
			t.Errorf("always %v: %q, faults %v", always, got, d.faults)
		}
		d.w.Close() // once more does nothing
	}
}

// TestStuckDisk: who waits for a disk that is stuck goes on after a second, those after it do not wait at all; with the next
// generation entries are taken again.
func TestStuckDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, false)
		d.must(d.write("before"))
		free := make(chan struct{})
		d.disk.Fail(func(_ int, op, _ string) error {
			if op == "write" {
				<-free
			}
			return nil
		})
		start := time.Now()
		if err := d.write("stuck"); !errors.Is(err, errStuck) || time.Since(start) != Patience {
			t.Errorf("%v after %v, want %v after %v", err, time.Since(start), errStuck, Patience)
		}
		start = time.Now()
		for range 1000 {
			if err := d.write("refused"); !errors.Is(err, errStuck) {
				t.Error(err)
			}
		}
		if time.Since(start) != 0 || d.store.Status().Whole || len(d.faults) != 1 {
			t.Errorf("waited for %v, whole %v, faults %v", time.Since(start), d.store.Status().Whole, d.faults)
		}
		if err := d.begin(); !errors.Is(err, errStuck) {
			t.Errorf("a generation begins on a disk that is stuck: %v", err)
		}
		d.disk.Fail(nil)
		close(free)
		synctest.Wait()
		d.must(d.begin())
		d.must(d.write("after"))
		if !d.store.Status().Whole {
			t.Error("the state is not whole again")
		}
		if got := d.entries(); !slices.Equal(got, []string{"after"}) { // the generation before is with the snapshot
			t.Errorf("entries %q", got)
		}
	})
}

// TestFaultOfTheDisk: it is told once, and what follows is refused.
func TestFaultOfTheDisk(t *testing.T) {
	for _, always := range []bool{false, true} {
		for _, op := range []string{"write", "sync"} {
			if op == "sync" && !always {
				continue
			}
			d := newDesk(t, always)
			d.disk.Fail(func(_ int, o, _ string) error {
				if o == op {
					return syscall.EIO
				}
				return nil
			})
			if err := d.write("lost"); !errors.Is(err, syscall.EIO) {
				t.Errorf("%s: %v", op, err)
			}
			if err := d.write("refused"); err == nil || len(d.faults) != 1 || d.store.Status().Whole {
				t.Errorf("%s: %v, faults %v, whole %v", op, err, d.faults, d.store.Status().Whole)
			}
			d.disk.Fail(nil)
			d.must(d.begin())
			d.must(d.write("after"))
			d.w.Close()
		}
	}
}
