//go:build unix

package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Lock takes an advisory lock on a file, which the system gives back when the process ends, however it does. The file
// is opened for reading only: that works on a disk that has become read-only, too.
func (Disk) Lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close() // was not written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
