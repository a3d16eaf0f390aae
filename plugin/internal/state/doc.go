// Package state keeps what a detector knows on disk, so that the end of the process loses nothing. It knows bytes only;
// what they mean is the engine's business.
//
// The state is a snapshot and a journal of what happened since. With each snapshot a generation begins:
//
//	journal-6    what happened between snapshot-6 and snapshot-7
//	snapshot-7   all that was known when journal-7 began
//	journal-7    is being written
//	lock         held by the one process that works here
//
// The generation before the newest snapshot is kept, so that a snapshot that cannot be read loses nothing either: it is
// set aside as snapshot-7.corrupt, and snapshot-6 with both journals gives the same state.
//
//	fs.go      the one door to the disk: all that is asked of a file system
//	frame.go   the format of the files
//	store.go   Open, Append, Sync, Close
//	roll.go    Begin and Commit: the next generation
//	pipe.go    a snapshot on its way to the disk
//	follow.go  reads along while another process writes
//	load.go    what is read at the start, and what becomes of damaged files
//
// Appending is one write call. It outlives the process at once, and the machine from the next Sync on.
package state
