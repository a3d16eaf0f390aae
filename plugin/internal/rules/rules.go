// Package rules makes of a configuration what works by it: the decoders of chunks and the encoder of alerts.
package rules

import (
	"sync"

	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

// Rules are a configuration with what is made from it. They never change while records flow; a reload puts others in
// their place.
type Rules struct {
	Text     string // of the file
	Config   *config.Config
	Encoder  *alert.Encoder
	decoders sync.Pool // of *Chunk
}

// Source is what rules are made from, and for whom.
type Source struct {
	File     string            // siphunt.toml; empty means the defaults
	Hostname string            // observer.hostname of the alerts
	Version  string            // observer.version of the alerts
	Warn     func(text string) // of what detection goes on without
}

// Load reads the configuration file and makes what it asks for.
func (s *Source) Load() (*Rules, error) {
	text, err := config.ReadText(s.File)
	if err != nil {
		return nil, err
	}
	return s.Parse(text)
}

// Parse makes what the text of a configuration file asks for.
func (s *Source) Parse(text string) (*Rules, error) {
	c, err := config.Parse(s.File, text)
	if err != nil {
		return nil, err
	}
	r := &Rules{Text: text, Config: c}
	if r.Encoder, err = c.NewEncoder(s.Hostname, s.Version, s.Warn); err != nil {
		return nil, err
	}
	first, err := c.NewDecoder()
	if err != nil {
		return nil, err
	}
	r.decoders.Put(&Chunk{from: &r.decoders, decoder: first})
	r.decoders.New = func() any {
		d, _ := c.NewDecoder() // worked above
		return &Chunk{from: &r.decoders, decoder: d}
	}
	return r, nil
}

// Wall returns the time that the detector is told; 0 if the flows are its only clock.
func (r *Rules) Wall(now int64) int64 {
	if r.Config.WallClock {
		return now
	}
	return 0
}

// KeepFrom takes from the rules in force what cannot change while the detector runs. It returns the names of what was
// changed all the same.
func (r *Rules) KeepFrom(old *Rules) (changed []string) {
	if old.Config.WallClock != r.Config.WallClock {
		r.Config.WallClock = old.Config.WallClock
		changed = append(changed, "detector.clock")
	}
	if old.Config.State != r.Config.State {
		r.Config.State = old.Config.State
		changed = append(changed, "[state]")
	}
	return changed
}

// Decode decodes a chunk into memory that is given back by its Release.
func (r *Rules) Decode(bytes []byte) *Chunk {
	c := r.decoders.Get().(*Chunk)
	c.decoder.Chunk(&c.Batch, bytes)
	return c
}
