// Package faulty is a file system for tests: in memory, and with every fault that a disk can have. Any call can be made
// to fail, the process can be killed, and the machine can lose its power.
package faulty

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/siphunt/siphunt/plugin/internal/state"
)

// ErrShort makes a Write write half of what it was given, as a full disk does. All other errors leave nothing behind.
var ErrShort = errors.New("no space left on device")

// FS is such a file system. The zero value is an empty one without faults.
type FS struct {
	mu      sync.Mutex
	fault   func(call int, op, path string) error
	calls   int
	names   map[string]*node
	durable map[string]*node // what the names are after a loss of power
	locked  map[string]*lock
}

type node struct {
	data   []byte
	synced int // bytes that outlive a loss of power
}

// Fail has a function asked before each call, with its number from 0; what it returns is what the call fails with. It may
// also wait. With nil, nothing fails.
func (f *FS) Fail(fault func(call int, op, path string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Calls is how many calls there were.
func (f *FS) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Kill ends the process: its locks are gone, what was written stays.
func (f *FS) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = nil
}

// LosePower ends the machine: what was not synced is gone, names included.
func (f *FS) LosePower() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = nil
	f.names = maps.Clone(f.durable)
	for _, n := range f.names {
		n.data = n.data[:n.synced]
	}
}

// Files gives the paths of all files, sorted.
func (f *FS) Files() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.names))
}

// Read gives what is in a file.
func (f *FS) Read(path string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.names[path].data)
}

// Put writes a file, as if it had been there for long.
func (f *FS) Put(path string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names == nil {
		f.names = map[string]*node{}
	}
	f.names[path] = &node{bytes.Clone(data), len(data)}
}

// begin counts a call. The lock is not held: a fault may wait.
func (f *FS) begin(op, path string) error {
	f.mu.Lock()
	call, fault := f.calls, f.fault
	f.calls++
	f.mu.Unlock()
	if fault == nil {
		return nil
	}
	if err := fault(call, op, path); err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// MakeFolder does nothing: files need no folder here.
func (f *FS) MakeFolder(path string) error { return f.begin("mkdir", path) }

// Lock takes a lock.
func (f *FS) Lock(path string) (io.Closer, error) {
	if err := f.begin("lock", path); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked[path] != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: state.ErrLocked}
	}
	if f.locked == nil {
		f.locked = map[string]*lock{}
	}
	f.locked[path] = &lock{f, path}
	return f.locked[path], nil
}

type lock struct {
	fs   *FS
	path string
}

func (l *lock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.fs.locked[l.path] == l {
		delete(l.fs.locked, l.path)
	}
	return nil
}

// List gives the names in a folder.
func (f *FS) List(folder string) ([]string, error) {
	if err := f.begin("list", folder); err != nil {
		return nil, err
	}
	var names []string
	for _, path := range f.Files() {
		if filepath.Dir(path) == filepath.Clean(folder) {
			names = append(names, filepath.Base(path))
		}
	}
	return names, nil
}

// Open opens a file to be read.
func (f *FS) Open(path string) (io.ReadCloser, int64, error) {
	if err := f.begin("open", path); err != nil {
		return nil, 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.names[path]
	if n == nil {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &reader{f, path, bytes.NewReader(bytes.Clone(n.data))}, int64(len(n.data)), nil
}

type reader struct {
	fs   *FS
	path string
	in   *bytes.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	if err := r.fs.begin("read", r.path); err != nil {
		return 0, err
	}
	return r.in.Read(b)
}

func (r *reader) Close() error { return r.fs.begin("close", r.path) }

// Create makes an empty file.
func (f *FS) Create(path string) (state.File, error) {
	if err := f.begin("create", path); err != nil {
		return nil, err
	}
	f.Put(path, nil)
	f.mu.Lock()
	defer f.mu.Unlock()
	return &file{f, path, f.names[path]}, nil
}

type file struct {
	fs   *FS
	path string
	node *node
}

func (w *file) Write(b []byte) (int, error) {
	err := w.fs.begin("write", w.path)
	n := len(b)
	switch {
	case errors.Is(err, ErrShort):
		n /= 2
	case err != nil:
		return 0, err
	}
	w.fs.mu.Lock()
	defer w.fs.mu.Unlock()
	w.node.data = append(w.node.data, b[:n]...)
	return n, err
}

func (w *file) Sync() error {
	w.fs.mu.Lock()
	n := len(w.node.data)
	w.fs.mu.Unlock()
	if err := w.fs.begin("sync", w.path); err != nil {
		return err
	}
	w.fs.mu.Lock()
	defer w.fs.mu.Unlock()
	w.node.synced = max(w.node.synced, n)
	return nil
}

func (w *file) Close() error { return w.fs.begin("close", w.path) }

// Rename gives a file another name.
func (f *FS) Rename(from, to string) error {
	if err := f.begin("rename", from); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[from] == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	f.names[to] = f.names[from]
	delete(f.names, from)
	return nil
}

// Remove removes a file.
func (f *FS) Remove(path string) error {
	if err := f.begin("remove", path); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	delete(f.names, path)
	return nil
}

// SyncFolder makes the names in a folder durable.
func (f *FS) SyncFolder(path string) error {
	if err := f.begin("syncfolder", path); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.durable == nil {
		f.durable = map[string]*node{}
	}
	maps.DeleteFunc(f.durable, func(p string, _ *node) bool { return filepath.Dir(p) == filepath.Clean(path) })
	for p, n := range f.names {
		if filepath.Dir(p) == filepath.Clean(path) {
			f.durable[p] = n
		}
	}
	return nil
}
