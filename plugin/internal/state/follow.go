package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Follower reads the state of a detector that is at work in another process. It takes no lock, and changes nothing: damage is
// left to that process, and what is being written is read the next time.
type Follower struct {
	store    *Store
	snapshot uint64 // the newest that was read, 0 for none
	journal  uint64 // the one that is read, 0 before there was any
	at       int64  // where its next entry begins, 0 for its begin
}

// errBehind says that files are gone, or are damaged, in the middle of what is read: the next snapshot makes up for it.
var errBehind = errors.New("what comes next cannot be read")

// NewFollower returns one of a folder. It reads nothing yet.
func NewFollower(disk FS, folder string, version byte) *Follower {
	return &Follower{store: &Store{Options: Options{FS: disk, Folder: folder, Version: version}}}
}

// Follow reads what is new. If there is a new snapshot it is read first, so that what a journal has lost is made good; restore gets
// it as Load's does. apply gets the entries since, each once.
func (f *Follower) Follow(restore func(version byte, snapshot io.Reader) error, apply func(version byte, payload []byte) error) error {
	found, err := list(f.store.FS, f.store.Folder)
	if err != nil {
		return err
	}
	if len(found.snapshots)+len(found.journals) == 0 {
		return fmt.Errorf("%s: %w: no detector has left its state there", f.store.Folder, fs.ErrNotExist)
	}
	if err := f.readSnapshot(&found, restore); err != nil {
		return err
	}
	return f.readJournals(&found, apply)
}

// readSnapshot reads the newest snapshot that is good, if it is newer than the last.
func (f *Follower) readSnapshot(found *listing, restore func(byte, io.Reader) error) error {
	var errs []error
	for _, g := range slices.Backward(found.snapshots) {
		if g.number <= f.snapshot {
			return nil
		}
		err := f.store.loadSnapshot(g.name, restore)
		if err == nil {
			f.snapshot, f.journal, f.at = g.number, g.number, 0
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", g.name, err))
	}
	if f.snapshot > 0 || len(found.snapshots) == 0 {
		return nil
	}
	return errors.Join(errs...)
}

// readJournals reads on from where the last call has ended.
func (f *Follower) readJournals(found *listing, apply func(byte, []byte) error) error {
	for i, g := range found.journals {
		switch {
		case g.number < f.journal:
			continue
		case f.journal > 0 && g.number > f.journal+1: // somebody has removed one
			return errBehind
		case g.number > f.journal:
			f.journal, f.at = g.number, 0
		}
		err := f.readJournal(g.name, apply)
		isLast := i == len(found.journals)-1
		if err != nil && !(isLast && errors.Is(err, errDamaged)) { // the last entry of the last journal may be half written
			return errors.Join(errBehind, err)
		}
	}
	return nil
}

// readJournal applies the entries of a journal that are whole, from where it was read to. What is refused is left out.
func (f *Follower) readJournal(name string, apply func(byte, []byte) error) error {
	return f.store.open(name, journalKind, func(in *frames) error {
		if err := in.skipTo(f.at); err != nil {
			return err
		}
		for {
			payload, err := in.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			f.at = in.at
			_ = apply(in.version, payload)
		}
	})
}

// IsBehind tells whether an error of Follow only means that something is missing until the next snapshot.
func IsBehind(err error) bool { return errors.Is(err, errBehind) || errors.Is(err, fs.ErrNotExist) }
