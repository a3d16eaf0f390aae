package state

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Load reads what was stored: restore gets the newest snapshot that is good, if there is one, and apply each entry since,
// in order, with the versions of their files. Damage shows while a snapshot is read, so restore has to read to its end
// before it changes anything. If it refuses a snapshot or cannot read it, it is given it again or an older one. What is
// damaged is logged and left out: of a journal, all from the first damaged frame on, which is no more than what was being
// written when the process was ended. A file that this user may not read is not damaged: Load fails, and changes nothing.
// The payloads are valid during the calls only.
//
// It may be called again while the journal is written, if what was appended is on the disk.
func (s *Store) Load(restore func(version byte, snapshot io.Reader) error, apply func(version byte, payload []byte) error) error {
	var found listing
	err := again(func() (err error) { found, err = list(s.FS, s.Folder); return err })
	if err != nil {
		return err
	}
	var generation, newest uint64
	for _, g := range slices.Concat(found.snapshots, found.journals) {
		generation = max(generation, g.number)
	}
	for _, g := range slices.Backward(found.snapshots) {
		if err := s.loadSnapshot(g.name, restore); errors.Is(err, fs.ErrPermission) {
			return err
		} else if err != nil {
			s.setAside(g.name, err)
			continue
		}
		newest = g.number
		break
	}
	s.mu.Lock()
	s.generation = max(s.generation, generation)
	s.newest, s.previous = newest, newest
	s.mu.Unlock()
	for _, g := range found.journals {
		if g.number < newest {
			continue
		}
		if err := s.loadJournal(g.name, apply); err != nil {
			return err
		}
	}
	return nil
}

// removeUnfinished removes what a process that was ended has left of a snapshot.
func (s *Store) removeUnfinished() error {
	found, err := list(s.FS, s.Folder)
	for _, name := range found.unfinished {
		if err := s.FS.Remove(s.path(name)); err != nil {
			s.Log(err.Error())
		}
	}
	return err
}

func (s *Store) loadSnapshot(name string, restore func(byte, io.Reader) error) error {
	var refused error
	err := again(func() error {
		return s.open(name, snapshotKind, func(f *frames) error {
			p := &payloads{frames: f}
			refused = restore(f.version, p)
			if p.err != nil && !errors.Is(p.err, io.EOF) {
				return p.err
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return refused
}

// loadJournal applies the entries of a journal as far as it is good. One that the disk can't read, or that is of a newer
// version, is set aside: it may be read tomorrow, or by another siphunt. It fails only if this user may not read it.
func (s *Store) loadJournal(name string, apply func(byte, []byte) error) error {
	var at, size int64
	done, refused := 0, 0
	err := again(func() error {
		return s.open(name, journalKind, func(f *frames) error {
			size = f.size
			for n := 0; ; n++ {
				payload, err := f.next()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				if n < done { // it was applied before the disk had its fault
					continue
				}
				done, at = n+1, f.at
				if err := apply(f.version, payload); err != nil {
					if refused++; refused == 1 {
						s.Log(fmt.Sprintf("%s: the entry that ends at byte %d is left out: %v", s.path(name), at, err))
					}
				}
			}
		})
	})
	switch {
	case errors.Is(err, fs.ErrPermission):
		return err
	case errors.Is(err, errDamaged):
		s.Log(fmt.Sprintf("%s: cut after %d entries, at byte %d of %d: %v; this is what the end of the process or of the machine in the middle of a write leaves",
			s.path(name), done, at, size, err))
	case err != nil:
		s.setAside(name, err)
	}
	if refused > 1 {
		s.Log(fmt.Sprintf("%s: %d entries were left out", s.path(name), refused))
	}
	return nil
}

// open reads a file frame by frame.
func (s *Store) open(name string, kind byte, read func(*frames) error) error {
	in, size, err := s.FS.Open(s.path(name))
	if err != nil {
		return err
	}
	f, err := newFrames(in, size, kind, s.Version)
	if err == nil {
		err = read(f)
	}
	_ = in.Close() // was only read
	return err
}

// setAside gives a file that is of no use another name, for a person to look at.
func (s *Store) setAside(name string, why error) {
	s.Log(fmt.Sprintf("%s cannot be used and is set aside as %s: %v", s.path(name), name+corrupt, why))
	if err := s.FS.Rename(s.path(name), s.path(name+corrupt)); err != nil {
		s.Log(err.Error())
	}
}

// What is behind the names of files that are not finished, and of those set aside.
const (
	temporary = ".tmp"
	corrupt   = ".corrupt"
)

// listing is what is in the folder, by generation.
type listing struct {
	snapshots, journals, corrupt []numbered
	unfinished                   []string
}

type numbered struct {
	number uint64
	name   string
}

// list returns what is in a folder.
func list(disk FS, folder string) (listing, error) {
	var found listing
	names, err := disk.List(folder)
	if err != nil {
		return found, err
	}
	for _, name := range names {
		kind, rest, _ := strings.Cut(name, "-")
		rest, aside := strings.CutSuffix(rest, corrupt)
		rest, unfinished := strings.CutSuffix(rest, temporary)
		number, err := strconv.ParseUint(rest, 10, 63)
		switch g := (numbered{number, name}); {
		case err != nil || strconv.FormatUint(number, 10) != rest || kind != "snapshot" && kind != "journal": // not ours
		case aside:
			found.corrupt = append(found.corrupt, g)
		case unfinished:
			found.unfinished = append(found.unfinished, name)
		case kind == "snapshot":
			found.snapshots = append(found.snapshots, g)
		default:
			found.journals = append(found.journals, g)
		}
	}
	for _, list := range [][]numbered{found.snapshots, found.journals, found.corrupt} {
		slices.SortFunc(list, func(a, b numbered) int { return cmp.Compare(a.number, b.number) })
	}
	return found, nil
}
