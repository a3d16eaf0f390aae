package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/feed"
)

// validate asks the rooms that the values go to. What is wrong already holds its default, and is not told twice.
func (r *reader) validate() {
	c := r.config
	if c.OutboxLimit < 1 {
		r.refuse("alerts.outbox_limit", fmt.Sprintf(" = %d is not 1 or more; for example 10_000", c.OutboxLimit))
	}
	if c.MaxAlertsPerMinute < 0 {
		r.refuse("alerts.max_alerts_per_minute", fmt.Sprintf(" = %d is negative; for example 600, or 0 for no limit", c.MaxAlertsPerMinute))
	}
	r.validateState()
	if c.Sampling < 1 || c.Sampling > 1_000_000 {
		r.refuse("flows.sampling", fmt.Sprintf(" = %d is not from 1 (all packets) to 1_000_000; for example 100", c.Sampling))
	}
	if formats := alert.Formats(); !slices.Contains(formats, c.AlertFormat) {
		r.refuse("alerts.format", fmt.Sprintf(": %q is none: write one of %s", c.AlertFormat, strings.Join(formats, ", ")))
	}
	r.validateFeed()
	for i, a := range c.Enrich.Assets {
		if len(a.Registrars) == 0 {
			r.refuse(fmt.Sprintf("asset[%d].registrars", i), ` needs at least one network, as in ["198.51.100.0/24"]`)
		}
	}
	if r.at["flows.custom"] > 0 && c.Format != "custom" {
		r.refuse("flows.custom", fmt.Sprintf(` is not used with flows.format = %q: write format = "custom", or leave the table out`, c.Format))
	}
	if _, err := c.NewDecoder(); err != nil {
		r.refuseFlows(err)
	}
	if err := c.Detector.Validate(); err != nil {
		r.refuseDetector(err)
	}
}

func (r *reader) validateFeed() {
	c := &r.config.Feed
	r.validatePath("feed.file", c.File)
	if !slices.Contains(feed.Formats(), c.Format) {
		r.refuse("feed.format", fmt.Sprintf(` = %s is none: write one of %s`, literal(c.Format), strings.Join(feed.Formats(), ", ")))
	}
	for _, kind := range c.Kinds {
		if !slices.Contains(feed.Kinds(), kind) {
			r.refuse("feed.kinds", fmt.Sprintf(": %s is none: write some of %s", literal(kind), strings.Join(feed.Kinds(), ", ")))
		}
	}
	if c.MinRisk < 0 || c.MinRisk > 100 {
		r.refuse("feed.min_risk", fmt.Sprintf(" = %d is not from 0 to 100; for example 40", c.MinRisk))
	}
	if !slices.Contains([]string{feed.Any, feed.Probable, feed.Confirmed}, c.Confidence) {
		r.refuse("feed.confidence", fmt.Sprintf(` = %s must be "any", "probable" or "confirmed"`, literal(c.Confidence)))
	}
	if c.Keep < time.Second {
		r.refuse("feed.keep", fmt.Sprintf(" = %v is not 1s or more; for example \"24h\"", c.Keep))
	}
	if c.MaxClients < 1 {
		r.refuse("feed.max_clients", fmt.Sprintf(" = %d is not 1 or more; for example 65_536", c.MaxClients))
	}
}

func (r *reader) validateState() {
	c := &r.config.State
	r.validatePath("state.state_dir", c.StateDir)
	if !slices.Contains([]string{FsyncNone, FsyncInterval, FsyncAlways}, c.Fsync) {
		r.refuse("state.fsync", fmt.Sprintf(` = %s must be "none", "interval" or "always"`, literal(c.Fsync)))
	}
	if c.FsyncInterval < time.Second || c.FsyncInterval > time.Minute {
		r.refuse("state.fsync_interval", fmt.Sprintf(" = %v is not from 1s to 1m; for example \"1s\"", c.FsyncInterval))
	}
	if c.SnapshotInterval < time.Second || c.SnapshotInterval > 24*time.Hour {
		r.refuse("state.snapshot_interval", fmt.Sprintf(" = %v is not from 1s to 24h; for example \"5m\"", c.SnapshotInterval))
	}
	if c.JournalLimit < 1 || c.JournalLimit > 1<<20 {
		r.refuse("state.journal_limit", fmt.Sprintf(" = %d is not from 1 to %d (MiB); for example 256", c.JournalLimit, 1<<20))
	}
}

// validatePath looks at the path of what is written: one that is not absolute is another file wherever Fluent Bit is started.
func (r *reader) validatePath(place, file string) {
	if file != "" && !path.IsAbs(file) { // the library is for Linux; the command may look at its configuration elsewhere
		r.refuse(place, fmt.Sprintf(" = %s is no absolute path, and would be another one wherever Fluent Bit is started; for example %s", literal(file), settings[place].example))
	}
}

// refuseFlows reports what the decoder says: errors that begin with their key.
func (r *reader) refuseFlows(err error) {
	for _, err := range split(err) {
		key, reason, _ := strings.Cut(err.Error(), ":")
		for _, table := range []string{"flows.", "flows.custom.", "detector."} {
			if _, ok := settings[table+key]; ok {
				r.refuse(table+key, ":"+reason)
				break
			}
		}
	}
}

// refuseDetector reports what the detector says.
func (r *reader) refuseDetector(err error) {
	for _, err := range split(err) {
		var e *detect.KeyError
		if !errors.As(err, &e) {
			r.problem(0, "%v", err)
			continue
		}
		table, number := "detector", 0
		if n, _ := fmt.Sscanf(e.Where, "%s %d:", &table, &number); n == 2 {
			table = fmt.Sprintf("%s[%d]", table, number-1)
			if e.Key != "registrars" && r.at[table+"."+e.Key] == 0 && strings.HasPrefix(table, "override") {
				continue // taken over from [detector], and told there
			}
		}
		place := table + "." + e.Key
		if r.at[place] == 0 || e.Value == "[]" { // left out: no value to repeat
			r.refuse(place, " "+e.Reason)
			continue
		}
		example := settings[index.ReplaceAllString(place, "")].example
		r.refuse(place, fmt.Sprintf(" = %s %s; for example %s", literal(e.Value), e.Reason, example))
	}
}

// refuse adds a problem with a key or table, given by its place; on the line of its table where it is left out.
func (r *reader) refuse(place, reason string) {
	table, key := cutLast(place)
	if r.failed[place] || key != "" && table != "detector" && r.failed[table] {
		return // what was faulty may be why
	}
	line, ok := r.at[place]
	if !ok {
		line = r.at[table]
	}
	r.problem(line, "%s%s", index.ReplaceAllString(place, ""), reason)
}

// index is what a place has and a file has not: it has lines.
var index = regexp.MustCompile(`\[\d+\]`)

// split takes joined errors apart.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
