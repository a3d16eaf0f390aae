package config

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long a file is left alone after its folder has changed: editors and configuration tools write in steps.
const quiet = 250 * time.Millisecond

// Watcher sees when a file may have changed. It watches folders, since editors put a new file in the place of the old
// one, and Kubernetes turns a symbolic link beside it.
type Watcher struct {
	file    string
	changed func()
	events  *fsnotify.Watcher
	running sync.WaitGroup
}

// Watch calls changed, from a goroutine of its own, soon after the file may have changed, whether or not its content is
// another; and once at the start, for what happened since the caller has read it.
func Watch(file string, changed func()) (*Watcher, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{file: file, changed: changed, events: events}
	if err := events.Add(filepath.Dir(file)); err != nil {
		_ = events.Close()
		return nil, err
	}
	w.running.Go(w.run)
	return w, nil
}

// Close stops the watcher; changed is not called any more once it returns.
func (w *Watcher) Close() {
	if w == nil {
		return
	}
	_ = w.events.Close()
	w.running.Wait()
}

func (w *Watcher) run() {
	w.followLink()
	settled := time.After(quiet)
	for {
		select {
		case _, ok := <-w.events.Events:
			if !ok {
				return
			}
			if settled == nil { // not put off by further events: a busy folder must not hide a change
				settled = time.After(quiet)
			}
		case _, ok := <-w.events.Errors: // events were lost: look
			if !ok {
				return
			}
			if settled == nil {
				settled = time.After(quiet)
			}
		case <-settled:
			settled = nil
			w.followLink()
			w.changed()
		}
	}
}

// followLink watches the folder of the file that a symbolic link leads to as well.
func (w *Watcher) followLink() {
	if target, err := filepath.EvalSymlinks(w.file); err == nil {
		_ = w.events.Add(filepath.Dir(target)) // the folder of the link is watched in any case
	}
}
