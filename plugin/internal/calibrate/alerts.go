package calibrate

import (
	"github.com/siphunt/siphunt/detect"
)

// Cause says in a word what an incident most likely is: "attack", "phone-like", "known-client", "outage", "withdrawn" or "slow",
// which is an attack unless it is a phone that was forgotten.
func Cause(a *detect.Alert) string {
	switch {
	case a.Kind == detect.Outage:
		return "outage"
	case a.State == detect.Withdrawn:
		return "withdrawn"
	case a.Confidence >= detect.Probable:
		return "attack"
	case a.KnownClient:
		return "known-client"
	case a.Slow:
		return "slow"
	case a.PhoneLike:
		return "phone-like"
	}
	return "attack"
}

// Alert takes a report of the detector.
func (c *Collector) Alert(a *detect.Alert) {
	s, ok := subjectOf(a)
	if ok {
		c.peaks.tell(s)
	}
	if a.Sequence == 1 && ok {
		if last, again := c.ended.last(s); again && a.First > last {
			c.registrars.rest[pauses][attack].add((a.First - last + 999) / 1000)
		}
	}
	switch a.State {
	case detect.End, detect.Withdrawn:
		c.measure(a)
		c.candidates.note(a)
		if cause := Cause(a); ok && (cause == "attack" || cause == "slow") {
			c.ended.note(s, a.Last)
		}
	}
}

// subjectOf returns what the pairs of an incident have in common.
func subjectOf(a *detect.Alert) (subject, bool) {
	s := subject{registrar: a.Registrar.Addr, client: a.Client.Addr}
	switch a.Kind {
	case detect.Scan, detect.Spray:
		s.by = byClient
	case detect.Distributed:
		s.by, s.client, s.extension = byExtension, s.registrar, hashText(a.Extension)
		s = subject{by: byExtension, registrar: a.Registrar.Addr, extension: s.extension}
	case detect.HorizontalScan:
		s = subject{by: byHost, client: a.Client.Addr}
	case detect.DistributedScan, detect.Outage:
		s = subject{by: byRegistrar, registrar: a.Registrar.Addr}
	case detect.BruteForce:
		s.by, s.extension = byPair, hashText(a.Extension)
	default:
		return s, false
	}
	return s, true
}

// measure counts what an incident has come to.
func (c *Collector) measure(a *detect.Alert) {
	verdict := attack
	switch Cause(a) {
	case "withdrawn":
		verdict = good
	case "known-client", "phone-like":
		verdict = unclear
	}
	m, size := sizeOf(a)
	if m >= 0 {
		c.registrars.of(a.Registrar.Addr)[m][verdict].add(int64(max(size, 0)))
	}
}

// sizeOf returns the measure that the threshold of an incident judges, and what it came to, less what raised the threshold.
func sizeOf(a *detect.Alert) (m measure, size int) {
	t := &a.Thresholds
	extensions := max(a.Extensions.Count, a.Clients.Count) // of a network of clients each may have the same
	usual := a.Crossed.Threshold
	switch a.Crossed.Key {
	case "attempts":
		m, size, usual = rejectionsPerLogin, a.Attempts, t.Attempts
	case "fast_attempts":
		m, usual = burstPerLogin, t.FastAttempts
	case "slow_attempts":
		m, size, usual = attemptsInADay, a.Attempts, t.SlowAttempts
	case "scan_attempts":
		m, size, usual = suspiciousRejections, a.Attempts, t.ScanAttempts
	case "scan_extensions":
		m, size, usual = suspiciousExtensions, extensions, t.ScanExtensions
	case "spray_attempts":
		if m, size = suspiciousExtensions, extensions; a.Slow {
			m = extensionsInADay
		}
	case "slow_extensions":
		m, size, usual = extensionsInADay, extensions, t.SlowExtensions
	case "distributed_clients":
		m, size, usual = suspiciousClients, a.Clients.Count, t.DistributedClients
	case "slow_clients":
		m, size, usual = clientsInADay, a.Clients.Count, t.SlowClients
	case "horizontal_registrars":
		m, size, usual = suspiciousRegistrars, a.Registrars.Count, t.HorizontalRegistrars
	case "distributed_scan_size":
		m, size, usual = suspiciousSpread, min(a.Clients.Count, a.Extensions.Count), t.DistributedScanSize
	case "outage_clients":
		m, size = failingClients, extensions
	default:
		return -1, 0
	}
	// The figure that crossed the threshold is more than is counted where earlier runs have a say.
	return m, max(size, a.Crossed.Value) - max(0, a.Crossed.Threshold-usual)
}

// ended remembers attacks that are over, so that one that comes back is noticed.
type ended struct {
	at map[subject]int64 // last attempt, Unix milliseconds
}

// maxEnded is how many are remembered. Where there are more, all are forgotten.
const maxEnded = 4096

func newEnded() ended { return ended{map[subject]int64{}} }

func (e *ended) note(s subject, at int64) {
	if len(e.at) >= maxEnded {
		clear(e.at)
	}
	e.at[s] = at
}

func (e *ended) last(s subject) (int64, bool) {
	at, ok := e.at[s]
	return at, ok
}
