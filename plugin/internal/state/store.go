package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
)

// Options say where the state is.
type Options struct {
	FS     FS
	Folder string // of this detector alone
	// Version is that of what is in the files, from 1. Files of earlier versions are read, those of later ones set aside.
	Version byte
	Limit   int64 // bytes that journals may take without a snapshot
	// Log is told what was found damaged. What else goes wrong is returned.
	Log func(msg string)
}

// Store is the state of one detector on disk. Append and Begin are for one goroutine, Commit for another; all else is safe
// for concurrent use.
type Store struct {
	Options

	frame   []byte     // of Append
	syncing sync.Mutex // one Sync at a time; taken before mu

	mu         sync.Mutex // of all below; nobody waits for the disk with it
	lock       io.Closer
	generation uint64 // of the journal that is written
	journal    File   // nil where none can be written
	retired    []File // earlier journals that may not be on the disk yet
	dirty      bool   // something was appended since the last Sync
	unnamed    bool   // a journal was created since the last Sync
	faults     uint64 // so far, and one for the start: without a snapshot nothing is whole
	begun      uint64 // faults when the generation began
	healed     uint64 // faults that the last snapshot has made good
	since      int64  // bytes of journals since the last snapshot
	current    int64  // bytes of the journal that is written
	written    int64  // bytes of journals, in all

	newest, previous uint64 // the last two snapshots that are good
}

// Open takes the folder. Load has to follow, then Begin and Commit; only then can anything be appended.
func Open(o Options) (*Store, error) {
	s := &Store{Options: o, faults: 1}
	if err := again(s.take); err != nil {
		return nil, err
	}
	if err := again(s.removeUnfinished); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// take makes and locks the folder.
func (s *Store) take() error {
	if err := s.FS.MakeFolder(s.Folder); err != nil {
		return err
	}
	lock, err := s.FS.Lock(s.path("lock"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.lock = lock
	s.mu.Unlock()
	return nil
}

// again does what may fail by chance up to three times.
func again(do func() error) error {
	var err error
	for range 3 {
		if err = do(); err == nil || errors.Is(err, ErrLocked) || errors.Is(err, errDamaged) {
			break
		}
	}
	return err
}

func (s *Store) path(name string) string { return filepath.Join(s.Folder, name) }

func journalName(g uint64) string  { return fmt.Sprintf("journal-%d", g) }
func snapshotName(g uint64) string { return fmt.Sprintf("snapshot-%d", g) }

// errNotWritten is all that Append says after a fault that was reported before.
var errNotWritten = errors.New("the journal is not written, since the disk had a fault")

// Broken says whether an error repeats an earlier one.
func Broken(err error) bool { return errors.Is(err, errNotWritten) }

// Append writes an entry, given in parts, to the journal. After a fault nothing more is written until the next snapshot
// makes the state whole. It and Begin are for one goroutine, the only one that waits for a slow disk.
func (s *Store) Append(parts ...[]byte) error {
	var err error
	if s.frame, err = appendFrame(s.frame[:0], parts...); err != nil {
		return s.Fail(err)
	}
	n := int64(len(s.frame))
	journal, err := s.reserve(n)
	if err != nil {
		return err
	}
	if _, err := journal.Write(s.frame); err != nil {
		return s.Fail(err)
	}
	return nil
}

// reserve returns the journal to which n bytes may be written.
func (s *Store) reserve(n int64) (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil, errNotWritten
	}
	if s.since+n > s.Limit {
		return nil, s.failLocked(fmt.Errorf("%d bytes of journals since the last snapshot that could be written are the limit", s.Limit))
	}
	s.since, s.current, s.written, s.dirty = s.since+n, s.current+n, s.written+n, true
	return s.journal, nil
}

// Fail ends the journal, since what would be appended behind a fault could not be read, and returns the error.
func (s *Store) Fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failLocked(err)
}

func (s *Store) failLocked(err error) error {
	s.faults++
	if s.journal != nil {
		s.retired = append(s.retired, s.journal)
		s.journal = nil
	}
	return err
}

// Check fails, and ends the journal, if somebody has removed its file: what is appended to it would be lost.
func (s *Store) Check() error {
	s.mu.Lock()
	name, writing := journalName(s.generation), s.journal != nil
	s.mu.Unlock()
	if !writing {
		return nil
	}
	f, _, err := s.FS.Open(s.path(name))
	if err == nil {
		return f.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(err, fs.ErrNotExist) || name != journalName(s.generation) { // it is another one by now
		return nil
	}
	return s.failLocked(fmt.Errorf("somebody has removed it: %w", err))
}

// Sync waits until what was appended before is on the disk. Appending goes on meanwhile. Of several at once, one does the
// work for those that wait.
func (s *Store) Sync() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	if !s.dirty {
		s.mu.Unlock()
		return nil
	}
	old, now, unnamed := s.retired, s.journal, s.unnamed
	s.retired, s.dirty, s.unnamed = nil, false, false
	s.mu.Unlock()

	var errs []error
	for _, f := range old {
		errs = append(errs, f.Sync(), f.Close())
	}
	if unnamed {
		errs = append(errs, s.FS.SyncFolder(s.Folder))
	}
	err := errors.Join(errs...)
	var fault error
	if now != nil {
		fault = now.Sync()
	}
	if err == nil && fault == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault != nil && s.journal == now { // the system may have dropped what it could not write: trying again proves nothing
		return s.failLocked(errors.Join(err, fault))
	}
	s.faults++
	return errors.Join(err, fault)
}

// Status says how the state on disk is.
type Status struct {
	Whole   bool  // it has all that was appended
	Since   int64 // bytes of journals since the last snapshot
	Written int64 // bytes of journals since Open
}

// Status is for metrics, and tells when a snapshot is due.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{s.healed == s.faults, s.since, s.written}
}

// Close gives the folder back.
func (s *Store) Close() error {
	err := s.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := []error{err}
	if s.journal != nil {
		s.retired = append(s.retired, s.journal)
		s.journal = nil
	}
	for _, f := range s.retired {
		errs = append(errs, f.Close())
	}
	s.retired = nil
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
		s.lock = nil
	}
	return errors.Join(errs...)
}
