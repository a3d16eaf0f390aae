package network

import "github.com/siphunt/siphunt/detect"

// severity is what an alert is worth. A detector that does not say so is taken at its words.
func severity(a *detect.Alert) int {
	switch {
	case a.Severity != 0:
		return a.Severity
	case a.SuccessesN > 0 && a.KnownClient:
		return detect.SeverityMedium
	case a.SuccessesN > 0:
		return detect.SeverityCritical
	case a.KnownClient || a.Kind == detect.Outage:
		return detect.SeverityLow
	}
	return detect.SeverityMedium
}

// confidence is how sure a success is, likewise.
func confidence(a *detect.Alert, s *detect.Succeeded) detect.Confidence {
	switch {
	case s.Confidence != detect.NoConfidence || a.Severity != 0:
		return s.Confidence
	case a.KnownClient:
		return detect.Unlikely
	}
	return detect.Confirmed
}

// severities are the steps, in the order of the tables.
var severities = [...]int{detect.SeverityLow, detect.SeverityMedium, detect.SeverityHigh, detect.SeverityCritical}

// step is the place of a severity among them.
func step(severity int) int {
	for i, s := range severities {
		if severity <= s {
			return i
		}
	}
	return len(severities) - 1
}
