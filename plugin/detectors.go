package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/siphunt/siphunt/plugin/internal/engine"
)

// host is what an instance needs of Fluent Bit; tests have a map in its place.
type host interface {
	property(key string) string
	log(level engine.Level, line string) // on a thread of Fluent Bit only
	exporter() exporter                  // for the metrics of an output; nil where Fluent Bit has none
}

// exporter shows the figures of an engine.
type exporter interface {
	update([]engine.Metric)
	close()
}

// detectors holds all detectors of this Fluent Bit, and the instances of the two halves that feed and empty them.
//
// A detector lives as long as one of its halves does. Fluent Bit starts all inputs, then all outputs; so the outputs
// look for their input, and the first one opens the engine. Over a hot reload the engine stays: the old halves go, and
// the new ones find it under the detector's name.
type detectors struct {
	mu        sync.RWMutex
	byName    map[string]*detector
	instances map[uintptr]*instance
	last      uintptr // id that was given last; 0 is none
}

// detector is one engine with its halves: one input, and one or more outputs.
type detector struct {
	name     string
	engine   *engine.Engine // nil until the first output is there
	config   string         // the file in force, "" for the defaults
	input    *instance      // nil before it came and after it went
	outputs  map[uintptr]*instance
	exporter exporter // of the first output
	messages messages
	panics   atomic.Uint64
}

// instance is one siphunt or siphunt_alerts section of Fluent Bit's configuration.
type instance struct {
	id       uintptr
	half     half
	host     host
	config   string // its property; "" where it has none
	detector *detector
}

// join takes an instance into the detector that its properties name. The error says what to change.
func (ds *detectors) join(h half, host host) (*instance, error) {
	name, config, err := properties(host)
	if err != nil {
		return nil, err
	}
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d := ds.byName[name]
	if d == nil {
		d = &detector{name: name, outputs: make(map[uintptr]*instance)}
	}
	ds.last++
	in := &instance{id: ds.last, half: h, host: host, config: config, detector: d}
	if h == input {
		err = d.joinInput(in)
	} else {
		err = ds.joinOutput(in)
	}
	if err != nil {
		d.messages.writeTo(host.log)
		return nil, fmt.Errorf("detector %q: %w", name, err)
	}
	if ds.byName == nil {
		ds.byName, ds.instances = make(map[string]*detector), make(map[uintptr]*instance)
	}
	ds.byName[name] = d
	ds.instances[in.id] = in
	d.messages.writeTo(host.log)
	return in, nil
}

func (d *detector) joinInput(in *instance) error {
	if d.input != nil {
		return errors.New("it has two siphunt_alerts inputs, and each alert goes to one only: take one away, or give it a detector of its own with the property detector")
	}
	d.input = in
	return nil
}

func (ds *detectors) joinOutput(out *instance) error {
	d := out.detector
	if d.input == nil {
		return fmt.Errorf(`its alerts have no way out: add an input to the pipeline, with "name: siphunt_alerts" and "detector: %s"%s. If it is there, the library was loaded from two files: list the same path twice, a copy does not work. %s`,
			d.name, ds.inputs(), listTwice())
	}
	if err := d.agree(out); err != nil {
		return err
	}
	if len(d.outputs) == 0 {
		if err := d.open(out); err != nil {
			return err
		}
	}
	d.outputs[out.id] = out
	return nil
}

