package journal

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/state"
)

// How long the disk may take for a write before the journal is given up until the next snapshot. A Flush waits no longer.
const (
	Patience       = time.Second
	PatienceToSync = 10 * time.Second // if each write has to be on the disk
)

// errStuck is what becomes of entries that the disk did not take in time.
var errStuck = errors.New("the disk does not take what is written; the journal is given up until the next snapshot")

// Writer writes entries to the journal of a store, in the order in which they are given, from a goroutine of its own. So
// a slow disk holds up nobody but those who want to wait for it, and them for a limited time.
type Writer struct {
	store    *state.Store
	always   bool // wait for the disk after each write
	patience time.Duration
	fault    func(error)
	stopped  chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // of all below; nobody waits with it
	pending []*Item
	refuse  bool // until the next generation begins
	closed  bool
	wake    chan struct{}
}

// Item is an entry, or the begin of a generation, on its way to the disk.
type Item struct {
	Head, Body []byte // of the entry; they are the writer's from Append until Wait has returned nil
	do         func() error
	done       chan error
}

// NewWriter starts a writer. With always what was written is on the disk when Wait returns, otherwise it is the system's.
// fault is told of each fault of the disk, from any goroutine.
func NewWriter(store *state.Store, always bool, fault func(error)) *Writer {
	w := &Writer{store: store, always: always, patience: Patience, fault: fault, stopped: make(chan struct{}), wake: make(chan struct{}, 1)}
	if always {
		w.patience = PatienceToSync
	}
	go w.run()
	return w
}

// NewItem returns an item. One that Wait has returned nil for may be used again.
func NewItem() *Item { return &Item{done: make(chan error, 1)} }

// Append takes an entry. It never waits.
func (w *Writer) Append(it *Item) {
	it.do = nil
	w.add(it)
}

// Begin starts a generation with the entries that follow. It never waits.
func (w *Writer) Begin(it *Item) {
	w.mu.Lock()
	w.refuse = false
	w.mu.Unlock()
	it.do = w.store.Begin
	w.add(it)
}

func (w *Writer) add(it *Item) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.refuse && it.do == nil {
		it.done <- errStuck
		return
	}
	w.pending = append(w.pending, it)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wait waits until an item is written. If the disk takes too long for it, the journal is given up: entries are refused until
// a generation begins.
func (w *Writer) Wait(it *Item) error {
	select {
	case err := <-it.done:
		return err
	default:
	}
	timer := time.NewTimer(w.patience)
	defer timer.Stop()
	select {
	case err := <-it.done:
		return err
	case <-timer.C:
	}
	w.giveUp()
	return errStuck
}

// Drain waits until all that was given is written. It fails if the disk takes too long.
func (w *Writer) Drain() error {
	it := NewItem()
	it.do = func() error { return nil }
	w.add(it)
	return w.Wait(it)
}

// giveUp drops what waits, and refuses what follows.
func (w *Writer) giveUp() {
	w.mu.Lock()
	again, dropped := w.refuse, w.pending
	w.refuse, w.pending = true, nil
	w.mu.Unlock()
	for _, it := range dropped {
		it.done <- errStuck
	}
	if !again {
		w.fault(w.store.Fail(errStuck))
	}
}

// Close writes what waits and ends the writer. The store stays open.
func (w *Writer) Close() {
	w.mu.Lock()
	closed := w.closed
	w.closed = true
	w.mu.Unlock()
	if !closed {
		close(w.wake)
	}
	<-w.stopped
}

func (w *Writer) run() {
	defer close(w.stopped)
	for range w.wake {
		w.write(w.take())
	}
	w.write(w.take())
}

func (w *Writer) take() []*Item {
	w.mu.Lock()
	defer w.mu.Unlock()
	items := w.pending
	w.pending = nil
	return items
}

// write writes items, and tells who waits for them.
func (w *Writer) write(items []*Item) {
	errs := make([]error, len(items))
	for i, it := range items {
		errs[i] = w.guarded(func() error { return w.one(it) })
	}
	var fault error
	if w.always {
		fault = w.guarded(w.store.Sync)
	}
	for i, it := range items {
		it.done <- errors.Join(errs[i], fault)
	}
}

func (w *Writer) one(it *Item) error {
	if it.do != nil {
		return it.do()
	}
	return w.store.Append(it.Head, it.Body)
}

// guarded tells of a fault once, be it of the disk or of siphunt.
func (w *Writer) guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = w.store.Fail(fmt.Errorf("a fault in siphunt, please report it: %v\n%s", r, debug.Stack()))
		}
		if err != nil && !state.Broken(err) {
			w.fault(err)
		}
	}()
	return do()
}
