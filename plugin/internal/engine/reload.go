package engine

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/feed"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/ratelog"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// reloader changes the rules while records flow: when the host is reloaded, and when the configuration file changes. A file
// that is refused is told of, and the rules in force stay until it is mended: it must not end detection.
type reloader struct {
	rules          atomic.Pointer[rules.Rules] // that chunks are decoded by
	taken, refused atomic.Uint64

	intake *intake
	feed   *feed.Feed
	now    func() time.Time
	log    *ratelog.Log
	guard  func(when string, do func())

	mu      sync.Mutex // one change at a time; of all below
	options Options
	watcher *config.Watcher
	text    string // of the configuration file when it was last looked at, or why it could not be read
}

// start begins with rules that the detector has.
func (l *reloader) start(o Options, r *rules.Rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules.Store(r)
	l.options, l.text = o, r.Text
	l.configureFeed(r)
	l.watcher = l.watch(o.ConfigFile)
}

// restart goes on under new options. It returns the rules that they put in force, or nil if their file is refused.
func (l *reloader) restart(o Options) *rules.Rules {
	old, r := l.replaceOptions(o)
	old.Close() // without the lock: it waits for a reread, which may wait for the lock
	return r
}

// replaceOptions returns the watcher of the file before, too.
func (l *reloader) replaceOptions(o Options) (*config.Watcher, *rules.Rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log.SetLog(o.Log)
	old := l.watcher
	l.options, l.watcher = o, l.watch(o.ConfigFile)
	return old, l.takeLocked(l.readLocked())
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
func (l *reloader) watch(file string) *config.Watcher {
	if file == "" {
		return nil
	}
	w, err := config.Watch(file, func() { l.guard("while the configuration was read", l.reread) })
	if err != nil {
		l.log.Say(slog.LevelWarn, fmt.Sprintf("%s is not watched, its changes wait for a reload of Fluent Bit: %v", file, err))
	}
	return w
}

// reread is called when the configuration file may have changed.
func (l *reloader) reread() {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := l.readLocked()
	if text == l.text || l.takeLocked(text, err) == nil {
		return
	}
	l.taken.Add(1)
	l.log.Say(slog.LevelInfo, l.options.ConfigFile+" was changed and is in force")
}

// readLocked reads the configuration file.
func (l *reloader) readLocked() (text string, err error) {
	if text, err = config.ReadText(l.options.ConfigFile); err != nil {
		text = err.Error()
	}
	return text, err
}

// takeLocked puts in force what was read of the configuration file. It returns nil if that is refused.
func (l *reloader) takeLocked(text string, err error) *rules.Rules {
	l.text = text
	var r *rules.Rules
	if err == nil {
		r, err = l.options.source().Parse(text)
	}
	if err == nil {
		err = l.use(r)
	}
	if err != nil {
		l.refused.Add(1)
		l.log.Say(slog.LevelError, fmt.Sprintf("the changed configuration is refused, the rules in force stay:\n%v", err))
		return nil
	}
	return r
}

// use puts rules in force. It fails, and changes nothing, if the detector refuses them.
func (l *reloader) use(r *rules.Rules) error {
	old := l.rules.Load()
	for _, what := range r.KeepFrom(old) {
		l.log.Say(slog.LevelWarn, what+" was changed in the configuration; a running detector keeps it as it was until the next start")
	}
	if old.Text != r.Text { // else only the encoder may be another
		if err := l.intake.change(r); err != nil {
			return err
		}
	} else if err := l.intake.do(func(j *judge.Judge) error { j.Rules = r; return nil }); err != nil {
		return err
	}
	l.rules.Store(r)
	l.configureFeed(r)
	return nil
}

// configureFeed puts what rules say of the feed in force.
func (l *reloader) configureFeed(r *rules.Rules) {
	c := r.Config
	l.feed.Configure(c.Feed, c.Detector.Allow, c.Detector.IPv6ClientPrefix, l.now())
}
