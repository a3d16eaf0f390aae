package main

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/siphunt/siphunt/plugin/internal/engine"
)

const (
	maxMessages = 1000 // that may wait
	maxLine     = 3000 // bytes: Fluent Bit cuts at 4,096, its own prefix included
)

// messages wait to be logged. Fluent Bit's logger finds its file and its counters through the thread that calls it, and
// an engine logs from threads of Go. And a flush may run on a coroutine's small stack, where the logger's buffers do not
// belong. So whatever is to be said waits here until Fluent Bit calls on a thread of its own: each second in the
// collect callback, and whenever an instance comes or goes.
type messages struct {
	mu    sync.Mutex
	lines []message
	lost  int
}

type message struct {
	level engine.Level
	text  string
}

// add keeps a message, each of its lines for itself.
func (m *messages) add(level engine.Level, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for line := range strings.Lines(text) {
		if len(m.lines) >= maxMessages {
			m.lost++
			continue
		}
		m.lines = append(m.lines, message{level, oneLine(line)})
	}
}

// writeTo hands what waits to a log, oldest first.
func (m *messages) writeTo(log func(engine.Level, string)) {
	m.mu.Lock()
	lines, lost := m.lines, m.lost
	m.lines, m.lost = nil, 0
	m.mu.Unlock()
	for _, l := range lines {
		log(l.level, l.text)
	}
	if lost > 0 {
		log(engine.Warn, fmt.Sprintf("%d messages were not logged: more than %d waited", lost, maxMessages))
	}
}

// oneLine takes out what could end a line of the log, or colour it.
func oneLine(s string) string {
	s = strings.TrimRight(s, "\r\n")
	if len(s) > maxLine {
		s = s[:maxLine] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}
