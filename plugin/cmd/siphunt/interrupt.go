package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted ends the input of a command that somebody does not want to wait for.
var errInterrupted = errors.New("interrupted")

// untilInterrupted returns a context that ends with Ctrl-C, or when the command is told to end, so that it can show what it has
// found so far. From the second time on the signal does what it always does.
func untilInterrupted() (ctx context.Context, stop func()) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// interruptible reads until a context ends; a read that waits for input is left waiting.
type interruptible struct {
	ctx    context.Context
	in     io.Reader
	chunks chan chunk
	rest   []byte
}

// chunk is what a read gave.
type chunk struct {
	data []byte
	err  error
}

func newInterruptible(ctx context.Context, in io.Reader) *interruptible {
	r := &interruptible{ctx: ctx, in: in, chunks: make(chan chunk)}
	go r.run()
	return r
}

// run reads ahead, by one chunk.
func (r *interruptible) run() {
	for {
		data := make([]byte, 1<<16)
		n, err := r.in.Read(data)
		select {
		case r.chunks <- chunk{data[:n], err}:
		case <-r.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (r *interruptible) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, errInterrupted
	}
	for len(r.rest) == 0 {
		select {
		case c := <-r.chunks:
			r.rest = c.data
			if c.err != nil && len(r.rest) == 0 {
				return 0, c.err
			}
		case <-r.ctx.Done():
			return 0, errInterrupted
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
