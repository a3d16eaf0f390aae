package config

import (
	"reflect"
	"slices"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// table is one table of a configuration file.
type table struct {
	many  bool          // written [[name]], and there may be several
	begin func(*Config) // makes room for one, nil if it is there
	about string        // what it is, for the README, if its keys do not say so
}

// tables are all tables of a configuration file.
var tables = map[string]table{
	"detector": {},
	"flows":    {},
	"flows.custom": {
		begin: func(c *Config) { c.Custom = &flow.Mapping{} },
		about: "the fields of other exporters, with `flows.format = \"custom\"`",
	},
	"alerts": {},
	"enrich": {},
	"feed":   {},
	"state":  {},
	"asset": {many: true, about: "`registrars`, `name`, `owner`, `contact`, `labels`: whom to call about a server", begin: func(c *Config) {
		c.Enrich.Assets = append(c.Enrich.Assets, enrich.Asset{})
	}},
	"allow": {many: true, about: "`clients`, `registrars`, `extensions`, `until`, `reason`: what is not counted", begin: func(c *Config) {
		c.Detector.Allow = append(c.Detector.Allow, detect.AllowRule{})
	}},
	"sister": {many: true, about: "`registrars` that serve the same clients: a pool, a backup", begin: func(c *Config) {
		c.Detector.Sisters = append(c.Detector.Sisters, nil)
	}},
	"override": {many: true, about: "`registrars`, and other thresholds for them", begin: func(c *Config) { // what it leaves out is as elsewhere
		c.Detector.Overrides = append(c.Detector.Overrides, detect.Override{Thresholds: c.Detector.Thresholds})
	}},
}

// setting is one key of a configuration file.
type setting struct {
	name    string            // with its table
	example string            // a value that works
	about   string            // what it is, for the README
	field   func(*Config) any // a pointer to where it goes; its type says what the value may be
}

// threshold is a key of [detector] that an [[override]] may have too.
type threshold struct {
	name            string
	example         string
	overrideExample string
	about           string
	field           func(*detect.Thresholds) any
}

var thresholds = []threshold{
	{"attempts", `20`, `40`, "rejections that make a brute force",
		func(t *detect.Thresholds) any { return &t.Attempts }},
	{"fast_attempts", `6`, `10`, "rejections within 2 s, and then an acceptance, that make one too",
		func(t *detect.Thresholds) any { return &t.FastAttempts }},
	{"scan_extensions", `10`, `30`, "extensions that make a scan",
		func(t *detect.Thresholds) any { return &t.ScanExtensions }},
	{"scan_known_ratio", `0.1`, `0.2`, "what each known-good extension of the client adds to that",
		func(t *detect.Thresholds) any { return &t.ScanKnownRatio }},
	{"scan_attempts", `60`, `120`, "rejections together that make a scan of fewer extensions, two at least",
		func(t *detect.Thresholds) any { return &t.ScanAttempts }},
	{"spray_attempts", `3`, `5`, "rejections on each extension that make a scan a spray",
		func(t *detect.Thresholds) any { return &t.SprayAttempts }},
	{"distributed_clients", `5`, `8`, "clients that make a distributed brute force",
		func(t *detect.Thresholds) any { return &t.DistributedClients }},
	{"success_after", `3`, `5`, "rejections before an acceptance in a distributed brute force is a success",
		func(t *detect.Thresholds) any { return &t.SuccessAfter }},
	{"distributed_scan_size", `50`, `100`, "clients, and as many extensions, that make a distributed scan",
		func(t *detect.Thresholds) any { return &t.DistributedScanSize }},
	{"horizontal_registrars", `10`, `20`, "registrars that make a horizontal scan",
		func(t *detect.Thresholds) any { return &t.HorizontalRegistrars }},
	{"slow_attempts", `20`, `40`, "rejections of a client on an extension within 24 h that make a slow brute force",
		func(t *detect.Thresholds) any { return &t.SlowAttempts }},
	{"slow_extensions", `30`, `60`, "extensions of a client within 24 h that make a slow scan",
		func(t *detect.Thresholds) any { return &t.SlowExtensions }},
	{"slow_clients", `20`, `40`, "clients of an extension within 24 h that make a slow distributed brute force",
		func(t *detect.Thresholds) any { return &t.SlowClients }},
	{"login_challenges", `8`, `12`, "challenges that may belong to one login",
		func(t *detect.Thresholds) any { return &t.LoginChallenges }},
	{"outage_clients", `20`, `50`, "known-good clients, rejected together, that make an outage",
		func(t *detect.Thresholds) any { return &t.OutageClients }},
	{"outage_ratio", `0.2`, `0.5`, "and their share of all known-good clients of the registrar",
		func(t *detect.Thresholds) any { return &t.OutageRatio }},
}

// others are all keys but the thresholds and the mapping.
var others = []setting{
	{"detector.failure_codes", `[401, 403, 404, 407]`, "status codes that are rejections",
		func(c *Config) any { return &c.Detector.FailureCodes }},
	{"detector.methods", `["REGISTER"]`, "SIP methods whose answers count",
		func(c *Config) any { return &c.Methods }},
	{"detector.extension_by", `"user@domain"`, "what an extension is: `\"user@domain\"` or `\"user\"`",
		func(c *Config) any { return &c.ExtensionBy }},
	{"detector.ipv6_client_prefix", `64`, "bits that tell IPv6 clients apart",
		func(c *Config) any { return &c.Detector.IPv6ClientPrefix }},
	{"detector.idle_timeout", `"30m"`, "after this pause an attack is over",
		func(c *Config) any { return &c.Detector.IdleTimeout }},
	{"detector.check_interval", `"5s"`, "how often everything is judged",
		func(c *Config) any { return &c.Detector.CheckInterval }},
	{"detector.challenge_grace", `"45s"`, "how long the acceptance after a challenge may take to arrive",
		func(c *Config) any { return &c.Detector.ChallengeGrace }},
	{"detector.known_good_ttl", `"24h"`, "how long an acceptance vouches for a client on its extension",
		func(c *Config) any { return &c.Detector.KnownGoodTTL }},
	{"detector.update_interval", `"5m"`, "least time between updates of one incident",
		func(c *Config) any { return &c.Detector.UpdateInterval }},
	{"detector.max_future", `"5m"`, "how far past the wall clock a record may be",
		func(c *Config) any { return &c.Detector.MaxFuture }},
	{"detector.clock", `"wall"`, "`\"wall\"`, or `\"flow\"` for recorded traffic in a pipeline",
		func(c *Config) any { return choice{&c.WallClock, "wall", "flow"} }},
	{"detector.report", `"all"`, "`\"all\"`, or `\"end\"`: one alert an incident",
		func(c *Config) any { return choice{&c.Detector.ReportEnd, "end", "all"} }},
	{"detector.max_pairs", `1_000_000`, "pairs remembered, outside incidents and inside",
		func(c *Config) any { return &c.Detector.MaxPairs }},
	{"detector.max_incidents", `100_000`, "open incidents",
		func(c *Config) any { return &c.Detector.MaxIncidents }},
	{"detector.max_members", `16_384`, "clients or extensions of an incident that are told apart",
		func(c *Config) any { return &c.Detector.MaxMembers }},

	{"flows.format", `"auto"`, "names of the fields, see above",
		func(c *Config) any { return &c.Format }},
	{"flows.sampling", `100`, "the exporter looks at 1 in so many packets; attempts in alerts are scaled by it",
		func(c *Config) any { return &c.Sampling }},

	{"alerts.format", `"ecs"`, "of the alerts: `\"ecs\"` (Elastic Common Schema), `\"ocsf\"` (Detection Finding) or `\"idea\"` (IDEA0)",
		func(c *Config) any { return &c.AlertFormat }},
	{"alerts.outbox_limit", `10_000`, "alerts that may wait",
		func(c *Config) any { return &c.OutboxLimit }},
	{"alerts.max_alerts_per_minute", `600`, "alerts a minute; what exceeds it, but for successes, is folded into one record a minute. 0 is no limit",
		func(c *Config) any { return &c.MaxAlertsPerMinute }},

	{"enrich.geoip", `"/var/lib/GeoIP/GeoLite2-City.mmdb"`, "MaxMind database that says where a client is; `\"\"` is none",
		func(c *Config) any { return &c.Enrich.GeoIP }},
	{"enrich.asn", `"/var/lib/GeoIP/GeoLite2-ASN.mmdb"`, "MaxMind database of autonomous systems; `\"\"` is none",
		func(c *Config) any { return &c.Enrich.ASN }},
	{"enrich.tags", `["voice"]`, "tags of every alert",
		func(c *Config) any { return &c.Enrich.Tags }},

	{"feed.file", `"/var/lib/siphunt/clients.nft"`, "file of attacking clients, for a firewall; `\"\"` is none",
		func(c *Config) any { return &c.Feed.File }},
	{"feed.format", `"nftables"`, "`\"plain\"` (a client a line) or `\"nftables\"`",
		func(c *Config) any { return &c.Feed.Format }},
	{"feed.kinds", `["brute-force", "password-spray"]`, "kinds of incident that put a client into it; `[]` is all",
		func(c *Config) any { return &c.Feed.Kinds }},
	{"feed.min_risk", `40`, "least risk score",
		func(c *Config) any { return &c.Feed.MinRisk }},
	{"feed.confidence", `"any"`, "`\"any\"`; `\"probable\"` or `\"confirmed\"`: only clients that broke in, as surely as that",
		func(c *Config) any { return &c.Feed.Confidence }},
	{"feed.forgeable", `false`, "also clients whose addresses may be forged: over UDP, without a completed login",
		func(c *Config) any { return &c.Feed.Forgeable }},
	{"feed.keep", `"24h"`, "how long a client stays after its last attempt",
		func(c *Config) any { return &c.Feed.Keep }},
	{"feed.max_clients", `65_536`, "clients at most; those who would leave first go",
		func(c *Config) any { return &c.Feed.MaxClients }},

	{"asset.registrars", `["198.51.100.0/24"]`, "", func(c *Config) any { return &newest(c.Enrich.Assets).Registrars }},
	{"asset.name", `"customer exchange"`, "", func(c *Config) any { return &newest(c.Enrich.Assets).Name }},
	{"asset.owner", `"Voice team"`, "", func(c *Config) any { return &newest(c.Enrich.Assets).Owner }},
	{"asset.contact", `"voice@example.net"`, "", func(c *Config) any { return &newest(c.Enrich.Assets).Contact }},
	{"asset.labels", `["gold"]`, "", func(c *Config) any { return &newest(c.Enrich.Assets).Labels }},

	{"state.state_dir", `"/var/lib/siphunt"`, "folder in which open incidents, what is known and waiting alerts outlive a restart or a crash; `\"\"` is nowhere",
		func(c *Config) any { return &c.State.StateDir }},
	{"state.fsync", `"interval"`, "when the journal has to be on the disk: `\"none\"`, `\"interval\"` or `\"always\"`",
		func(c *Config) any { return &c.State.Fsync }},
	{"state.fsync_interval", `"1s"`, "at most so long after it was written",
		func(c *Config) any { return &c.State.FsyncInterval }},
	{"state.snapshot_interval", `"5m"`, "how often a snapshot is written",
		func(c *Config) any { return &c.State.SnapshotInterval }},
	{"state.journal_limit", `256`, "MiB of journal at which a snapshot is written earlier",
		func(c *Config) any { return &c.State.JournalLimit }},

	{"allow.clients", `["192.0.2.0/24"]`, "", func(c *Config) any { return &newest(c.Detector.Allow).Clients }},
	{"allow.registrars", `["198.51.100.5"]`, "", func(c *Config) any { return &newest(c.Detector.Allow).Registrars }},
	{"allow.extensions", `["test-*@pbx.example.net"]`, "", func(c *Config) any { return &newest(c.Detector.Allow).Extensions }},
	{"allow.until", `2027-01-31T18:00:00Z`, "", func(c *Config) any { return moment{&newest(c.Detector.Allow).Until} }},
	{"allow.reason", `"penetration test"`, "", func(c *Config) any { return &newest(c.Detector.Allow).Reason }},

	{"sister.registrars", `["198.51.100.5", "198.51.100.6"]`, "", func(c *Config) any { return newest(c.Detector.Sisters) }},
	{"override.registrars", `["198.51.100.0/24"]`, "", func(c *Config) any { return &newest(c.Detector.Overrides).Registrars }},
}

// newest is the table of a list that is being read.
func newest[T any](list []T) *T { return &list[len(list)-1] }

// schema has all keys of a configuration file, in the order of the documentation; settings finds one by its name.
var (
	schema   = allSettings()
	settings = byName(schema)
)

func allSettings() []setting {
	var general, overrides []setting
	for _, t := range thresholds {
		general = append(general, setting{"detector." + t.name, t.example, t.about, func(c *Config) any {
			return t.field(&c.Detector.Thresholds)
		}})
		overrides = append(overrides, setting{"override." + t.name, t.overrideExample, "", func(c *Config) any {
			return t.field(&newest(c.Detector.Overrides).Thresholds)
		}})
	}
	return slices.Concat(general, others, overrides, customSettings())
}

// customExamples are values of the keys of [flows.custom] that are no field paths.
var customExamples = map[string]string{
	"time_format":  `"ms"`,
	"constants":    `{ method = "REGISTER" }`,
	"status_codes": `{ denied = 401, accepted = 200 }`,
}

// customSettings are the keys of [flows.custom], which are those of flow.Mapping.
func customSettings() (all []setting) {
	mapping := reflect.TypeFor[flow.Mapping]()
	for i := range mapping.NumField() {
		name := mapping.Field(i).Tag.Get("toml")
		if name == "-" {
			continue
		}
		example, ok := customExamples[name]
		if !ok {
			example = `"sip.` + name + `"`
		}
		all = append(all, setting{"flows.custom." + name, example, "", func(c *Config) any {
			return reflect.ValueOf(c.Custom).Elem().Field(i).Addr().Interface()
		}})
	}
	return all
}

func byName(all []setting) map[string]setting {
	m := make(map[string]setting, len(all))
	for _, s := range all {
		m[s.name] = s
	}
	return m
}
