package main

import (
	"log/slog"
	"sync/atomic"
)

// workers notices that an output has workers. Fluent Bit 5.1.1 starts those of a Go output twice, and stops them once at a
// hot reload: the others go on with what is gone, and crash it soon after. It tells a plugin the property by no means, so
// this shows by the threads: without workers a flush is on the one that has started the output.
type workers struct {
	starter int // a thread
	seen    atomic.Bool
}

// look notes on which thread a flush is.
func (w *workers) look(thread int) {
	if thread != w.starter && !w.seen.Load() {
		w.seen.Store(true)
	}
}

// warnOfReload says what becomes of a hot reload, while somebody can still read it.
func (out *instance) warnOfReload() {
	if out.workers.seen.Load() {
		out.host.log(slog.LevelError, `this output has workers, which Fluent Bit 5.1.1 does not all stop at a hot reload: it may crash in a moment. Leave the property workers of the output out, or restart Fluent Bit instead of reloading it`)
	}
}
