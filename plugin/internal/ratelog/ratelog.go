// Package ratelog tells of what goes wrong without letting whoever causes it fill the log: the first case of a reason is
// told at once with its example, the following ones are summed up once a minute.
package ratelog

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// pause is the least time between two messages about the same reason.
const pause = time.Minute

// Log is such a log, safe for concurrent use. Its first use must be SetLog.
type Log struct {
	mu      sync.Mutex
	log     *slog.Logger
	reasons map[string]*cases // the callers' reasons are a fixed set of words
}

// cases are those of one reason.
type cases struct {
	level   slog.Level
	told    time.Time // when the last message went out
	waiting uint64    // cases since
	example string    // of the newest of them that had one
}

// SetLog changes where messages go; nil is nowhere.
func (l *Log) SetLog(log *slog.Logger) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = log
}

// Say logs a message without a limit.
func (l *Log) Say(level slog.Level, msg string) {
	l.mu.Lock()
	log := l.log
	l.mu.Unlock()
	log.Log(context.Background(), level, msg)
}

// Warner returns a function that logs warnings with a prefix.
func (l *Log) Warner(prefix string) func(string) {
	return func(msg string) { l.Say(slog.LevelWarn, prefix+msg) }
}

// Add tells of n cases of a reason, or keeps them for the next message. The example may be empty; it must hold nothing
// that could forge a log line.
func (l *Log) Add(now time.Time, level slog.Level, reason string, n uint64, example string) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.reasons[reason]
	if c == nil {
		c = &cases{level: level}
		if l.reasons == nil {
			l.reasons = make(map[string]*cases)
		}
		l.reasons[reason] = c
	}
	c.waiting += n
	if example != "" {
		c.example = strings.Clone(example) // it may point into the chunk
	}
	l.tellLocked(now, reason, c)
}

// Flush tells of the cases whose minute is over.
func (l *Log) Flush(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, reason := range slices.Sorted(maps.Keys(l.reasons)) {
		l.tellLocked(now, reason, l.reasons[reason])
	}
}

func (l *Log) tellLocked(now time.Time, reason string, c *cases) {
	if c.waiting == 0 || !c.told.IsZero() && now.Sub(c.told) < pause {
		return
	}
	msg := fmt.Sprintf("%s: %d", reason, c.waiting)
	if !c.told.IsZero() {
		msg += fmt.Sprintf(" in the last %s", now.Sub(c.told).Round(time.Second))
	}
	if c.example != "" {
		msg += ", for example " + c.example
	}
	l.log.Log(context.Background(), c.level, msg)
	*c = cases{level: c.level, told: now}
}
