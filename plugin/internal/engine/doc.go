// Package engine is one detector at work, a pipeline of parts of which each has its own lock or is one goroutine:
//
//	Flush -> intake -> queue -> judge -> outbox -> Collect
//	           |
//	         journal
//
// A chunk is decoded by as many goroutines as the host has. The intake gives all that comes one order, in the journal and in
// the queue alike. One goroutine, the judge, owns the detector: it is told everything by messages, also to write a
// snapshot, to take other rules, or to stop. So no Flush waits for it, unless 32 MiB wait already, and none waits for
// a disk that is stuck. A fault of siphunt costs one part, which starts again.
//
//	engine.go      the Engine: Open, Close, Flush, Collect; the tick
//	intake.go      the order of all that comes
//	reload.go      how other rules are put in force
//	checkpoint.go  writes snapshots
//	restore.go     goes on where an earlier process has ended, or a judge that had a fault
//	losses.go      what is told of losses, once a minute at most; tell.go what else is told
//
// The queue and the judge are in package judge. Each alert also goes to the feed of attacking clients, which the tick writes.
//
// The detector's clock comes from the flows and, live, from a tick a second.
package engine