// inputs names the detectors that have an input: often the name was only misspelt.
func (ds *detectors) inputs() string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(ds.byName)) {
		if ds.byName[name].input != nil {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (there are inputs for " + strings.Join(names, ", ") + ")"
}

// agree makes sure that all halves mean the same configuration file. One that names none means that of the others.
func (d *detector) agree(out *instance) error {
	others := []*instance{d.input}
	for _, id := range slices.Sorted(maps.Keys(d.outputs)) {
		others = append(others, d.outputs[id])
	}
	for _, o := range others {
		if out.config != "" && o.config != "" && out.config != o.config {
			return fmt.Errorf("its halves name two configuration files, %s and %s: give them the same property config", o.config, out.config)
		}
	}
	if len(d.outputs) > 0 && out.config != "" && out.config != d.config {
		return fmt.Errorf("an output before this one has started it without a configuration file: give that one the property config %s too", out.config)
	}
	return nil
}

// open starts the engine, or goes on with the one that a hot reload has left.
func (d *detector) open(out *instance) error {
	d.config = out.config
	if d.config == "" {
		d.config = d.input.config
	}
	hostname, err := os.Hostname()
	if err != nil {
		d.messages.add(engine.Warn, "the alerts will have no observer.hostname: "+err.Error())
	}
	options := engine.Options{
		Name: d.name, ConfigFile: d.config, Log: d.messages.add, Hostname: hostname, Version: version,
	}
	if d.engine == nil {
		d.engine, err = engine.Open(options)
	} else {
		err = d.engine.Reopen(options)
	}
	if err != nil {
		return err
	}
	d.exporter = out.host.exporter()
	if d.exporter == nil {
		d.exporter = &metricLog{log: d.messages.add}
	}
	d.exporter.update(d.metrics())
	return nil
}

func (d *detector) metrics() []engine.Metric {
	return append(d.engine.Metrics(), engine.Metric{
		Name: "panics_total", Help: "Faults of siphunt that were caught; the log has more.", Kind: engine.Counter,
		Labels: [][2]string{{"detector", d.name}}, Value: float64(d.panics.Load() + d.engine.Panics()),
	})
}

// find gives the instance that C knows by a number, nil where it has left.
func (ds *detectors) find(id uintptr) *instance {
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	return ds.instances[id]
}

// report does what is due once a second on the input's thread: the log, and the metrics.
func (ds *detectors) report(in *instance) {
	in.detector.messages.writeTo(in.host.log)
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	if x := in.detector.exporter; x != nil {
		x.update(in.detector.metrics())
	}
}

// deaf gives the inputs whose detector has no output, by name. Fluent Bit starts outputs after inputs, so this can be
// asked only when all of them are there.
func (ds *detectors) deaf() (all []*instance) {
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(ds.byName)) {
		if d := ds.byName[name]; d.input != nil && len(d.outputs) == 0 {
			all = append(all, d.input)
		}
	}
	return all
}

// leaveOutput lets an output go. With keep, the engine outlives its last half: a hot reload will need it.
func (ds *detectors) leaveOutput(id uintptr, keep bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	out := ds.instances[id]
	if out == nil {
		return // it was never initialised
	}
	d := out.detector
	delete(ds.instances, id)
	delete(d.outputs, id)
	if len(d.outputs) == 0 {
		d.exporter.close() // the metrics go with an output
		d.exporter = nil
	}
	ds.settle(d, out, keep)
}

// leaveInputs lets all inputs go. Fluent Bit does not say which input exits; but it never lets go of one alone.
func (ds *detectors) leaveInputs(keep bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	for _, d := range ds.byName {
		if in := d.input; in != nil {
			d.input = nil
			delete(ds.instances, in.id)
			ds.settle(d, in, keep)
		}
	}
}

// settle closes a detector that has lost its last half, which was leaving.
func (ds *detectors) settle(d *detector, leaving *instance, keep bool) {
	if d.input == nil && len(d.outputs) == 0 && !keep {
		ds.close(d)
	}
	d.messages.writeTo(leaving.host.log)
}

// closeAll closes what a hot reload has left and nobody has taken up.
func (ds *detectors) closeAll() {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	for _, d := range ds.byName {
		ds.close(d)
	}
	clear(ds.instances)
}

func (ds *detectors) close(d *detector) {
	delete(ds.byName, d.name)
	if d.engine != nil {
		d.engine.Close()
	}
}

var detectorName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// properties reads the two that there are. Fluent Bit cannot report misspelt ones, so all else is in siphunt.toml.
func properties(host host) (name, config string, err error) {
	name, config = host.property("detector"), host.property("config")
	if name == "" {
		name = "main"
	}
	if !detectorName.MatchString(name) {
		return "", "", fmt.Errorf("property detector: %.80q is no name: take 1 to 64 letters, digits, dots, hyphens and underscores", name)
	}
	if config != "" {
		config, err = filepath.Abs(config)
	}
	return name, config, err
}
