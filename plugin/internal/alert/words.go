package alert

import (
	"math"
	"strconv"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// duration is a time span as a person says it, to two digits or the whole unit: 2.2 s, 45 s, 12 min, 3.5 h, 4 d.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return brief(d.Seconds()) + " s"
	case d < time.Hour:
		return brief(d.Minutes()) + " min"
	case d < 24*time.Hour:
		return brief(d.Hours()) + " h"
	}
	return brief(d.Hours()/24) + " d"
}

// frequency is a rate a minute in the unit in which it is one or more.
func frequency(perMinute float64) string {
	if perMinute < 1 {
		return brief(perMinute*60) + " an hour"
	}
	return brief(perMinute) + " a minute"
}

// brief has one decimal below ten, where it is not zero, and none above.
func brief(v float64) string {
	if tenths := math.Round(v*10) / 10; tenths < 10 && tenths != math.Trunc(tenths) {
		return strconv.FormatFloat(tenths, 'f', 1, 64)
	}
	return humanize.Thousands(int(math.Round(v)))
}
