package engine

import (
	"reflect"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// table is one table of a configuration file.
type table struct {
	many  bool          // written [[name]], and there may be several
	begin func(*Config) // makes room for one, nil where it is there
}

// tables are all tables of a configuration file.
var tables = map[string]table{
	"detector":     {},
	"flows":        {},
	"flows.custom": {begin: func(c *Config) { c.Custom = &flow.Mapping{} }},
	"alerts":       {},
	"state":        {},
	"allow": {many: true, begin: func(c *Config) {
		c.Detector.Allow = append(c.Detector.Allow, detect.AllowRule{})
	}},
	"override": {many: true, begin: func(c *Config) { // what it leaves out is as elsewhere
		c.Detector.Overrides = append(c.Detector.Overrides, detect.Override{Thresholds: c.Detector.Thresholds})
	}},
}

// setting is one key of a configuration file.
type setting struct {
	example string            // a value that works
	field   func(*Config) any // a pointer to where it goes; its type says what the value may be
}

// settings are all keys of a configuration file.
var settings = map[string]setting{
	"detector.clock":        {`"wall"`, func(c *Config) any { return choice{&c.WallClock, "wall", "flow"} }},
	"detector.report":       {`"all"`, func(c *Config) any { return choice{&c.Detector.ReportEnd, "end", "all"} }},
	"detector.extension_by": {`"user@domain"`, func(c *Config) any { return &c.ExtensionBy }},
	"detector.methods":      {`["REGISTER"]`, func(c *Config) any { return &c.Methods }},

	"detector.failure_codes":      {`[401, 403, 404, 407]`, func(c *Config) any { return &c.Detector.FailureCodes }},
	"detector.ipv6_client_prefix": {`64`, func(c *Config) any { return &c.Detector.IPv6ClientPrefix }},

	"detector.attempts":            {`20`, func(c *Config) any { return &c.Detector.Attempts }},
	"detector.scan_extensions":     {`10`, func(c *Config) any { return &c.Detector.ScanExtensions }},
	"detector.scan_known_ratio":    {`0.1`, func(c *Config) any { return &c.Detector.ScanKnownRatio }},
	"detector.distributed_clients": {`5`, func(c *Config) any { return &c.Detector.DistributedClients }},
	"detector.spray_attempts":      {`3`, func(c *Config) any { return &c.Detector.SprayAttempts }},
	"detector.success_after":       {`3`, func(c *Config) any { return &c.Detector.SuccessAfter }},

	"detector.idle_timeout":    {`"30m"`, func(c *Config) any { return &c.Detector.IdleTimeout }},
	"detector.check_interval":  {`"5s"`, func(c *Config) any { return &c.Detector.CheckInterval }},
	"detector.challenge_grace": {`"45s"`, func(c *Config) any { return &c.Detector.ChallengeGrace }},
	"detector.known_good_ttl":  {`"24h"`, func(c *Config) any { return &c.Detector.KnownGoodTTL }},
	"detector.update_interval": {`"5m"`, func(c *Config) any { return &c.Detector.UpdateInterval }},
	"detector.max_future":      {`"5m"`, func(c *Config) any { return &c.Detector.MaxFuture }},

	"detector.max_pairs":     {`1_000_000`, func(c *Config) any { return &c.Detector.MaxPairs }},
	"detector.max_incidents": {`100_000`, func(c *Config) any { return &c.Detector.MaxIncidents }},
	"detector.max_members":   {`16_384`, func(c *Config) any { return &c.Detector.MaxMembers }},

	"flows.format": {`"auto"`, func(c *Config) any { return &c.Format }},

	"alerts.format":       {`"ecs"`, func(c *Config) any { return &c.AlertFormat }},
	"alerts.outbox_limit": {`10_000`, func(c *Config) any { return &c.OutboxLimit }},

	"alerts.max_alerts_per_minute": {`600`, func(c *Config) any { return &c.MaxAlertsPerMinute }},

	"state.state_dir":         {`"/var/lib/siphunt"`, func(c *Config) any { return &c.State.StateDir }},
	"state.fsync":             {`"interval"`, func(c *Config) any { return &c.State.Fsync }},
	"state.fsync_interval":    {`"1s"`, func(c *Config) any { return &c.State.FsyncInterval }},
	"state.snapshot_interval": {`"5m"`, func(c *Config) any { return &c.State.SnapshotInterval }},
	"state.journal_limit":     {`256`, func(c *Config) any { return &c.State.JournalLimit }},

	"allow.clients":    {`["192.0.2.0/24"]`, func(c *Config) any { return &newest(c.Detector.Allow).Clients }},
	"allow.registrars": {`["198.51.100.5"]`, func(c *Config) any { return &newest(c.Detector.Allow).Registrars }},
	"allow.extensions": {`["test-*@pbx.example.net"]`, func(c *Config) any { return &newest(c.Detector.Allow).Extensions }},
	"allow.until":      {`2027-01-31T18:00:00Z`, func(c *Config) any { return moment{&newest(c.Detector.Allow).Until} }},
	"allow.reason":     {`"penetration test"`, func(c *Config) any { return &newest(c.Detector.Allow).Reason }},

	"override.registrars":          {`["198.51.100.0/24"]`, func(c *Config) any { return &newest(c.Detector.Overrides).Registrars }},
	"override.attempts":            {`40`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.Attempts }},
	"override.scan_extensions":     {`30`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.ScanExtensions }},
	"override.scan_known_ratio":    {`0.2`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.ScanKnownRatio }},
	"override.distributed_clients": {`8`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.DistributedClients }},
	"override.spray_attempts":      {`5`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.SprayAttempts }},
	"override.success_after":       {`5`, func(c *Config) any { return &newest(c.Detector.Overrides).Thresholds.SuccessAfter }},
}

// newest is the table of a list that is being read.
func newest[T any](list []T) *T { return &list[len(list)-1] }

// The keys of [flows.custom] are those of flow.Mapping.
func init() {
	mapping := reflect.TypeFor[flow.Mapping]()
	for i := range mapping.NumField() {
		name := mapping.Field(i).Tag.Get("toml")
		if name == "-" {
			continue
		}
		example := `"sip.` + name + `"`
		if name == "time_format" {
			example = `"ms"`
		}
		settings["flows.custom."+name] = setting{example, func(c *Config) any {
			return reflect.ValueOf(c.Custom).Elem().Field(i).Addr().Interface()
		}}
	}
}
