// Package journal writes down what a detector was told, before it looks at it, so that another process can go on where
// this one ends.
//
//	entry.go   an entry, as it is on the disk
//	flows.go   the flows of a chunk in it
//	writer.go  the goroutine that writes entries, and what happens if the disk is slow or has a fault
//
// The files are those of package state.
package journal
