package calibrate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// filled is figures with so many values each: "good 3 x 5000".
func filled(m measure, values map[class]map[int64]int64) *figures {
	f := new(figures)
	f[rejectionsPerLogin][good].addMany(1, 100_000)
	for c, counts := range values {
		for v, n := range counts {
			f[m][c].addMany(v, n)
		}
	}
	return f
}

func ruleOf(t *testing.T, key string) *rule {
	t.Helper()
	i := slices.IndexFunc(rules, func(r rule) bool { return r.key == key })
	if i < 0 {
		t.Fatalf("no rule for %s", key)
	}
	return &rules[i]
}

const (
	aDay  = 24 * 3_600_000
	aWeek = 7 * aDay
)

func TestRules(t *testing.T) {
	for _, c := range []struct {
		what, key string
		present   int
		span      int64
		values    map[class]map[int64]int64
		want      string
	}{
		{"phones stay below", "attempts", 20, aDay, map[class]map[int64]int64{good: {5: 100, 12: 3}, attack: {400: 5}}, "keep 20"},
		{"99.9 % of phones need 24", "attempts", 20, aDay, map[class]map[int64]int64{good: {24: 600}, attack: {400: 5}}, "raise 30"},
		{"one in a thousand is no reason", "attempts", 20, aDay, map[class]map[int64]int64{good: {24: 60}, attack: {400: 5}}, "keep 20"},
		{"an attack would stay below", "attempts", 20, aDay, map[class]map[int64]int64{good: {24: 600}, attack: {25: 1, 400: 5}}, "unsure 20"},
		{"a quiet week", "attempts", 20, aWeek, map[class]map[int64]int64{good: {4: 100}, unclear: {5: 10}, attack: {400: 5}}, "lower 11"},
		{"a quiet day is too little", "attempts", 20, aDay, map[class]map[int64]int64{good: {4: 100}, unclear: {5: 10}}, "keep 20"},
		{"a week with unclear cases below", "attempts", 20, aWeek, map[class]map[int64]int64{good: {4: 100}, unclear: {15: 10}}, "keep 20"},
		{"a tight one goes back to the default", "attempts", 4, aDay, map[class]map[int64]int64{good: {5: 600}, unclear: {18: 9, 700: 20}}, "raise 20"},
		{"beyond it where phones are", "attempts", 4, aDay, map[class]map[int64]int64{good: {30: 600}, attack: {400: 3}}, "raise 38"},
		{"and no further", "attempts", 4, aDay, map[class]map[int64]int64{good: {5: 600}, unclear: {700: 20}, attack: {25: 3}}, "raise 20"},
		{"the threshold itself is a login", "login_challenges", 8, aDay, map[class]map[int64]int64{good: {1: 90_000, 8: 500}}, "keep 8"},
		{"more challenges than a login has", "login_challenges", 8, aDay, map[class]map[int64]int64{good: {1: 90_000, 9: 500}}, "raise 12"},
		{"attacks are told of later, not less", "login_challenges", 8, aDay, map[class]map[int64]int64{good: {1: 90_000, 9: 500}, attack: {10: 50}}, "raise 12"},
		{"a NAT", "scan_extensions", 10, aDay, map[class]map[int64]int64{good: {14: 3}, attack: {100: 2}}, "raise 18"},
		{"two are an accident", "scan_extensions", 10, aDay, map[class]map[int64]int64{good: {14: 2}, attack: {100: 2}}, "keep 10"},
		{"a NAT as large as a scan", "scan_extensions", 10, aDay, map[class]map[int64]int64{good: {14: 3}, attack: {15: 1}}, "unsure 10"},
		{"a week of quiet clients", "scan_extensions", 10, aWeek, map[class]map[int64]int64{unclear: {2: 500}, attack: {100: 2}}, "lower 5"},
		{"its floor", "distributed_clients", 5, aWeek, map[class]map[int64]int64{unclear: {1: 500}}, "lower 3"},
		{"those without a floor are never lowered", "slow_clients", 20, aWeek, map[class]map[int64]int64{unclear: {2: 500}}, "keep 20"},
	} {
		got := ruleOf(t, c.key).judge(filled(ruleOf(t, c.key).measure, c.values), c.present, c.span)
		if s := fmt.Sprintf("%s %s", got.Verdict, got.Recommended); s != c.want || got.Key != c.key || got.Reason == "" {
			t.Errorf("%s: %s, want %s: %s", c.what, s, c.want, got.Reason)
		}
	}
}

func TestTooLittleWasSeen(t *testing.T) {
	f := new(figures)
	f[rejectionsPerLogin][good].addMany(50, enoughLogins-1)
	for i := range rules {
		f[rules[i].measure][good].addMany(500, 10)
	}
	f[rejectionsPerLogin][good] = histogram{}
	f[rejectionsPerLogin][good].addMany(50, enoughLogins-1)
	defaults := detect.DefaultConfig()
	for i := range rules {
		got := rules[i].judge(f, *rules[i].field(&defaults.Thresholds), aWeek)
		if got.Verdict != Unsure || got.Recommended != got.Present || !strings.Contains(got.Reason, "999 logins") {
			t.Errorf("%+v", got)
		}
	}
}

func TestDurations(t *testing.T) {
	cfg := detect.DefaultConfig()
	of := func(counts map[int64]int64) *histogram {
		var h histogram
		for v, n := range counts {
			h.addMany(v, n)
		}
		return &h
	}
	for _, c := range []struct {
		what string
		got  Recommendation
		want string
	}{
		{"prompt for a day", judgeGrace(of(map[int64]int64{1: 50_000}), &cfg, aDay), "keep 45s"},
		{"prompt for a week", judgeGrace(of(map[int64]int64{1: 50_000, 4: 30}), &cfg, aWeek), "lower 15s"},
		{"a tail that the detector's own grace covers", judgeGrace(of(map[int64]int64{1: 50_000, 40: 500}), &cfg, aDay), "keep 45s"},
		{"one in 200 is later than that", judgeGrace(of(map[int64]int64{1: 50_000, 120: 250}), &cfg, aDay), "raise 2m15s"},
		{"as far as it goes", judgeGrace(of(map[int64]int64{1: 50_000, 3000: 250}), &cfg, aDay), "raise 10m"},
		{"too little", judgeGrace(of(map[int64]int64{300: 999}), &cfg, aDay), "unsure 45s"},
		{"renewed every hour", judgeTTL(of(map[int64]int64{3600: 50_000}), &cfg), "keep 24h"},
		{"renewed once a day", judgeTTL(of(map[int64]int64{3600: 50_000, 82_000: 500}), &cfg), "raise 48h"},
	} {
		if s := fmt.Sprintf("%s %s", c.got.Verdict, c.got.Recommended); s != c.want {
			t.Errorf("%s: %s, want %s: %s", c.what, s, c.want, c.got.Reason)
		}
	}
	short := cfg
	short.IdleTimeout = time.Minute
	if got := judgeGrace(of(map[int64]int64{1: 50_000, 3000: 250}), &short, aDay); got.Recommended != "1m" {
		t.Errorf("%+v: it has to stay below idle_timeout", got)
	}
}
