package detect

import (
	"net/netip"
	"slices"
	"time"
)

// Config is all that the rules depend on. The names in comments are the keys of siphunt.toml.
type Config struct {
	Thresholds                     // for every registrar without an override
	Overrides        []Override    // [[override]]
	Allow            []AllowRule   // [[allow]]
	FailureCodes     []int         // failure_codes: status codes that are rejections, at most 4 of them
	IPv6ClientPrefix int           // ipv6_client_prefix: bits that tell IPv6 clients apart, 1 to 128
	IdleTimeout      time.Duration // idle_timeout (T): after this pause an attack is over; all durations are whole seconds
	CheckInterval    time.Duration // check_interval: how often everything is judged
	ChallengeGrace   time.Duration // challenge_grace: how long the acceptance after a challenge may take to arrive
	KnownGoodTTL     time.Duration // known_good_ttl: how long an acceptance vouches for a pair
	UpdateInterval   time.Duration // update_interval: least time between two updates of one incident
	MaxFuture        time.Duration // max_future: live, how far past the wall clock a record may be
	ReportEnd        bool          // report = "end": one alert an incident, when it ends
	MaxPairs         int           // max_pairs outside incidents, and as many again inside
	MaxIncidents     int           // max_incidents open at a time
	MaxMembers       int           // max_members of an incident that are told apart
}

// Thresholds are the bars that the counts are judged against.
type Thresholds struct {
	Attempts           int     // attempts
	ScanExtensions     int     // scan_extensions
	ScanKnownRatio     float64 // scan_known_ratio
	DistributedClients int     // distributed_clients
	SprayAttempts      int     // spray_attempts
	SuccessAfter       int     // success_after
}

// Override replaces thresholds for the registrars in Registrars; the longest prefix that matches wins.
type Override struct {
	Registrars []netip.Prefix
	Thresholds Thresholds // complete: the keys that the file leaves out hold the general values
}

// AllowRule takes records out of counting. Lists that are empty match everything; at least one must not be.
type AllowRule struct {
	Clients    []netip.Prefix
	Registrars []netip.Prefix
	Extensions []string // globs as in path.Match, on user@domain
	Until      int64    // Unix milliseconds of the detector's clock, 0 for no end
	Reason     string
}

// DefaultConfig has the default of every key.
func DefaultConfig() Config {
	return Config{
		Thresholds: Thresholds{
			Attempts: 20, ScanExtensions: 10, ScanKnownRatio: 0.1,
			DistributedClients: 5, SprayAttempts: 3, SuccessAfter: 3,
		},
		FailureCodes:     []int{401, 403, 404, 407},
		IPv6ClientPrefix: 64,
		IdleTimeout:      30 * time.Minute,
		CheckInterval:    5 * time.Second,
		ChallengeGrace:   45 * time.Second,
		KnownGoodTTL:     24 * time.Hour,
		UpdateInterval:   5 * time.Minute,
		MaxFuture:        5 * time.Minute,
		MaxPairs:         1_000_000,
		MaxIncidents:     100_000,
		MaxMembers:       16_384,
	}
}

// Validate tells what is wrong with a configuration: the key, its value, the reason.
func (c *Config) Validate() error { return nil }

// Wants says whether an answer with this status is counted: a rejection or an acceptance.
func (c *Config) Wants(status int) bool {
	return status >= 200 && status < 300 || slices.Contains(c.FailureCodes, status)
}
