package main

import (
	"fmt"
	"log/slog"
	"sync"
)

// maxTags is how many tags are remembered.
const maxTags = 1024

// overlaps notices that two outputs of one detector take records of the same tag: each of these records is counted twice.
// Fluent Bit tells a plugin its match patterns by no means, so this shows with the first records only.
type overlaps struct {
	mu   sync.Mutex
	tags map[string]*instance // the output that has taken a tag
	told bool
}

// look looks at the tag of a chunk. It returns what to say, or nothing.
func (o *overlaps) look(out *instance, tag string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	other := o.tags[tag]
	if other == nil {
		if o.tags == nil {
			o.tags = make(map[string]*instance)
		}
		if len(o.tags) < maxTags {
			o.tags[tag] = out
		}
		return ""
	}
	if other == out || o.told {
		return ""
	}
	o.told = true
	return fmt.Sprintf("the outputs %s and %s both match the tag %q, and feed the detector %q twice with each of its records: give them patterns that exclude each other, or detectors of their own",
		other.host.name(), out.host.name(), tag, out.detector.name)
}

// forget begins anew: outputs come and go with a reload.
func (o *overlaps) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tags, o.told = nil, false
}

// look tells if another output of the detector takes the same tag.
func (d *detector) look(out *instance, tag string) {
	if text := d.overlaps.look(out, tag); text != "" {
		d.messages.add(slog.LevelWarn, text)
	}
}
