package ratelog

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"
)

func TestToldOnceAMinute(t *testing.T) {
	log := &kept{}
	n := &Log{}
	n.SetLog(slog.New(log))
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	expect := func(story string, want ...string) {
		t.Helper()
		if !slices.Equal(log.lines, want) {
			t.Errorf("%s: %q, want %q", story, log.lines, want)
		}
		log.lines = nil
	}

	n.Add(at(0), slog.LevelWarn, "late", 0, "")
	expect("nothing happened")
	n.Add(at(0), slog.LevelWarn, "bad_type", 2, `"x"`)
	expect("the first case", `bad_type: 2, for example "x"`)
	n.Add(at(1), slog.LevelWarn, "bad_type", 1000, `"y"`)
	n.Add(at(2), slog.LevelWarn, "bad_type", 1, "")
	expect("a flood")
	n.Add(at(3), slog.LevelWarn, "late", 1, "")
	expect("another reason has its own minute", "late: 1")
	n.Flush(at(59))
	expect("before the minute is over")
	n.Flush(at(60))
	expect("after it", `bad_type: 1001 in the last 1m0s, for example "y"`)
	n.Flush(at(200))
	expect("nothing since")
	n.Add(at(200), slog.LevelWarn, "bad_type", 1, "")
	expect("and again", "bad_type: 1 in the last 2m20s")
}

// kept keeps what is logged.
type kept struct{ lines []string }

func (k *kept) Enabled(context.Context, slog.Level) bool { return true }
func (k *kept) WithAttrs([]slog.Attr) slog.Handler       { return k }
func (k *kept) WithGroup(string) slog.Handler            { return k }

func (k *kept) Handle(_ context.Context, r slog.Record) error {
	k.lines = append(k.lines, r.Message)
	return nil
}
