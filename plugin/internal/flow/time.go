package flow

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// timeUnit is how a number is a time: units per second, 0 for by magnitude.
type timeUnit int64

// timeFormats are the values of Mapping.TimeFormat.
var timeFormats = map[string]timeUnit{"": 0, "auto": 0, "s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}

// unitOf tells the unit of a Unix time by its magnitude: seconds reach 1e11 in the year 5138, when milliseconds do it was 1973.
func unitOf(n float64) timeUnit {
	switch n = math.Abs(n); {
	case n < 1e11:
		return 1
	case n < 1e14:
		return 1e3
	case n < 1e17:
		return 1e6
	}
	return 1e9
}

// millis brings an integer time to milliseconds.
func (u timeUnit) millis(n int64) int64 {
	if u == 0 {
		u = unitOf(float64(n))
	}
	if u == 1 {
		if n < 0 || n > detect.MaxTime/1000 { // before it can overflow
			return -1
		}
		return n * 1000
	}
	return n / int64(u/1000)
}

// millisFloat brings a time with a fraction to milliseconds, rounded: 1795340464.099 has no exact binary form.
func (u timeUnit) millisFloat(f float64) int64 {
	if u == 0 {
		u = unitOf(f)
	}
	if f = math.Round(f * 1000 / float64(u)); f >= 0 && f <= detect.MaxTime {
		return int64(f)
	}
	return -1
}

// clock reads times. It remembers the minute of the last one, as the next is mostly in the same.
type clock struct {
	minute [16]byte // "2026-11-22T09:40"
	start  int64    // of that minute
}

// parse reads a time written as a string: RFC 3339 or a number. A space for the T, a zone without its colon, and no zone at
// all, which is UTC, are taken too.
func (c *clock) parse(text []byte, u timeUnit) (ms int64, ok bool) {
	if len(text) >= len("2006-01-02T15:04:05") && text[4] == '-' {
		return c.rfc3339(text)
	}
	s := borrow(text)
	if whole, fraction, hasFraction := strings.Cut(s, "."); hasFraction && u <= 1 && len(whole) < 12 {
		if ms, ok = seconds(whole, fraction); ok {
			return ms, inRange(ms)
		}
	}
	if len(s) > 32 || !consistsOf(s, "+-.0123456789eE") {
		return 0, false
	}
	if n, isNatural := natural(s); isNatural {
		ms = u.millis(n)
		return ms, inRange(ms)
	}
	if !strings.ContainsAny(s, ".eE") {
		n, err := strconv.ParseInt(s, 10, 64)
		ms = u.millis(n)
		return ms, err == nil && inRange(ms)
	}
	f, err := strconv.ParseFloat(s, 64)
	ms = u.millisFloat(f)
	return ms, err == nil && inRange(ms)
}

// seconds reads seconds with a fraction in milliseconds, rounded.
func seconds(whole, fraction string) (ms int64, ok bool) {
	sec, ok1 := natural(whole)
	part, ok2 := natural(fraction[:min(len(fraction), 4)])
	for digits := len(fraction); digits < 4; digits++ {
		part *= 10
	}
	_, ok3 := natural(fraction)
	return sec*1000 + (part+5)/10, ok1 && ok2 && ok3
}

// inRange tells whether it is a time, Unix milliseconds: those outside of 1970 to 9999 are none, RFC 3339 cannot write them.
func inRange(ms int64) bool { return ms > 0 && ms <= detect.MaxTime }

func (c *clock) rfc3339(s []byte) (ms int64, ok bool) {
	if [16]byte(s) != c.minute && !c.turn(s[:16]) {
		return 0, false
	}
	sec, ok := digits(s[17:19])
	if !ok || sec > 60 || s[16] != ':' {
		return 0, false
	}
	ms = c.start + int64(sec)*1000
	rest := s[19:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		scale := int64(100)
		for rest = rest[1:]; len(rest) > 0 && rest[0]-'0' <= 9; rest = rest[1:] {
			ms += int64(rest[0]-'0') * scale
			scale /= 10
		}
	}
	if len(rest) == 0 || len(rest) == 1 && rest[0]|0x20 == 'z' {
		return ms, inRange(ms)
	}
	ahead, ok := zone(rest)
	ms -= ahead
	return ms, ok && inRange(ms)
}

// turn makes minute ("2026-11-22T09:40") the one that is remembered.
func (c *clock) turn(minute []byte) bool {
	century, ok1 := digits(minute[0:2])
	year, ok2 := digits(minute[2:4])
	month, ok3 := digits(minute[5:7])
	day, ok4 := digits(minute[8:10])
	hour, ok5 := digits(minute[11:13])
	min, ok6 := digits(minute[14:16])
	t := minute[10]
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || minute[7] != '-' || minute[13] != ':' || t != 'T' && t != 't' && t != ' ' {
		return false
	}
	start := time.Date(century*100+year, time.Month(month), day, hour, min, 0, 0, time.UTC)
	if start.Month() != time.Month(month) || start.Day() != day || start.Hour() != hour || min > 59 {
		return false // 30 February, 25:00
	}
	c.start = start.UnixMilli()
	copy(c.minute[:], minute)
	return true
}

// zone reads "+01:00" or "+0100": how far ahead of UTC, in milliseconds.
func zone(s []byte) (ahead int64, ok bool) {
	if len(s) < 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	minutes := s[3:]
	if minutes[0] == ':' {
		minutes = minutes[1:]
	}
	if len(minutes) != 2 {
		return 0, false
	}
	h, ok1 := digits(s[1:3])
	m, ok2 := digits(minutes)
	ahead = int64(h*60+m) * 60_000
	if s[0] == '-' {
		ahead = -ahead
	}
	return ahead, ok1 && ok2 && h < 24 && m < 60
}

// digits reads a number of two digits.
func digits(s []byte) (n int, ok bool) {
	tens, ones := s[0]-'0', s[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}
