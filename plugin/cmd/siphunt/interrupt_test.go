package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestInterruptible: what comes is read to its end, which stays the end, also where it comes together with data.
func TestInterruptible(t *testing.T) {
	for name, in := range map[string]io.Reader{
		"at once": strings.NewReader("{}\n"), "byte by byte": iotest.OneByteReader(strings.NewReader("{}\n")), "end with data": iotest.DataErrReader(strings.NewReader("{}\n")),
	} {
		r := newInterruptible(t.Context(), in)
		if b, err := io.ReadAll(r); string(b) != "{}\n" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the end %d, %v", name, n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	never, _ := io.Pipe()
	r := newInterruptible(ctx, never)
	cancel()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, errInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := newInterruptible(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF)).Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a fault: %v", err)
	}
}
