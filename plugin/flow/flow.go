// Package flow turns what collectors write into detect.Flow.
package flow

import "github.com/siphunt/siphunt/detect"

// Batch is what a decoder found in a chunk, in the order of its records. It is made to be used again.
type Batch struct {
	Flows []detect.Flow // answers that the detector wants, and REGISTER requests with a User-Agent
	Marks []Mark        // the times of all other records
	Stats Stats
}

// Mark stands for N records in a row that only move the clock.
type Mark struct {
	Time   int64 // the newest of their times, Unix milliseconds
	Before int32 // index in Flows of the flow that follows them
	N      int32
}

// Stats counts the records of a batch. Records = Relevant + Other + the sum of Dropped.
type Stats struct {
	Records, Relevant, Other uint64
	Dropped                  [NumReasons]uint64
	Example                  [NumReasons]string // one record or value of each, cut and escaped, empty where none
}

// Reason is why a record was dropped.
type Reason uint8

// NumReasons is the number of reasons.
const NumReasons = 8
