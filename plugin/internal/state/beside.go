package state

import (
	"errors"
	"io"
	"io/fs"
)

// maxBeside is the longest file that ReadBeside reads.
const maxBeside = 64 << 20

// WriteBeside replaces a file in the folder that is no part of the state, so that others may read it at any time: it is always whole.
func (s *Store) WriteBeside(name string, content []byte) error {
	unfinished := s.path(name + temporary)
	f, err := s.FS.Create(unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.FS.Rename(unfinished, s.path(name))
	}
	if err != nil {
		return errors.Join(err, s.FS.Remove(unfinished))
	}
	return s.FS.SyncFolder(s.Folder)
}

// ReadBeside returns what WriteBeside wrote last, or nothing if there is no such file.
func (s *Store) ReadBeside(name string) (string, error) {
	f, _, err := s.FS.Open(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxBeside))
	return string(content), errors.Join(err, f.Close())
}
