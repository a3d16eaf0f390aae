package alert

import "github.com/siphunt/siphunt/detect"

// judged fills in what the detector does not say yet: severity, confidence, registrars. It goes as soon as the detector does.
func judged(a *detect.Alert) {
	if a.SuccessesN > 0 && a.Confidence == detect.NoConfidence {
		a.Confidence = detect.Confirmed
		if a.KnownClient {
			a.Confidence = detect.Unlikely
		}
	}
	for i := range a.Successes {
		s := &a.Successes[i]
		if s.Confidence == detect.NoConfidence {
			s.Confidence = a.Confidence
		}
		if !s.Registrar.IsValid() {
			s.Registrar = a.Registrar.Addr
		}
	}
	if a.Registrars.Count == 0 {
		a.Registrars = detect.Members{Count: 1, Top: []detect.Member{{Client: a.Registrar.Addr, Attempts: a.Attempts}}}
	}
	if a.Severity == 0 {
		a.Severity = [...]int{detect.Scan: detect.SeverityLow, detect.BruteForce: detect.SeverityMedium,
			detect.Distributed: detect.SeverityHigh, detect.Spray: detect.SeverityHigh, detect.Outage: detect.SeverityLow}[a.Kind]
		if a.SuccessesN > 0 {
			a.Severity = detect.SeverityCritical
		}
	}
}
