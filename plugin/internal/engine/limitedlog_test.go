package engine

import (
	"log/slog"
	"slices"
	"testing"
	"time"
)

func TestToldOnceAMinute(t *testing.T) {
	log := &logged{}
	n := &limitedLog{}
	n.setLog(log.logger())
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	expect := func(story string, want ...string) {
		t.Helper()
		if !slices.Equal(log.lines, want) {
			t.Errorf("%s: %q, want %q", story, log.lines, want)
		}
		log.lines = nil
	}

	n.add(at(0), slog.LevelWarn, "late", 0, "")
	expect("nothing happened")
	n.add(at(0), slog.LevelWarn, "bad_type", 2, `"x"`)
	expect("the first case", `bad_type: 2, for example "x"`)
	n.add(at(1), slog.LevelWarn, "bad_type", 1000, `"y"`)
	n.add(at(2), slog.LevelWarn, "bad_type", 1, "")
	expect("a flood")
	n.add(at(3), slog.LevelWarn, "late", 1, "")
	expect("another reason has its own minute", "late: 1")
	n.flush(at(59))
	expect("before the minute is over")
	n.flush(at(60))
	expect("after it", `bad_type: 1001 in the last 1m0s, for example "y"`)
	n.flush(at(200))
	expect("nothing since")
	n.add(at(200), slog.LevelWarn, "bad_type", 1, "")
	expect("and again", "bad_type: 1 in the last 2m20s")
}
