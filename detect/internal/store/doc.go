// Package store is the memory below the judgement: records without pointers in slabs, found by hash, and times that fall
// due. A million of them cost the garbage collector nothing, and no insertion waits for all of them.
package store
