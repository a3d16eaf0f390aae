package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"unicode"
)

const (
	maxMessages = 1000 // that may wait
	maxLine     = 3000 // bytes: Fluent Bit cuts at 4,096, its own prefix included
)

// messages wait to be logged. Fluent Bit's logger finds its file and its counters through the thread that calls it, and
// an engine logs from threads of Go. So whatever is to be said waits here until Fluent Bit calls on a thread of its own:
// each second in the collect callback, whenever an instance comes or goes, and in a flush while the input is paused. It is
// the slog.Handler of an engine.
type messages struct {
	mu    sync.Mutex
	lines []line
	lost  int
}

type line struct {
	level slog.Level
	text  string
}

// Enabled is true: Fluent Bit knows its log_level.
func (m *messages) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs does nothing: an engine logs sentences.
func (m *messages) WithAttrs([]slog.Attr) slog.Handler { return m }

// WithGroup does nothing either.
func (m *messages) WithGroup(string) slog.Handler { return m }

// Handle keeps a message.
func (m *messages) Handle(_ context.Context, r slog.Record) error {
	m.add(r.Level, r.Message)
	return nil
}

// add keeps a message, each of its lines for itself.
func (m *messages) add(level slog.Level, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for l := range strings.Lines(text) {
		if len(m.lines) >= maxMessages {
			m.lost++
			continue
		}
		m.lines = append(m.lines, line{level, oneLine(l)})
	}
}

// writeTo hands what waits to a log, oldest first.
func (m *messages) writeTo(log func(slog.Level, string)) {
	lines, lost := m.take()
	for _, l := range lines {
		log(l.level, l.text)
	}
	if lost > 0 {
		log(slog.LevelWarn, fmt.Sprintf("%d messages were not logged: more than %d waited", lost, maxMessages))
	}
}

func (m *messages) take() (lines []line, lost int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines, lost = m.lines, m.lost
	m.lines, m.lost = nil, 0
	return lines, lost
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
