// Package engine is one detector at work. What is around the judgement lives here, a file an idea:
//
//	engine.go   the Engine: chunks in, records out, the one lock
//	outbox.go   alerts that wait until the host has copied them
//	metrics.go  the counters
//	notice.go   what goes wrong, told at most once a minute
//	config.go   siphunt.toml: what it holds, and reading it
//	schema.go   siphunt.toml: its keys, and what each may be
//	lines.go    siphunt.toml: on which line a key stands
//	watch.go    siphunt.toml: read again when it changes
//	replay.go   the same detector over files instead of a live link
//	input.go    lines from plain and compressed files
//
// A chunk is decoded by as many goroutines as the host has, each with a decoder of its own; only what follows, the
// detector and the outbox, is under the lock. The detector's clock comes from the flows and, live, from a tick a second.
package engine
