package engine

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// reloader changes the rules while records flow: when the host is reloaded, and when the configuration file changes.
type reloader struct {
	rules          atomic.Pointer[rules.Rules] // that chunks are decoded by
	taken, refused atomic.Uint64

	mu      sync.Mutex // one change at a time
	options Options
	watcher *config.Watcher
	text    string // of the configuration file when it was last looked at, or why it could not be read
}

// Reopen goes on with the same detector under new options: the host's configuration was reloaded. Open incidents stay
// open. A configuration file that is refused is told of, and the rules in force stay until it is mended: it must not end
// detection.
func (e *Engine) Reopen(o Options) {
	o.complete()
	old := e.replaceOptions(o)
	old.Close() // without the lock: it waits for a reread, which may wait for the lock
}

// replaceOptions returns the watcher of the file before.
func (e *Engine) replaceOptions(o Options) *config.Watcher {
	l := &e.reloader
	l.mu.Lock()
	defer l.mu.Unlock()
	e.log.SetLog(o.Log)
	old := l.watcher
	l.options, l.watcher = o, e.watch(o.ConfigFile)
	if r := e.readLocked(l.read()); r != nil {
		e.tellStart("goes on", o, r)
	}
	return old
}

// read reads the configuration file.
func (l *reloader) read() (text string, err error) {
	if text, err = config.ReadText(l.options.ConfigFile); err != nil {
		text = err.Error()
	}
	return text, err
}

// readLocked puts in force what was read of the configuration file. It returns nil if that is refused.
func (e *Engine) readLocked(text string, err error) *rules.Rules {
	l := &e.reloader
	l.text = text
	var r *rules.Rules
	if err == nil {
		r, err = l.options.source().Parse(text)
	}
	if err == nil {
		err = e.use(r)
	}
	if err != nil {
		l.refused.Add(1)
		e.log.Say(slog.LevelError, fmt.Sprintf("the changed configuration is refused, the rules in force stay:\n%v", err))
		return nil
	}
	return r
}

// stop ends the watching of the file.
func (l *reloader) stop() {
	l.mu.Lock()
	w := l.watcher
	l.watcher = nil
	l.mu.Unlock()
	w.Close()
}

// watch has the file read again when it changes. If that can't be, detection goes on without.
func (e *Engine) watch(file string) *config.Watcher {
	if file == "" {
		return nil
	}
	w, err := config.Watch(file, func() { e.guard("while the configuration was read", e.reread) })
	if err != nil {
		e.log.Say(slog.LevelWarn, fmt.Sprintf("%s is not watched, its changes wait for a reload of Fluent Bit: %v", file, err))
	}
	return w
}

// use puts rules in force. It fails, and changes nothing, if the detector refuses them.
func (e *Engine) use(r *rules.Rules) error {
	old := e.reloader.rules.Load()
	for _, what := range r.KeepFrom(old) {
		e.log.Say(slog.LevelWarn, what+" was changed in the configuration; a running detector keeps it as it was until the next start")
	}
	if old.Text != r.Text { // else only the encoder may be another
		if err := e.intake.change(r); err != nil {
			return err
		}
	} else if err := e.intake.do(func(j *judge.Judge) error { j.Rules = r; return nil }); err != nil {
		return err
	}
	e.reloader.rules.Store(r)
	e.configureFeed(r)
	return nil
}

// configureFeed puts what rules say of the feed in force.
func (e *Engine) configureFeed(r *rules.Rules) {
	c := r.Config
	e.feed.Configure(c.Feed, c.Detector.Allow, c.Detector.IPv6ClientPrefix, e.now())
}

// reread is called when the configuration file may have changed.
func (e *Engine) reread() {
	l := &e.reloader
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := l.read()
	if text == l.text || e.readLocked(text, err) == nil {
		return
	}
	l.taken.Add(1)
	e.log.Say(slog.LevelInfo, l.options.ConfigFile+" was changed and is in force")
}
