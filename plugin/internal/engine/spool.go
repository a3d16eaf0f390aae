package engine

import (
	"io"
	"sync"
)

// spool passes a snapshot from the detector to the disk. Writing never waits: however slow the disk is, the detector is free
// again when all is made. What the disk has not taken yet is in memory meanwhile.
type spool struct {
	mu    sync.Mutex
	ready sync.Cond
	full  [][]byte // blocks in order
	free  [][]byte
	first []byte // what Read has left of a block
	block []byte // that it is of
	err   error  // once all is written: io.EOF, or why not all could be made
}

func newSpool() *spool {
	s := &spool{}
	s.ready.L = &s.mu
	return s
}

// Write copies b.
func (s *spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var block []byte
	if last := len(s.free) - 1; last >= 0 {
		block, s.free = s.free[last], s.free[:last]
	}
	s.full = append(s.full, append(block[:0], b...))
	s.ready.Signal()
	return len(b), nil
}

// finish ends what is written, with nil for its good end.
func (s *spool) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = err; err == nil {
		s.err = io.EOF
	}
	s.ready.Signal()
}

// Read waits for what is written.
func (s *spool) Read(b []byte) (int, error) {
	if len(s.first) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, s.first)
	s.first = s.first[n:]
	return n, nil
}

// next gives a block back, and takes the next one.
func (s *spool) next() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.block != nil {
		s.free = append(s.free, s.block)
		s.block = nil
	}
	for len(s.full) == 0 {
		if s.err != nil {
			return s.err
		}
		s.ready.Wait()
	}
	s.block, s.full = s.full[0], s.full[1:]
	s.first = s.block
	return nil
}
