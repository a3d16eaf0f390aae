package state

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is what the store needs of a file system. Folders are made with mode 0700, files with 0600.
type FS interface {
	MakeFolder(path string) error
	// Lock takes a lock that no other process has until it is closed. It fails with ErrLocked where one has it.
	Lock(path string) (io.Closer, error)
	List(folder string) ([]string, error)
	// Open gives a file to be read, and its size.
	Open(path string) (io.ReadCloser, int64, error)
	// Create makes an empty file, in the place of one that is there.
	Create(path string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncFolder makes what was created, renamed and removed in a folder outlive the machine.
	SyncFolder(path string) error
}

// File is one that is written from its begin to its end.
type File interface {
	io.WriteCloser
	Sync() error
}

// ErrLocked says that another process works in the folder.
var ErrLocked = errors.New("in use by another process")

// Disk is the file system of the machine.
type Disk struct{}

// MakeFolder makes a folder, and those above it, if there are none, in such a way that they outlive the machine. It closes
// one that is there to others.
func (d Disk) MakeFolder(path string) error { return makeFolder(path, d.SyncFolder) }

func makeFolder(path string, sync func(string) error) error {
	var above []string // of the folders that are made
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		above = append(above, filepath.Dir(at))
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for _, folder := range above {
		if err := sync(folder); err != nil {
			return err
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() == 0o700 {
		return err
	}
	return os.Chmod(path, 0o700)
}

// List gives the names in a folder, sorted.
func (Disk) List(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// Open opens a file to be read.
func (Disk) Open(path string) (io.ReadCloser, int64, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close() // was only read
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Create makes an empty file.
func (Disk) Create(path string) (File, error) {
	return os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
}

// Rename gives a file another name; it takes the place of one that has it.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func (Disk) Remove(path string) error { return os.Remove(path) }

// SyncFolder waits until the names in a folder are on the disk.
func (Disk) SyncFolder(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
