package engine

import (
	"fmt"
	"sync"

	"github.com/siphunt/siphunt/plugin/internal/alert"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// rules are a configuration with what is made from it. They never change; a reload puts new ones in their place.
type rules struct {
	text     string // of the file
	config   *config.Config
	encoder  *alert.Encoder
	decoders sync.Pool // of *decoding
}

// decoding is what one Flush needs for itself, and the chunk after it while it waits in the queue.
type decoding struct {
	from        *sync.Pool
	decoder     *flow.Decoder
	batch       flow.Batch
	texts       []byte      // of the batch, in the queue only
	fingerprint fingerprint // of the chunk; with state_dir only, as what follows
	head, body  []byte      // of its journal entry
}

// release gives it back. The flows point into the chunk. It is C's, and once C has given it back Go may get the same memory:
// a stale pointer into it would stop the garbage collector.
func (d *decoding) release() {
	clear(d.batch.Flows)
	d.batch.Reset()
	d.texts = d.texts[:0]
	d.from.Put(d)
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
	cfg, err := config.Parse(o.ConfigFile, text)
	if err != nil {
		return nil, err
	}
	r := &rules{text: text, config: cfg}
	if r.encoder, err = cfg.NewEncoder(o.Hostname, o.Version, o.warn); err != nil {
		return nil, err
	}
	first, err := cfg.NewDecoder()
	if err != nil {
		return nil, err
	}
	r.decoders.Put(&decoding{decoder: first})
	r.decoders.New = func() any {
		d, _ := cfg.NewDecoder() // worked above
		return &decoding{decoder: d}
	}
	return r, nil
}

// Reopen goes on with the same detector under new options: the host's configuration was reloaded. Open incidents stay
// open. Where it fails nothing has changed.
func (e *Engine) Reopen(o Options) error {
	r, err := loadRules(&o)
	if err != nil {
		return err
	}
	return e.use(o, r)
}

// use puts options and rules in force, and watches the file they came from.
func (e *Engine) use(o Options, r *rules) error {
	e.changing.Lock()
	if err := e.setRules(r); err != nil {
		e.changing.Unlock()
		return err
	}
	e.configureFeed(r)
	e.setLog(o.Log)
	old := e.watcher
	e.watcher, e.options, e.text = e.watchFile(o.ConfigFile), o, r.text
	e.changing.Unlock()
	old.Close() // not under the lock: it waits for a reread, which may wait for the lock
	return nil
}

// watchFile has the file read again when it changes. Where that can't be, detection goes on without.
func (e *Engine) watchFile(file string) *config.Watcher {
	if file == "" {
		return nil
	}
	w, err := config.Watch(file, e.reread)
	if err != nil {
		e.say(Warn, fmt.Sprintf("%s is not watched, its changes wait for a reload of Fluent Bit: %v", file, err))
	}
	return w
}

// setRules puts rules in force; it fails, and changes nothing, where the detector refuses them.
func (e *Engine) setRules(r *rules) error {
	e.stayTheSame(r)
	e.settle()
	defer e.detecting.Unlock()
	defer e.mu.Unlock()
	now := e.now().UnixMilli()
	old := e.rules.Load()
	if old != nil && old.text == r.text { // the encoder may be another
		e.rules.Store(r)
		return nil
	}
	e.journal(entryRules, now, e.outbox.arrived, []byte(r.text))
	return e.putInForce(r, now)
}

// stayTheSame takes from the rules in force what cannot change while the detector runs.
func (e *Engine) stayTheSame(r *rules) {
	old := e.rules.Load()
	if old == nil {
		return
	}
	if old.config.WallClock != r.config.WallClock {
		r.config.WallClock = old.config.WallClock
		e.say(Warn, "detector.clock was changed in the configuration; a running detector keeps its clock until the next start")
	}
	if old.config.State != r.config.State {
		r.config.State = old.config.State
		e.say(Warn, "[state] was changed in the configuration; a running detector keeps it as it was until the next start")
	}
}

// putInForce hands rules to all that follow them. Both locks are held.
func (e *Engine) putInForce(r *rules, now int64) error {
	if err := e.change(r, now); err != nil {
		return err
	}
	e.outbox.setLimit(r.config.OutboxLimit)
	return nil
}

// change is what other rules do to the detector. It is the same when the journal is read. Both locks are held.
func (e *Engine) change(r *rules, now int64) error {
	if err := e.detector.SetConfig(r.config.Detector); err != nil {
		return err
	}
	e.rules.Store(r)
	e.quota.limit = r.config.MaxAlertsPerMinute
	e.post(now, e.detector.Alerts(), e.detector.Stats()) // the allowlist may have ended incidents
	return nil
}

// configureFeed puts what rules say of the feed in force. None of the detector's locks is held: it reads and writes files.
func (e *Engine) configureFeed(r *rules) {
	c := r.config
	e.clients.Configure(c.Feed, c.Detector.Allow, c.Detector.IPv6ClientPrefix, e.now())
}

// reread is called when the configuration file may have changed.
func (e *Engine) reread() {
	e.changing.Lock()
	defer e.changing.Unlock()
	text, err := config.ReadText(e.options.ConfigFile)
	if err != nil {
		text = err.Error()
	}
	if text == e.text {
		return
	}
	e.text = text
	var r *rules
	if err == nil {
		r, err = newRules(text, &e.options)
	}
	if err == nil {
		err = e.setRules(r)
	}
	if err != nil {
		e.badReloads.Add(1)
		e.say(Error, fmt.Sprintf("the changed configuration is refused, the rules in force stay:\n%v", err))
		return
	}
	e.configureFeed(r)
	e.reloads.Add(1)
	e.say(Info, e.options.ConfigFile+" was changed and is in force")
}
