package calibrate

import (
	"time"

	"github.com/siphunt/siphunt/detect"
)

// measure is a figure that is measured, and the threshold that judges it.
type measure int

// The measures. Of a login, what a phone takes to be accepted; of a group, the most that it came to before it was idle again.
const (
	rejectionsPerLogin measure = iota
	challengesPerLogin
	burstPerLogin
	lateness
	renewal
	extensionsPerClient
	registrarsPerClient
	suspiciousExtensions
	suspiciousRejections
	suspiciousClients
	suspiciousRegistrars
	suspiciousSpread
	extensionsInADay
	clientsInADay
	attemptsInADay
	failingClients
	pauses
	numMeasures = iota
)

// described is what is known of a measure.
type described struct {
	name, unit, key, about string
	threshold              func(*detect.Config, *detect.Thresholds) int64
	perLogin               bool // what phones do; else what groups come to
}

func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// measures describes all of them. The first, and pauses and extensions, are those of the paper.
var measures = [numMeasures]described{
	rejectionsPerLogin: {name: "rejections_per_login", unit: "rejections", key: "attempts", perLogin: true,
		about:     "Rejections of a client on an extension before it was accepted (with the acceptance the paper's messages per successful registration); of an attack all of them.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.Attempts) }},
	challengesPerLogin: {name: "challenges_per_login", unit: "challenges", key: "login_challenges", perLogin: true,
		about:     "Challenges before a login was accepted; half as many where each message is seen twice.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.LoginChallenges) }},
	burstPerLogin: {name: "burst_per_login", unit: "rejections", key: "fast_attempts", perLogin: true,
		about:     "Rejections within two seconds before a first login was accepted; half as many where each message is seen twice.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.FastAttempts) }},
	lateness: {name: "lateness", unit: "s", key: "challenge_grace", perLogin: true,
		about:     "How late acceptances arrive, by the clock of the records, in seconds begun.",
		threshold: func(c *detect.Config, _ *detect.Thresholds) int64 { return seconds(c.ChallengeGrace) }},
	renewal: {name: "renewal", unit: "s", key: "known_good_ttl", perLogin: true,
		about:     "Seconds between two acceptances of a client on an extension.",
		threshold: func(c *detect.Config, _ *detect.Thresholds) int64 { return seconds(c.KnownGoodTTL) }},
	extensionsPerClient: {name: "extensions_per_client", unit: "extensions", perLogin: true,
		about:     "Extensions that a client was accepted on within half an hour: phones behind one address. Only what is suspicious of them counts towards scan_extensions.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.ScanExtensions) }},
	registrarsPerClient: {name: "registrars_per_client", unit: "registrars", perLogin: true,
		about:     "Registrars that a client was accepted at within half an hour. Only those where it is suspicious count towards horizontal_registrars.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.HorizontalRegistrars) }},
	suspiciousExtensions: {name: "suspicious_extensions_per_client", unit: "extensions", key: "scan_extensions",
		about:     "Extensions of a client with an unexplained run, less what its known-good extensions allow.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.ScanExtensions) }},
	suspiciousRejections: {name: "suspicious_rejections_per_client", unit: "rejections", key: "scan_attempts",
		about:     "Rejections together of a client with unexplained runs on two extensions or more, less what its known-good extensions allow.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.ScanAttempts) }},
	suspiciousClients: {name: "suspicious_clients_per_extension", unit: "clients", key: "distributed_clients",
		about:     "Clients with an unexplained run on one extension.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.DistributedClients) }},
	suspiciousRegistrars: {name: "suspicious_registrars_per_client", unit: "registrars", key: "horizontal_registrars",
		about:     "Registrars at which one client has unexplained runs.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.HorizontalRegistrars) }},
	suspiciousSpread: {name: "suspicious_spread_per_registrar", unit: "clients and extensions", key: "distributed_scan_size",
		about:     "How widely unexplained runs at one registrar are distributed: over how many clients and extensions, whichever are fewer.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.DistributedScanSize) }},
	extensionsInADay: {name: "extensions_in_a_day_per_client", unit: "extensions", key: "slow_extensions",
		about:     "Extensions of a client with unexplained runs within 24 h, at least half of them idle, less what its known-good extensions allow.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.SlowExtensions) }},
	clientsInADay: {name: "clients_in_a_day_per_extension", unit: "clients", key: "slow_clients",
		about:     "Clients with unexplained runs on one extension within 24 h, at least half of them idle.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.SlowClients) }},
	attemptsInADay: {name: "attempts_in_a_day", unit: "rejections", key: "slow_attempts",
		about:     "Rejections of an unexplained run that has paused for longer than idle_timeout.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.SlowAttempts) }},
	failingClients: {name: "failing_clients_per_registrar", unit: "clients", key: "outage_clients",
		about:     "Known-good clients of a registrar that were rejected at the same time; attack stands for an outage here.",
		threshold: func(_ *detect.Config, t *detect.Thresholds) int64 { return int64(t.OutageClients) }},
	pauses: {name: "pause_between_attempts", unit: "s", key: "idle_timeout",
		about:     "Seconds between two attempts of one attack, also of one that comes back within a day.",
		threshold: func(c *detect.Config, _ *detect.Thresholds) int64 { return seconds(c.IdleTimeout) }},
}

// class is what the detector makes of a value.
type class int

const (
	good class = iota
	unclear
	attack
	numClasses = iota
)

// figures are the distributions of a registrar, or of several together.
type figures [numMeasures][numClasses]histogram

func (f *figures) merge(from *figures) {
	for m := range f {
		for c := range f[m] {
			f[m][c].merge(&from[m][c])
		}
	}
}
