package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// tellStart says in one line what is in force.
func (e *Engine) tellStart(how string, o Options, r *rules.Rules) {
	file := o.ConfigFile
	if file == "" {
		file = "no configuration file"
	}
	changed := "all defaults"
	if list := r.Config.Changed(); len(list) > 0 {
		changed = strings.Join(list, ", ")
	}
	s := e.figures.Read().Stats
	known := "nothing is known yet"
	if s.Pairs > 0 || s.Incidents > 0 || e.Waiting() > 0 {
		known = fmt.Sprintf("known from before: %s, %s, %s", humanize.Count(s.Pairs, "pair"), humanize.Count(s.Incidents, "open incident"),
			humanize.Count(e.Waiting(), "waiting alert"))
	}
	e.log.Say(slog.LevelInfo, fmt.Sprintf("siphunt %s, detector %q %s: %s, %s; %s", o.Version, e.name, how, file, changed, known))
}

// tellUnusable reminds of a state_dir that could not be used at the start.
func (e *Engine) tellUnusable() {
	if e.unusable != nil {
		e.log.Add(e.now(), slog.LevelError, "state.state_dir cannot be used: detection goes on in memory, and a restart will forget what it knows; restart Fluent Bit when the folder is mended", 1, oneLine(e.unusable))
	}
}

// silentRecords is how many records may come before one has to be relevant.
const silentRecords = 1000

// silence notices that nothing of what comes is relevant, as when records have other names or answers are missing.
type silence struct {
	over    atomic.Bool // something was relevant, or it was told
	records atomic.Uint64
}

// look looks at a decoded chunk.
func (s *silence) look(e *Engine, c *rules.Chunk, bytes []byte) {
	if s.over.Load() {
		return
	}
	stats := &c.Batch.Stats
	if stats.Relevant > 0 {
		s.over.Store(true)
		return
	}
	if n := s.records.Add(stats.Records); n >= silentRecords && s.over.CompareAndSwap(false, true) {
		e.log.Say(slog.LevelWarn, fmt.Sprintf(
			"none of the first %d records is an answer to be counted: does the exporter see SIP answers to %s, and do its fields have the names of flows.format? One of the records: %s",
			n, strings.Join(e.reloader.rules.Load().Config.Methods, ", "), flow.Show(bytes)))
	}
}

// oneLine is for errors that are several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
