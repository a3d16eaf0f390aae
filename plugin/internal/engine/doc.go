// Package engine is one detector at work. What is around the judgement lives here, a file an idea:
//
//	engine.go    the Engine: chunks in, records out, the locks, the tick
//	queue.go     what waits for the detector, so that Fluent Bit does not; the worker
//	collector.go the garbage collector
//	outbox.go    alerts that wait until the host has copied them
//	metrics.go   the figures
//	notice.go    what goes wrong, told at most once a minute; losses.go says what that is
//	rules.go     what is made from a configuration, and how it is exchanged while records flow
//	quota.go     alerts beyond max_alerts_per_minute
//
//	keep.go      writes what is known to disk (package state has the files), whatever the disk does; spool.go is between
//	             the detector and the disk
//	recover.go   goes on where an earlier process has ended
//	memory.go    what a snapshot holds; entry.go what the journal holds; wire.go how both are read
//	deliveries.go chunks that come again after a crash
//
//	replay.go    the same detector over recorded flows; input.go reads them line by line
//
// A chunk is decoded by as many goroutines as the host has, each with a decoder of its own; what follows, the detector and
// the outbox, is one at a time. The detector's clock comes from the flows and, live, from a tick a second.
package engine
