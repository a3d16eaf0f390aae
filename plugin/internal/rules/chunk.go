package rules

import (
	"sync"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// Chunk is a decoded one, on its way from Fluent Bit to the detector.
type Chunk struct {
	Batch   flow.Batch
	from    *sync.Pool
	decoder *flow.Decoder
	texts   []byte // of the flows, once they are the chunk's own
}

// Own copies the texts of a chunk, which are in C's memory and valid during the call of Flush only.
func (c *Chunk) Own() {
	c.Batch.Stats = flow.Stats{} // its examples too
	c.texts = c.texts[:0]
	for i := range c.Batch.Flows {
		f := &c.Batch.Flows[i]
		c.texts = append(append(append(c.texts, f.Extension...), f.UserAgent...), f.Probe...)
	}
	texts := unsafe.String(unsafe.SliceData(c.texts), len(c.texts)) // until Release
	for i := range c.Batch.Flows {
		f := &c.Batch.Flows[i]
		f.Extension, texts = texts[:len(f.Extension)], texts[len(f.Extension):]
		f.UserAgent, texts = texts[:len(f.UserAgent)], texts[len(f.UserAgent):]
		f.Probe, texts = texts[:len(f.Probe)], texts[len(f.Probe):]
	}
}

// Size returns the bytes that the chunk takes while it waits.
func (c *Chunk) Size() int {
	b := &c.Batch
	return len(c.texts) + len(b.Flows)*int(unsafe.Sizeof(detect.Flow{})) + len(b.Marks)*int(unsafe.Sizeof(flow.Mark{}))
}

// Release gives the memory back. The flows may still point into what was C's, and once C has given that back Go may get the
// same memory: a stale pointer into it would stop the garbage collector.
func (c *Chunk) Release() {
	clear(c.Batch.Flows)
	c.Batch.Reset()
	c.texts = c.texts[:0]
	c.from.Put(c)
}
