package state

import (
	"errors"
	"io"
	"io/fs"
	"slices"
)

// Begin starts a generation: what is appended from now on is not in the snapshot that Commit will be given. Where it
// fails, the journal before goes on.
func (s *Store) Begin() error {
	next := s.next()
	journal, err := s.create(journalName(next), journalKind)
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed the folder
		if err = s.retake(); err == nil {
			journal, err = s.create(journalName(next), journalKind)
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal != nil {
		s.retired = append(s.retired, s.journal)
	}
	s.generation, s.journal, s.current = next, journal, headerSize
	s.since += headerSize
	s.dirty, s.unnamed = true, true
	s.begun = s.faults
	return nil
}

func (s *Store) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation + 1
}

// retake makes the folder anew. The lock of the old one keeps nobody out.
func (s *Store) retake() error {
	s.mu.Lock()
	old := s.lock
	s.lock = nil
	s.mu.Unlock()
	if old != nil {
		_ = old.Close() // its file is gone
	}
	return s.take()
}

// create makes a file with its header.
func (s *Store) create(name string, kind byte) (File, error) {
	f, err := s.FS.Create(s.path(name))
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(fileHeader(kind, s.Version)); err != nil {
		return nil, errors.Join(err, f.Close(), s.FS.Remove(s.path(name)))
	}
	return f, nil
}

// Commit writes the snapshot of what was known at Begin, while it is made. It does not hold up Append. Where it or the
// reader fails, the older snapshot with all journals since is as good. Only when the snapshot is on the disk, under its
// name, the generations that it makes unnecessary are removed. It returns the size of the snapshot.
func (s *Store) Commit(snapshot io.Reader) (size int64, err error) {
	s.mu.Lock()
	g, begun := s.generation, s.begun
	s.mu.Unlock()
	if size, err = s.writeSnapshot(g, snapshot); err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.previous, s.newest = s.newest, g
	s.healed = begun // faults after Begin are not made good by it
	s.since = s.current
	keep := s.previous
	s.mu.Unlock()
	return size, s.clean(keep)
}

func (s *Store) writeSnapshot(g uint64, snapshot io.Reader) (size int64, err error) {
	name := snapshotName(g)
	f, err := s.create(name+temporary, snapshotKind)
	if err != nil {
		return 0, err
	}
	if size, err = writeFrames(f, snapshot); err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = s.FS.Rename(s.path(name+temporary), s.path(name))
	}
	if err != nil {
		return 0, errors.Join(err, s.FS.Remove(s.path(name+temporary)))
	}
	return size, s.FS.SyncFolder(s.Folder)
}

// writeFrames writes all that a reader gives, in frames, and an empty one as the end.
func writeFrames(w io.Writer, r io.Reader) (size int64, err error) {
	block := make([]byte, snapshotFrame)
	var frame []byte
	for n := 1; n > 0; {
		n, err = io.ReadFull(r, block)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return size, err
		}
		if frame, err = appendFrame(frame[:0], block[:n]); err != nil {
			return size, err
		}
		if _, err := w.Write(frame); err != nil {
			return size, err
		}
		size += int64(len(frame))
	}
	return size, nil
}

// maxCorrupt is how many files that were set aside are kept for whoever wants to look at them.
const maxCorrupt = 4

// clean removes the generations before one, and what nobody needs any more. What can't be removed is tried again after the next snapshot.
func (s *Store) clean(keep uint64) error {
	found, err := list(s.FS, s.Folder)
	if err != nil {
		return err
	}
	var errs []error
	remove := func(name string) { errs = append(errs, s.FS.Remove(s.path(name))) }
	for _, g := range slices.Concat(found.snapshots, found.journals) {
		if g.number < keep {
			remove(g.name)
		}
	}
	for _, g := range found.corrupt[:max(0, len(found.corrupt)-maxCorrupt)] {
		remove(g.name)
	}
	return errors.Join(errs...)
}
