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

// newInterruptible returns what reads until a context ends; a read that waits for input is left waiting.
func newInterruptible(ctx context.Context, in io.Reader) io.Reader {
	out, pipe := io.Pipe()
	context.AfterFunc(ctx, func() { _ = pipe.CloseWithError(errInterrupted) })
	go func() {
		_, err := io.Copy(pipe, in)
		_ = pipe.CloseWithError(err) // nil is its good end
	}()
	return out
}
