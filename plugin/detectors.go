package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/engine"
	"github.com/siphunt/siphunt/plugin/internal/figures"
)

// host is what an instance needs of Fluent Bit; tests have a map in its place.
type host interface {
	name() string // of the instance, for people
	property(key string) string
	log(level slog.Level, line string) // on a thread of Fluent Bit only
	exporter() exporter                // for the metrics of an output; nil if Fluent Bit has none
	taken() (n uint64, counts bool)    // records that Fluent Bit has taken from an input, if it counts them
	thread() int                       // of the operating system, that it calls on now
}

// exporter shows the figures of an engine.
type exporter interface {
	update([]figures.Metric)
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
	exporter exporter // for the metrics
	exports  uintptr  // the output that it belongs to: they are gone when it is
	messages messages
	delivery delivery
	overlaps overlaps
	shared   atomic.Bool  // it has several outputs
	reported atomic.Int64 // when the input's thread was last here, Unix seconds
}

// instance is one siphunt or siphunt_alerts section of Fluent Bit's configuration.
type instance struct {
	id       uintptr
	half     half
	host     host
	config   string // its property; "" where it has none
	detector *detector
	workers  workers // of an output
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
	in := &instance{id: ds.last, half: h, host: host, config: config, detector: d, workers: workers{starter: host.thread()}}
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
	d.shared.Store(len(d.outputs) > 1)
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
		d.messages.add(slog.LevelWarn, "the alerts will have no observer.hostname: "+err.Error())
	}
	options := engine.Options{
		Name: d.name, ConfigFile: d.config, Log: slog.New(&d.messages), Hostname: hostname, Version: version,
	}
	if d.engine != nil {
		d.engine.Reopen(options)
	} else if d.engine, err = engine.Open(options); err != nil {
		return err
	}
	d.reported.Store(time.Now().Unix()) // the input's thread will be here in a second
	d.exporter, d.exports = out.host.exporter(), out.id
	if d.exporter == nil {
		d.exporter = &metricLog{log: d.messages.add}
	}
	d.exporter.update(d.engine.Metrics()) // all series are made here, on the thread that reads them
	return nil
}

// find returns the instance that C knows by a number, or nil if it has left.
func (ds *detectors) find(id uintptr) *instance {
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	return ds.instances[id]
}

// report does what is due once a second on the input's thread: the log.
func (ds *detectors) report(in *instance, now time.Time) {
	in.detector.reported.Store(now.Unix())
	in.detector.messages.writeTo(in.host.log)
}

// reportPause is how many seconds an input may be silent, since Fluent Bit has paused it, before an output reports.
const reportPause = 3

// reportInstead does what report does, on the thread of an output, while the input is paused.
func (ds *detectors) reportInstead(out *instance, now time.Time) {
	last := out.detector.reported.Load()
	if now.Unix()-last >= reportPause && out.detector.reported.CompareAndSwap(last, now.Unix()-reportPause+1) {
		out.detector.messages.writeTo(out.host.log)
	}
}

// publish shows the figures of all detectors.
func (ds *detectors) publish() {
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	for _, d := range ds.byName {
		if d.exporter != nil {
			d.exporter.update(d.engine.Metrics())
		}
	}
}

// publishEachSecond does so from a goroutine of its own, since Fluent Bit may pause an input for long.
func (ds *detectors) publishEachSecond() {
	for range time.Tick(time.Second) {
		func() {
			defer recovered("publish", 0)
			ds.publish()
		}()
	}
}

// deaf returns the inputs whose detector has no output, by name. Fluent Bit starts outputs after inputs, so this can be
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
	if keep {
		out.warnOfReload()
	}
	d := out.detector
	delete(ds.instances, id)
	delete(d.outputs, id)
	d.shared.Store(len(d.outputs) > 1)
	d.overlaps.forget()
	if out.id == d.exports {
		d.exporter.close() // before Fluent Bit destroys the metrics of this output; the others go at once, too
		d.exporter = nil
	}
	ds.closeIfAlone(d, out, keep)
}

// leaveInputs lets all inputs go. Fluent Bit does not say which input exits; but it never lets go of one alone.
func (ds *detectors) leaveInputs(keep bool) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	for _, d := range ds.byName {
		if in := d.input; in != nil {
			d.input = nil
			delete(ds.instances, in.id)
			d.leaveInput(in, keep, time.Now())
			ds.closeIfAlone(d, in, keep)
		}
	}
}

// leaveInput tells the engine what Fluent Bit has taken, and the log what it will not take any more: it pauses its inputs
// when it stops.
func (d *detector) leaveInput(in *instance, keep bool, now time.Time) {
	if d.engine == nil {
		return
	}
	if !d.confirm(in, now) {
		d.delivery.forget()
	}
	n := d.engine.Waiting()
	if n == 0 || keep {
		return
	}
	if d.engine.Kept() {
		d.messages.add(slog.LevelInfo, fmt.Sprintf("Fluent Bit stops and takes no more alerts: the %d that wait are in state_dir, and come after the next start", n))
	} else {
		d.messages.add(slog.LevelWarn, fmt.Sprintf("Fluent Bit stops and takes no more alerts: the %d that wait are lost; with a state_dir they would come after the next start", n))
	}
}

// closeIfAlone closes a detector that has lost its last half, which was leaving.
func (ds *detectors) closeIfAlone(d *detector, leaving *instance, keep bool) {
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
