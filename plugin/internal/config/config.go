package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// Config is what siphunt.toml says. conf/siphunt.toml holds every key with its default and why.
type Config struct {
	Detector    detect.Config
	WallClock   bool          // detector.clock = "wall": while no records come, time goes on
	ExtensionBy string        // detector.extension_by
	Methods     []string      // detector.methods
	Format      string        // flows.format
	Custom      *flow.Mapping // [flows.custom], nil where there is none
	Sampling    int           // flows.sampling: the exporter looks at 1 in so many packets
	AlertFormat string        // alerts.format
	OutboxLimit int           // alerts.outbox_limit: alerts that may wait for the host

	MaxAlertsPerMinute int // alerts.max_alerts_per_minute, 0 for no limit
	Enrich             enrich.Config
	Feed               feed.Config
	State              State
}

// State is the table [state].
type State struct {
	StateDir         string        // state_dir: where what is known outlives the process; empty for nowhere
	Fsync            string        // fsync: when what is written has to be on the disk
	FsyncInterval    time.Duration // fsync_interval
	SnapshotInterval time.Duration // snapshot_interval
	JournalLimit     int           // journal_limit, MiB
}

// The values of State.Fsync.
const (
	FsyncNone     = "none"
	FsyncInterval = "interval"
	FsyncAlways   = "always"
)

// JournalBytes is JournalLimit in bytes.
func (c *State) JournalBytes() int64 { return int64(c.JournalLimit) << 20 }

// Default is what holds where the file says nothing, or there is none.
func Default() *Config {
	return &Config{
		Detector:    detect.DefaultConfig(),
		WallClock:   true,
		ExtensionBy: "user@domain",
		Methods:     []string{"REGISTER"},
		Format:      "auto",
		Sampling:    1,
		AlertFormat: "ecs",
		OutboxLimit: 10_000,
		Enrich:      enrich.Config{Tags: []string{}},
		Feed: feed.Config{
			Format: "plain", Kinds: []string{}, MinRisk: 40, Confidence: feed.Any, Keep: 24 * time.Hour, MaxClients: 65_536,
		},
		State: State{
			Fsync: FsyncInterval, FsyncInterval: time.Second, SnapshotInterval: 5 * time.Minute, JournalLimit: 256,
		},
	}
}

// Problem is one thing that is wrong with a configuration file.
type Problem struct {
	Line int    // from 1; 0 where it is about the whole file
	Text string // key, value, reason, and what would work
}

// FileError is all that is wrong with a configuration file, sorted by line.
type FileError struct {
	File     string
	Problems []Problem
}

// Error has a line for each problem.
func (e *FileError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		where := e.File
		if p.Line > 0 {
			where = fmt.Sprintf("%s:%d", e.File, p.Line)
		}
		lines = append(lines, where+": "+p.Text)
	}
	return strings.Join(lines, "\n")
}

// Load reads a configuration file; an empty name means the defaults. Every error of the file is in the one that
// is returned.
func Load(file string) (*Config, error) {
	text, err := ReadText(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// ReadText reads the text of a configuration file; it is empty if the file has no name.
func ReadText(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("configuration: %w: give the path of a siphunt.toml that can be read, or none for the defaults", err)
	}
	return string(text), nil
}

// Parse reads a configuration from text; file is its name in errors.
func Parse(file, text string) (*Config, error) {
	var content map[string]any
	meta, err := toml.Decode(text, &content)
	if err != nil {
		return nil, &FileError{file, []Problem{syntaxProblem(err)}}
	}
	r := newReader(text, content, &meta)
	r.read()
	r.validate()
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, &FileError{file, r.problems}
	}
	return r.config, nil
}

// syntaxProblem brings an error of the TOML library to our form.
func syntaxProblem(err error) Problem {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return Problem{0, err.Error()}
	}
	text := "not valid TOML: " + parse.Message
	if parse.LastKey != "" {
		text += fmt.Sprintf(" (last key %q)", parse.LastKey)
	}
	return Problem{parse.Position.Line, text}
}

// NewDecoder makes a decoder for the records that the configuration describes.
func (c *Config) NewDecoder() (*flow.Decoder, error) { return flow.NewDecoder(c.flowOptions()) }

// NewExplainer makes an explainer of how they are read.
func (c *Config) NewExplainer() (*flow.Explainer, error) { return flow.NewExplainer(c.flowOptions()) }

func (c *Config) flowOptions() flow.Options {
	return flow.Options{
		Format: c.Format, Custom: c.Custom, Methods: c.Methods, Wants: c.Detector.Wants, ExtensionBy: c.ExtensionBy,
	}
}

// NewEncoder makes an encoder for the alerts that the configuration asks for. warn is told of what cannot be had to enrich them with.
func (c *Config) NewEncoder(hostname, version string, warn func(string)) (*alert.Encoder, error) {
	return alert.NewEncoder(alert.Options{
		Format: c.AlertFormat, Hostname: hostname, Version: version, ClientPrefix: c.Detector.IPv6ClientPrefix,
		Sources: enrich.Open(c.Enrich, warn), Sampling: c.Sampling,
	})
}
