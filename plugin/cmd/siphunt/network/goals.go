package network

import "fmt"

// The goals, for each million of good registrations.
const (
	mostCritical = 1 // alerts of severity 99
	mostSerious  = 5 // incidents of severity 47 or more
)

// Faults is a line for each goal that is missed. A small network has room for fewer alerts: as many as its registrations
// are of a million, rounded down for severity 99 and up for incidents.
func (r *Result) Faults() (lines []string) {
	lines = append(lines, r.Missed...)
	good := r.Good()
	if critical := mostCritical * good.Registrations / 1_000_000; good.Critical() > critical {
		lines = append(lines, fmt.Sprintf("%d good registrations raised %d alerts of severity 99, at most %d may be",
			good.Registrations, good.Critical(), critical))
	}
	if serious := (mostSerious*good.Registrations + 999_999) / 1_000_000; good.Serious() > serious {
		lines = append(lines, fmt.Sprintf("%d good registrations raised %d incidents of severity 47 or more, at most %d may be",
			good.Registrations, good.Serious(), serious))
	}
	return lines
}
