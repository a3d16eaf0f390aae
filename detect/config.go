package detect

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"time"
)

// Config is all that the rules depend on. The names in comments are the keys of siphunt.toml.
type Config struct {
	Thresholds                        // for every registrar without an override
	Overrides        []Override       // [[override]]
	Allow            []AllowRule      // [[allow]]
	Sisters          [][]netip.Prefix // [[sister]]: registrars that serve the same clients
	FailureCodes     []int            // failure_codes: status codes that are rejections, at most 4 of them
	IPv6ClientPrefix int              // ipv6_client_prefix: bits that tell IPv6 clients apart, 1 to 128
	IdleTimeout      time.Duration    // idle_timeout (T): after this pause an attack is over; all durations are whole seconds
	CheckInterval    time.Duration    // check_interval: how often everything is judged
	ChallengeGrace   time.Duration    // challenge_grace: how long the acceptance after a challenge may take to arrive at least; see RULES.md
	KnownGoodTTL     time.Duration    // known_good_ttl: how long an acceptance vouches for a pair
	UpdateInterval   time.Duration    // update_interval: least time between two updates of one incident
	MaxFuture        time.Duration    // max_future: live, how far past the wall clock a record may be
	ReportEnd        bool             // report = "end": one alert an incident, when it ends
	MaxPairs         int              // max_pairs outside incidents, and as many again inside
	MaxIncidents     int              // max_incidents open at a time
	MaxMembers       int              // max_members of an incident that are told apart
}

