package engine

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/sample"
)

// Processor time tells what siphunt costs, however busy the machine is with something else: records a second of it are
// what one core does.

// threadTime is that of this thread; the goroutine has to be locked to it.
func threadTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(1, &u) // RUSAGE_THREAD, for which syscall has no name; fails only on bad arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// timed is the processor time that f takes.
func timed(f func()) time.Duration {
	begin := cpu()
	f()
	return cpu() - begin
}

// bench is an engine whose wall clock is that of the traffic.
type bench struct {
	*Engine
	clock atomic.Int64 // Unix milliseconds
}

func openBench(b *testing.B, config string) *bench {
	b.Helper()
	debug.SetGCPercent(25) // as in the library
	file := filepath.Join(b.TempDir(), "siphunt.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	e := &bench{}
	e.clock.Store(sample.Start)
	var err error
	e.Engine, err = Open(Options{ConfigFile: file, now: func() time.Time { return time.UnixMilli(e.clock.Load()) }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	return e
}

// arrive gives a chunk to the engine, at the time of its last record, waits until it is judged, and takes the alerts.
//
//go:noinline // so that instructions can be counted in it
func (e *bench) arrive(c *sample.Chunk) {
	e.flush(c)
	settled(e.Engine)
	e.fetch()
}

func (e *bench) flush(c *sample.Chunk) {
	e.clock.Store(c.Time(c.Len() - 1))
	e.Flush(c.Bytes)
}

// fetch takes the alerts that wait.
func (e *bench) fetch() {
	if waiting(e.Engine) != nil {
		e.Delivered()
	}
}

// expect fails where records were lost on the way, so that nothing was measured but that. It returns the detector's figures.
func (e *bench) expect(b *testing.B, records int) detect.Stats {
	b.Helper()
	settled(e.Engine)
	flows, s := e.intake.read().Flows, e.figures.Read().Stats
	if n := uint64(records); flows.Records != n || flows.Relevant+flows.Other != n || s.Late+s.TimeRejected > 0 {
		b.Fatalf("want %d records, none of them lost: %+v %+v", records, flows, s)
	}
	return s
}

// phones log in by digest, one after the other: a challenge, then the acceptance.
type phones struct{ n, next int }

func (p *phones) answer(c *sample.Chunk, i int) {
	phone, status := p.next/2%p.n, 401-201*(p.next%2)
	c.SetAnswer(i, phone, phone, status)
	p.next++
}

// week answers in the chunk as in the week of the paper: about half of the answers go to phones, and half to an attacker
// who guesses a password.
func (p *phones) week(c *sample.Chunk) {
	for k, i := range c.Relevant {
		if k%2 == 0 {
			p.answer(c, i)
		} else {
			c.SetAnswer(i, p.n, p.n, 401)
		}
	}
}
