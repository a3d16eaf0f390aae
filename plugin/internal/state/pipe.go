package state

import (
	"errors"
	"io"
	"sync"
	"time"
)

// ErrSlow says why a snapshot is given up.
var ErrSlow = errors.New("the disk does not take the snapshot; it is given up, and tried again later")

// Pipe passes a snapshot from who makes it to the disk. Who makes it is free again when all is made, and waits for the disk
// only when more than a limit waits, and no longer than patience without progress.
type Pipe struct {
	limit    int
	patience time.Duration

	mu     sync.Mutex
	ready  chan struct{} // there is something to read, or the end
	room   chan struct{} // something was read
	full   [][]byte      // blocks in order
	free   [][]byte
	size   int
	first  []byte // what Read has left of a block
	block  []byte // that it is of
	end    error  // once all is written: io.EOF, or why not all could be made
	closed bool   // by the reader
}

// NewPipe returns a pipe in which limit bytes may wait.
func NewPipe(limit int, patience time.Duration) *Pipe {
	return &Pipe{limit: limit, patience: patience, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// Write copies b.
func (p *Pipe) Write(b []byte) (int, error) {
	for !p.put(b) {
		timer := time.NewTimer(p.patience)
		select {
		case <-p.room:
			timer.Stop()
		case <-timer.C:
			return 0, ErrSlow
		}
	}
	if p.abandoned() {
		return 0, ErrSlow
	}
	return len(b), nil
}

// put returns false if there is no room.
func (p *Pipe) put(b []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return true
	}
	if p.size > p.limit {
		return false
	}
	var block []byte
	if last := len(p.free) - 1; last >= 0 {
		block, p.free = p.free[last], p.free[:last]
	}
	p.full = append(p.full, append(block[:0], b...))
	p.size += len(b)
	signal(p.ready)
	return true
}

func (p *Pipe) abandoned() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// Finish ends what is written, with nil for its good end.
func (p *Pipe) Finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end = err; err == nil {
		p.end = io.EOF
	}
	signal(p.ready)
}

// Read waits for what is written.
func (p *Pipe) Read(b []byte) (int, error) {
	for len(p.first) == 0 {
		more, err := p.next()
		if err != nil {
			return 0, err
		}
		if !more {
			<-p.ready
		}
	}
	n := copy(b, p.first)
	p.first = p.first[n:]
	return n, nil
}

// next gives a block back, and takes the next one, if there is one.
func (p *Pipe) next() (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.block != nil {
		p.free = append(p.free, p.block)
		p.size -= len(p.block)
		p.block = nil
		signal(p.room)
	}
	if len(p.full) == 0 {
		return false, p.end
	}
	p.block, p.full = p.full[0], p.full[1:]
	p.first = p.block
	return true, nil
}

// Close says that nobody reads any more.
func (p *Pipe) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.full, p.free = true, nil, nil
	signal(p.room)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