// Thresholds are the bars that the counts are judged against.
type Thresholds struct {
	Attempts           int     // attempts
	ScanExtensions     int     // scan_extensions
	ScanKnownRatio     float64 // scan_known_ratio
	DistributedClients int     // distributed_clients
	SprayAttempts      int     // spray_attempts
	SuccessAfter       int     // success_after

	LoginChallenges      int     // login_challenges: as many may belong to one login
	FastAttempts         int     // fast_attempts: within 2 s, and then accepted
	ScanAttempts         int     // scan_attempts: together, on fewer extensions than scan_extensions
	HorizontalRegistrars int     // horizontal_registrars
	DistributedScanSize  int     // distributed_scan_size: clients, and as many extensions
	SlowExtensions       int     // slow_extensions: of a client, in a day
	SlowClients          int     // slow_clients: of an extension, in a day
	SlowAttempts         int     // slow_attempts: of a client on an extension, in a day
	OutageClients        int     // outage_clients: known-good ones that are rejected
	OutageRatio          float64 // outage_ratio: and their share of all that are known good
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
			LoginChallenges: 8, FastAttempts: 6, ScanAttempts: 60, HorizontalRegistrars: 10, DistributedScanSize: 50,
			SlowExtensions: 30, SlowClients: 20, SlowAttempts: 20, OutageClients: 20, OutageRatio: 0.2,
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

// Validate tells all that is wrong with a configuration: key, value, reason.
func (c *Config) Validate() error {
	var v validation
	c.Thresholds.validate(&v)
	for i, o := range c.Overrides {
		v.where = fmt.Sprintf("override %d: ", i+1)
		v.check(len(o.Registrars) > 0, "registrars", "[]", `needs at least one prefix, as in ["192.0.2.0/24"]`)
		o.Thresholds.validate(&v)
	}
	for i := range c.Allow {
		v.where = fmt.Sprintf("allow %d: ", i+1)
		c.Allow[i].validate(&v)
	}
	for i, registrars := range c.Sisters {
		v.where = fmt.Sprintf("sister %d: ", i+1)
		v.check(len(registrars) > 0, "registrars", "[]", `needs at least one prefix, as in ["192.0.2.0/24"]`)
	}
	v.where = ""
	v.check(len(c.FailureCodes) > 0 && len(c.FailureCodes) <= maxCodes, "failure_codes", c.FailureCodes,
		fmt.Sprintf("needs 1 to %d status codes", maxCodes))
	for i, code := range c.FailureCodes {
		v.check(code >= 300 && code <= 699, "failure_codes", code, "is no status code from 300 to 699")
		v.check(!slices.Contains(c.FailureCodes[:i], code), "failure_codes", code, "is there twice")
	}
	v.inRange("ipv6_client_prefix", c.IPv6ClientPrefix, 1, 128)
	v.duration("idle_timeout", c.IdleTimeout, time.Second, 24*time.Hour)
	v.duration("check_interval", c.CheckInterval, time.Second, time.Minute)
	v.duration("challenge_grace", c.ChallengeGrace, 0, time.Hour)
	v.check(c.ChallengeGrace <= c.IdleTimeout, "challenge_grace", c.ChallengeGrace, "is longer than idle_timeout")
	v.duration("known_good_ttl", c.KnownGoodTTL, time.Second, maxKnownGoodTTL)
	v.duration("update_interval", c.UpdateInterval, 0, 24*time.Hour)
	v.check(c.MaxFuture >= 0, "max_future", c.MaxFuture, "is negative")
	v.inRange("max_pairs", c.MaxPairs, 1, 1<<30)
	v.inRange("max_incidents", c.MaxIncidents, 1, 1<<24)
	v.inRange("max_members", c.MaxMembers, 1, 1<<24)
	return errors.Join(v.errs...)
}

func (t *Thresholds) validate(v *validation) {
	v.inRange("attempts", t.Attempts, 1, maxAttempts)
	v.inRange("scan_extensions", t.ScanExtensions, 1, 1_000_000)
	v.check(t.ScanKnownRatio >= 0 && t.ScanKnownRatio <= 1, "scan_known_ratio", t.ScanKnownRatio, "is not from 0 to 1")
	v.inRange("distributed_clients", t.DistributedClients, 2, 1_000_000)
	v.inRange("spray_attempts", t.SprayAttempts, 1, 1_000_000)
	v.inRange("success_after", t.SuccessAfter, 1, 1_000_000)
	v.inRange("login_challenges", t.LoginChallenges, 1, 1000)
	v.inRange("fast_attempts", t.FastAttempts, 2, 1000)
	v.inRange("scan_attempts", t.ScanAttempts, 2, 1_000_000)
	v.inRange("horizontal_registrars", t.HorizontalRegistrars, 2, 1_000_000)
	v.inRange("distributed_scan_size", t.DistributedScanSize, 2, 1_000_000)
	v.inRange("slow_extensions", t.SlowExtensions, 2, 1_000_000)
	v.inRange("slow_clients", t.SlowClients, 2, 1_000_000)
	v.inRange("slow_attempts", t.SlowAttempts, 1, maxAttempts)
	v.inRange("outage_clients", t.OutageClients, 2, 1_000_000)
	v.check(t.OutageRatio >= 0 && t.OutageRatio <= 1, "outage_ratio", t.OutageRatio, "is not from 0 to 1")
}

// maxAttempts keeps the threshold below what the counters of a pair can hold.
const maxAttempts = 50_000

// maxKnownGoodTTL keeps the times that a pair remembers within what 32 bits of milliseconds can tell apart.
const maxKnownGoodTTL = 12 * 24 * time.Hour

func (a *AllowRule) validate(v *validation) {
	v.check(len(a.Clients)+len(a.Registrars)+len(a.Extensions) > 0, "clients", "[]",
		"would allow everything: give clients, registrars or extensions")
	for _, glob := range a.Extensions {
		_, err := path.Match(glob, "")
		v.check(err == nil, "extensions", glob, `is no pattern: use * ? [a-z], as in "100?@pbx.example.net"`)
	}
}

// validation collects what is wrong.
type validation struct {
	where string
	errs  []error
}

// KeyError is what is wrong with one key.
type KeyError struct {
	Where  string // "override 2: ", empty for the general keys
	Key    string
	Value  any
	Reason string
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("%s%s = %v %s", e.Where, e.Key, e.Value, e.Reason)
}

func (v *validation) check(ok bool, key string, value any, reason string) {
	if !ok {
		v.errs = append(v.errs, &KeyError{v.where, key, value, reason})
	}
}

func (v *validation) inRange(key string, value, low, high int) {
	v.check(value >= low && value <= high, key, value, fmt.Sprintf("is not from %d to %d", low, high))
}

func (v *validation) duration(key string, value, low, high time.Duration) {
	v.check(value >= low && value <= high, key, value, fmt.Sprintf("is not from %v to %v", low, high))
	v.check(value%time.Second == 0, key, value, "is no whole number of seconds")
}

// Wants says whether an answer with this status is counted: a rejection or an acceptance.
func (c *Config) Wants(status int) bool {
	return status >= 200 && status < 300 || slices.Contains(c.FailureCodes, status)
}
