package state

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// TestPipe: what is read is what was written, in blocks of any size, and the end is the writer's.
func TestPipe(t *testing.T) {
	for _, end := range []error{nil, errors.New("not all could be made")} {
		fate := rand.New(rand.NewPCG(1, 2))
		p := NewPipe(10_000, time.Minute)
		var want []byte
		go func() {
			for range 2000 {
				block := bytes.Repeat([]byte{byte(fate.Int())}, 1+fate.IntN(3000))
				want = append(want, block...)
				_, _ = p.Write(block)
				clear(block) // it is the writer's
			}
			p.Finish(end)
		}()
		got, err := io.ReadAll(p)
		if !errors.Is(err, end) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes and %v, want %d and %v", len(got), err, len(want), end)
		}
	}
}

// TestPipeIsBounded: a disk that takes nothing makes the writer give up, and no memory is taken beyond the limit.
func TestPipeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(1000, time.Second)
		start, size := time.Now(), 0
		for {
			n, err := p.Write(make([]byte, 100))
			size += n
			if err == nil {
				continue
			}
			if !errors.Is(err, ErrSlow) || time.Since(start) != time.Second || size > 1100 {
				t.Errorf("%v after %v and %d bytes", err, time.Since(start), size)
			}
			break
		}
		p.Close()
		if _, err := p.Write([]byte("x")); !errors.Is(err, ErrSlow) {
			t.Errorf("written where nobody reads: %v", err)
		}
	})
}
