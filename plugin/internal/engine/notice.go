package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Level is how grave a log message is; the values are those of Fluent Bit.
type Level int

// The levels.
const (
	Error Level = iota + 1
	Warn
	Info
	Debug
)

// noticePause is the least time between two messages about the same reason.
const noticePause = time.Minute

// notices tells of what went wrong without letting whoever causes it fill the log: the first case of a reason is told
// at once with its example, the following ones are summed up once a minute.
type notices struct {
	log func(Level, string)

	mu      sync.Mutex
	reasons map[string]*notice // the callers' reasons are a fixed set of words
}

type notice struct {
	level   Level
	told    time.Time // when the last message went out
	waiting uint64    // cases since
	example string    // of the newest of them that had one
}

// add tells of n cases of a reason, or keeps them for the next message. The example may be empty; it must hold nothing
// that could forge a log line.
func (s *notices) add(now time.Time, level Level, reason string, n uint64, example string) {
	if n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.reasons[reason]
	if c == nil {
		c = &notice{level: level}
		if s.reasons == nil {
			s.reasons = make(map[string]*notice)
		}
		s.reasons[reason] = c
	}
	c.waiting += n
	if example != "" {
		c.example = strings.Clone(example) // it may point into the chunk
	}
	s.tell(now, reason, c)
}

// flush tells of the cases whose minute is over.
func (s *notices) flush(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, reason := range slices.Sorted(maps.Keys(s.reasons)) {
		s.tell(now, reason, s.reasons[reason])
	}
}

func (s *notices) tell(now time.Time, reason string, c *notice) {
	if c.waiting == 0 || !c.told.IsZero() && now.Sub(c.told) < noticePause {
		return
	}
	msg := fmt.Sprintf("%s: %d", reason, c.waiting)
	if !c.told.IsZero() {
		msg += fmt.Sprintf(" in the last %s", now.Sub(c.told).Round(time.Second))
	}
	if c.example != "" {
		msg += ", for example " + c.example
	}
	s.log(c.level, msg)
	*c = notice{level: c.level, told: now}
}
