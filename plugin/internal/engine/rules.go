package engine

import (
	"sync"

	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// rules are a configuration with what is made from it. They never change; a reload puts others in their place.
type rules struct {
	text     string // of the file
	config   *config.Config
	encoder  *alert.Encoder
	decoders sync.Pool // of *chunk
}

// loadRules reads the configuration file and makes what it asks for.
func loadRules(o *Options) (*rules, error) {
	text, err := config.ReadText(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	return newRules(text, o)
}

// newRules makes what a configuration asks for.
func newRules(text string, o *Options) (*rules, error) {
	c, err := config.Parse(o.ConfigFile, text)
	if err != nil {
		return nil, err
	}
	r := &rules{text: text, config: c}
	if r.encoder, err = c.NewEncoder(o.Hostname, o.Version, o.warn); err != nil {
		return nil, err
	}
	first, err := c.NewDecoder()
	if err != nil {
		return nil, err
	}
	r.decoders.Put(&chunk{from: &r.decoders, decoder: first})
	r.decoders.New = func() any {
		d, _ := c.NewDecoder() // worked above
		return &chunk{from: &r.decoders, decoder: d}
	}
	return r, nil
}

// wall returns the time that the detector is told; 0 if the flows are its only clock.
func (r *rules) wall(now int64) int64 {
	if r.config.WallClock {
		return now
	}
	return 0
}

// decode decodes a chunk into memory that is given back by its release.
func (r *rules) decode(bytes []byte) *chunk {
	c := r.decoders.Get().(*chunk)
	c.decoder.Chunk(&c.batch, bytes)
	return c
}

// chunk is a decoded one, on its way from Flush to the detector.
type chunk struct {
	from    *sync.Pool
	decoder *flow.Decoder
	batch   flow.Batch
	texts   []byte // of the flows
}
