package engine

import (
	"unsafe"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// own copies the texts of a chunk, which are in C's memory and valid during the call of Flush only.
func (c *chunk) own() {
	c.batch.Stats = flow.Stats{} // its examples too
	c.texts = c.texts[:0]
	for i := range c.batch.Flows {
		f := &c.batch.Flows[i]
		c.texts = append(append(append(c.texts, f.Extension...), f.UserAgent...), f.Probe...)
	}
	texts := unsafe.String(unsafe.SliceData(c.texts), len(c.texts)) // until release
	for i := range c.batch.Flows {
		f := &c.batch.Flows[i]
		f.Extension, texts = texts[:len(f.Extension)], texts[len(f.Extension):]
		f.UserAgent, texts = texts[:len(f.UserAgent)], texts[len(f.UserAgent):]
		f.Probe, texts = texts[:len(f.Probe)], texts[len(f.Probe):]
	}
}

// size returns the bytes that the chunk takes while it waits.
func (c *chunk) size() int {
	b := &c.batch
	return len(c.texts) + len(b.Flows)*int(unsafe.Sizeof(detect.Flow{})) + len(b.Marks)*int(unsafe.Sizeof(flow.Mark{}))
}

// release gives the memory back. The flows may still point into what was C's, and once C has given that back Go may get the
// same memory: a stale pointer into it would stop the garbage collector.
func (c *chunk) release() {
	clear(c.batch.Flows)
	c.batch.Reset()
	c.texts = c.texts[:0]
	c.from.Put(c)
}
