//go:build !unix

package state

import (
	"errors"
	"io"
	"os"
)

// Lock fails: two processes could not be kept apart here.
func (Disk) Lock(path string) (io.Closer, error) {
	return nil, &os.PathError{Op: "lock", Path: path, Err: errors.ErrUnsupported}
}
