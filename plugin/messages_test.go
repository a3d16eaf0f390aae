package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/plugin/internal/figures"
)

func written(m *messages) (all []string) {
	m.writeTo(func(level slog.Level, line string) {
		all = append(all, strings.ToLower(level.String())+": "+line)
	})
	return all
}

func TestMessages(t *testing.T) {
	var m messages
	m.add(slog.LevelError, "first\nsecond\n")
	m.add(slog.LevelInfo, "an attacker's \x1b[31m\r\x00 and \ttab, 300@p\u0085bx")
	m.add(slog.LevelWarn, strings.Repeat("x", 5000))
	want := []string{
		"error: first", "error: second",
		"info: an attacker's ?[31m?? and  tab, 300@p?bx",
		"warn: " + strings.Repeat("x", maxLine) + "...",
	}
	if diff := cmp.Diff(want, written(&m)); diff != "" {
		t.Error(diff)
	}
	if again := written(&m); again != nil {
		t.Errorf("written twice: %q", again)
	}
}

// TestMessagesBounded: while nobody writes them, messages take no more memory than a bound.
func TestMessagesBounded(t *testing.T) {
	var m messages
	for range maxMessages + 7 {
		m.add(slog.LevelInfo, "x")
	}
	all := written(&m)
	if len(all) != maxMessages+1 || all[maxMessages] != "warn: 7 messages were not logged: more than 1000 waited" {
		t.Errorf("%d messages, the last %q", len(all), all[len(all)-1])
	}
}

func TestFigures(t *testing.T) {
	got := metricLine([]figures.Metric{
		{Name: "records_total", Labels: [][2]string{{"detector", "main"}}, Value: 1e7},
		{Name: "other_total", Value: 0},
		{Name: "alerts_total", Labels: [][2]string{{"kind", "scan"}, {"state", "open"}}, Value: 2},
		{Name: "flush_seconds_total", Value: 0.25},
	})
	if want := `records_total{detector="main"} 10000000 alerts_total{kind="scan",state="open"} 2 flush_seconds_total{} 0.25`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
