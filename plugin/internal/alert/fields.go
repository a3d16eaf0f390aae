package alert

import (
	"fmt"
	"strings"
)

// Field is a field of an alert of format "ecs": a row of FIELDS.md, and of the index templates made for a SIEM.
type Field struct {
	Name        string // dotted path; a last part "*" stands for any name
	Type        string // of Elasticsearch's mapping; a nested one's own fields follow it
	List        bool   // has a list of values
	Description string // Markdown, without "|"
	Example     string // as JSON has it, empty where there is none to show
}

// Fields returns all fields that an alert may have, in the order of FIELDS.md.
func Fields() []Field {
	var all []Field
	for _, t := range fieldTables {
		all = append(all, t.fields...)
	}
	return all
}

// fieldTable is a table of FIELDS.md, between the marks with its name.
type fieldTable struct {
	name   string
	fields []Field
}

// markdown returns the table as it stands in FIELDS.md.
func (t *fieldTable) markdown() string {
	var b strings.Builder
	b.WriteString("| field | type | meaning | example |\n| --- | --- | --- | --- |\n")
	for _, f := range t.fields {
		kind, example := f.Type, ""
		if f.List {
			kind += ", list"
		}
		if f.Example != "" {
			example = " `" + f.Example + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |%s |\n", f.Name, kind, f.Description, example)
	}
	return b.String()
}

var fieldTables = []fieldTable{
	{"read", []Field{
		{"message", "match_only_text", false, "one sentence: who did what to which server, how often, how fast, with what result",
			"198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s (11,287 a minute), then BROKE IN: the account is compromised."},
		{"event.reason", "keyword", false, "the threshold that was crossed, with the figure that crossed it", "20 rejections reached attempts = 20"},
	}},
	{"event", []Field{
		{"event.kind", "keyword", false, "`alert` where somebody should look; `event` for updates, ends, mergers, withdrawals and outages. See below", "alert"},
		{"event.category", "keyword", true, "always the same", `["intrusion_detection", "network"]`},
		{"event.type", "keyword", true, "always the same", `["info"]`},
		{"event.action", "keyword", false, "`sip-` and the kind of the incident (`siphunt.incident.kind`)", "sip-brute-force"},
		{"event.outcome", "keyword", false, "`success` once an account was entered, by an attacker or by its owner (`siphunt.incident.confidence`), else `failure`", "success"},
		{"event.severity", "long", false, "21, 47, 73 or 99: Elastic's low, medium, high, critical. See below", "99"},
		{"event.risk_score", "float", false, "0 to 100, to sort by. See below", "91"},
		{"event.risk_score_norm", "float", false, "the same", "91"},
		{"event.start", "date", false, "first counted rejection", "2026-11-22T09:40:36.790Z"},
		{"event.end", "date", false, "last counted rejection so far", "2026-11-22T09:40:39.012Z"},
		{"event.duration", "long", false, "from start to end, nanoseconds", "2222000000"},
		{"event.created", "date", false, "when the detector made the alert, by the wall clock", "2026-11-22T09:40:40.123Z"},
		{"event.id", "keyword", false, "of this record: a hash of the incident's id and the sequence. A record that is delivered twice has the same id: use it as the document's id", "59436e439dec30a1547099da2b329fbc"},
		{"event.sequence", "long", false, "number of this record in its incident, from 1", "2"},
		{"event.code", "keyword", false, "code of the rule, as in `rule.id`", "SIPHUNT-002"},
		{"event.module", "keyword", false, "always the same", "siphunt"},
		{"event.dataset", "keyword", false, "always the same", "siphunt.alert"},
		{"event.provider", "keyword", false, "always the same", "siphunt"},
	}},
	{"rule", []Field{
		{"rule.id", "keyword", false, "`SIPHUNT-001` extension scan, `-002` brute force, `-003` distributed brute force, `-004` password spray, `-005` horizontal scan, `-006` distributed scan, `-007` registrar outage", "SIPHUNT-002"},
		{"rule.name", "keyword", false, "its name", "SIP brute force"},
		{"rule.category", "keyword", false, "`reconnaissance`, `credential-access` or `availability`", "credential-access"},
		{"rule.ruleset", "keyword", false, "always the same", "siphunt"},
		{"rule.version", "keyword", false, "rises when the rules change", "1"},
		{"rule.reference", "keyword", false, "page that describes the rules", ""},
		{"threat.framework", "keyword", false, "always the same. An outage has no `threat`", "MITRE ATT&CK"},
		{"threat.tactic.id", "keyword", true, "Credential Access; of an extension scan Reconnaissance (`TA0043`), of a horizontal and a distributed scan both; a break-in, probable or confirmed, adds Initial Access (`TA0001`)", `["TA0006", "TA0001"]`},
		{"threat.tactic.name", "keyword", true, "in the same order", `["Credential Access", "Initial Access"]`},
		{"threat.tactic.reference", "keyword", true, "in the same order", `["https://attack.mitre.org/tactics/TA0006/", ...]`},
		{"threat.technique.id", "keyword", true, "Brute Force; of an extension scan Active Scanning (`T1595`) and Gather Victim Identity Information (`T1589`), of a horizontal and a distributed scan all three; a break-in adds Valid Accounts (`T1078`)", `["T1110", "T1078"]`},
		{"threat.technique.name", "keyword", true, "in the same order", `["Brute Force", "Valid Accounts"]`},
		{"threat.technique.reference", "keyword", true, "in the same order", `["https://attack.mitre.org/techniques/T1110/", ...]`},
		{"threat.technique.subtechnique.id", "keyword", true, "Password Guessing; of a spray Password Spraying (`T1110.003`); of the scans none", `["T1110.001"]`},
		{"threat.technique.subtechnique.name", "keyword", true, "in the same order", `["Password Guessing"]`},
		{"threat.technique.subtechnique.reference", "keyword", true, "in the same order", `["https://attack.mitre.org/techniques/T1110/001/"]`},
	}},
	{"parties", []Field{
		{"tags", "keyword", true, "those of `[enrich] tags`", `["voice"]`},
		{"source.ip", "ip", false, "the client: the attacker; of many, the one with most attempts", "198.18.1.13"},
		{"source.address", "keyword", false, "the same; of an IPv6 client its prefix", "2001:db8:0:1::/64"},
		{"source.port", "long", false, "last port seen", "5061"},
		{"source.geo.continent_name", "keyword", false, "where `source.ip` is, with `[enrich] geoip`", "Europe"},
		{"source.geo.country_name", "keyword", false, "likewise", "Czechia"},
		{"source.geo.country_iso_code", "keyword", false, "likewise", "CZ"},
		{"source.geo.region_name", "keyword", false, "likewise", "Prague"},
		{"source.geo.region_iso_code", "keyword", false, "likewise", "CZ-10"},
		{"source.geo.city_name", "keyword", false, "likewise", "Prague"},
		{"source.geo.location", "geo_point", false, "likewise", `{"lat": 50.1, "lon": 14.4}`},
		{"source.as.number", "long", false, "its autonomous system, with `[enrich] asn`", "64500"},
		{"source.as.organization.name", "keyword", false, "likewise", "Example Net"},
		{"destination.ip", "ip", false, "the SIP server; of many, the one with most attempts", "198.18.0.10"},
		{"destination.address", "keyword", false, "the same", "198.18.0.10"},
		{"destination.port", "long", false, "last port seen", "5060"},
		{"user.name", "keyword", false, "user part of the account that was entered last, else of the one under attack. Where there are many, there is none until a success", "300"},
		{"user.domain", "keyword", false, "domain of the same account", "198.18.0.10"},
		{"related.ip", "ip", true, "server, attacker, clients and servers of successes, strongest clients and servers; at most 50", `["198.18.0.10", "198.18.1.13"]`},
		{"related.user", "keyword", true, "user parts of accounts that were entered, then of the most attacked; at most 50", `["300"]`},
		{"network.protocol", "keyword", false, "always the same", "sip"},
		{"network.transport", "keyword", false, "`udp`, `tcp` or `sctp`", "udp"},
		{"network.type", "keyword", false, "`ipv4` or `ipv6`", "ipv4"},
		{"observer.type", "keyword", false, "always the same", "ids"},
		{"observer.vendor", "keyword", false, "always the same", "siphunt"},
		{"observer.product", "keyword", false, "always the same", "siphunt"},
		{"observer.version", "keyword", false, "of siphunt", "0.1.0"},
		{"observer.hostname", "keyword", false, "machine that siphunt runs on", "probe1"},
		{"ecs.version", "keyword", false, "version of the schema", "9.4.0"},
	}},
	{"incident", []Field{
		{"siphunt.incident.id", "keyword", false, "the same in all records of the incident, and for the same flows on any machine", "0123456789abcdef0123456789abcdef"},
		{"siphunt.incident.state", "keyword", false, "why there is a record: `open` (also: became another kind), `update` (attempts have doubled), `success`, `end`, `merged`, `withdrawn` (it was no attack)", "success"},
		{"siphunt.incident.kind", "keyword", false, "`extension-scan`, `brute-force`, `distributed-brute-force`, `password-spray`, `horizontal-scan` (one client, many servers), `distributed-scan` (many clients, many extensions, one server), `registrar-outage`", "brute-force"},
		{"siphunt.incident.end_reason", "keyword", false, "`idle` (it stopped), `merged`, `allowed` (an allowlist entry covers it now), `limit` (there were more than `max_incidents`), `accepted` (most of its extensions were accepted), `recovered` (an outage is over)", "idle"},
		{"siphunt.incident.merged_into", "keyword", false, "id of the incident that took this one in", "fedcba9876543210fedcba9876543210"},
		{"siphunt.incident.estimated", "boolean", false, "figures are estimates: of clients, extensions or servers, of which there were more than `max_members`, or of attempts, with `siphunt.sampling`", "false"},
		{"siphunt.incident.confidence", "keyword", false, "of the surest success, how sure it is that an attacker got in: `confirmed`, `probable`, `unlikely` (most likely the owner). Without a success there is none", "confirmed"},
		{"siphunt.incident.known_client", "boolean", false, "the client was known good before. A phone with a stale password looks like a brute force", "false"},
		{"siphunt.incident.phone_like", "boolean", false, "no faster and no longer than a phone with a wrong password", "false"},
		{"siphunt.incident.slow", "boolean", false, "found by the sums of a day: there were pauses longer than `idle_timeout`", "false"},
		{"siphunt.incident.forgeable", "boolean", false, "UDP, and none of its clients has completed a login: the senders may be forged. Think before you block one", "false"},
		{"siphunt.asset.name", "keyword", false, "what the server (`destination.ip`) is, by `[[asset]]`", "customer exchange"},
		{"siphunt.asset.owner", "keyword", false, "who runs it", "Voice team"},
		{"siphunt.asset.contact", "keyword", false, "whom to call", "voice@example.net"},
		{"siphunt.asset.labels", "keyword", true, "whatever else is of use", `["gold"]`},
		{"siphunt.campaign.id", "keyword", false, "shared by incidents with common clients", "00112233445566778899aabbccddeeff"},
		{"siphunt.campaign.incidents", "long", false, "incidents in the campaign so far", "4"},
		{"siphunt.campaign.registrars", "long", false, "servers in it so far", "2"},
		{"siphunt.campaign.extensions", "long", false, "extensions in it so far", "120"},
		{"siphunt.attempts", "long", false, "counted rejections", "418"},
		{"siphunt.rate", "float", false, "attempts a minute from first to last, two decimals; shorter than a second counts as a second", "11287.13"},
		{"siphunt.sampling", "long", false, "the exporter looks at 1 in so many packets (`flows.sampling`): attempts and rates are scaled by it", "100"},
		{"siphunt.attempts_per_extension", "float", false, "mean, two decimals; where there are many extensions", "26.0"},
		{"siphunt.attempts_per_client", "float", false, "mean, two decimals; where there are many clients", "30.0"},
		{"siphunt.attempts_per_registrar", "float", false, "mean, two decimals; where there are many servers", "4.0"},
		{"siphunt.registrars.count", "long", false, "how many servers", "1"},
		{"siphunt.registrars.top", "nested", true, "the most attacked servers, at most 10", ""},
		{"siphunt.registrars.top.ip", "ip", false, "address", "198.18.0.10"},
		{"siphunt.registrars.top.attempts", "long", false, "rejections by it", "418"},
		{"siphunt.clients.count", "long", false, "how many clients", "1"},
		{"siphunt.clients.top", "nested", true, "the strongest clients, at most 10", ""},
		{"siphunt.clients.top.ip", "ip", false, "address", "198.18.1.13"},
		{"siphunt.clients.top.attempts", "long", false, "rejections of it", "418"},
		{"siphunt.extensions.count", "long", false, "how many extensions", "1"},
		{"siphunt.extensions.top", "nested", true, "the most attacked extensions, at most 20", ""},
		{"siphunt.extensions.top.name", "keyword", false, "account; empty where a packet had none", "300@198.18.0.10"},
		{"siphunt.extensions.top.attempts", "long", false, "rejections of it", "418"},
		{"siphunt.rejections.*", "long", false, "rejections by SIP status code, as in `siphunt.rejections.401`", "418"},
		{"siphunt.success_count", "long", false, "how often an account was entered", "1"},
		{"siphunt.success.extension", "keyword", false, "of the surest success, the first of them: the account that was entered", "300@198.18.0.10"},
		{"siphunt.success.client", "ip", false, "by whom", "198.18.1.13"},
		{"siphunt.success.registrar", "ip", false, "on which server", "198.18.0.10"},
		{"siphunt.success.timestamp", "date", false, "when", "2026-11-22T09:40:39.022Z"},
		{"siphunt.success.attempts", "long", false, "rejections of that client on that account before it", "418"},
		{"siphunt.success.confidence", "keyword", false, "as in `siphunt.incident.confidence`", "confirmed"},
		{"siphunt.successes", "nested", true, "the first 100 successes, with the same fields", ""},
		{"siphunt.successes.extension", "keyword", false, "the account", "300@198.18.0.10"},
		{"siphunt.successes.client", "ip", false, "by whom", "198.18.1.13"},
		{"siphunt.successes.registrar", "ip", false, "on which server", "198.18.0.10"},
		{"siphunt.successes.timestamp", "date", false, "when", "2026-11-22T09:40:39.022Z"},
		{"siphunt.successes.attempts", "long", false, "rejections before it", "418"},
		{"siphunt.successes.confidence", "keyword", false, "how sure it is that this was no owner", "confirmed"},
		{"siphunt.crossed.key", "keyword", false, "threshold that was crossed, as in the configuration", "attempts"},
		{"siphunt.crossed.threshold", "long", false, "its value, with what known-good extensions add to it", "20"},
		{"siphunt.crossed.value", "long", false, "the figure that crossed it; of `spray_attempts`, how many extensions did", "20"},
		{"siphunt.crossed.timestamp", "date", false, "the rejection that crossed it; from then to the record's time is what the detector took", "2026-11-22T09:40:36.890Z"},
		{"siphunt.thresholds.attempts", "long", false, "in force for this server, as all thresholds here", "20"},
		{"siphunt.thresholds.scan_extensions", "long", false, "likewise", "10"},
		{"siphunt.thresholds.scan_known_ratio", "float", false, "likewise", "0.1"},
		{"siphunt.thresholds.distributed_clients", "long", false, "likewise", "5"},
		{"siphunt.thresholds.spray_attempts", "long", false, "likewise", "3"},
		{"siphunt.thresholds.success_after", "long", false, "likewise", "3"},
		{"siphunt.thresholds.login_challenges", "long", false, "likewise", "8"},
		{"siphunt.thresholds.fast_attempts", "long", false, "likewise", "6"},
		{"siphunt.thresholds.scan_attempts", "long", false, "likewise", "60"},
		{"siphunt.thresholds.horizontal_registrars", "long", false, "likewise", "10"},
		{"siphunt.thresholds.distributed_scan_size", "long", false, "likewise", "50"},
		{"siphunt.thresholds.slow_extensions", "long", false, "likewise", "30"},
		{"siphunt.thresholds.slow_clients", "long", false, "likewise", "20"},
		{"siphunt.thresholds.slow_attempts", "long", false, "likewise", "20"},
		{"siphunt.thresholds.outage_clients", "long", false, "likewise", "20"},
		{"siphunt.thresholds.outage_ratio", "float", false, "likewise", "0.2"},
		{"siphunt.tools", "keyword", true, "names of known attack tools among the User-Agents. A client can claim any: they add weight, and excuse nothing", `["friendly-scanner"]`},
		{"siphunt.user_agents", "keyword", true, "User-Agents of the requests, at most 10", `["friendly-scanner"]`},
		{"siphunt.probes", "keyword", true, "exporters that saw it, at most 10", `["probe-a"]`},
	}},
	{"folded", []Field{
		{"siphunt.folded", "nested", true, "what was left out", ""},
		{"siphunt.folded.kind", "keyword", false, "kind of the incidents", "extension-scan"},
		{"siphunt.folded.state", "keyword", false, "their state", "open"},
		{"siphunt.folded.count", "long", false, "how many alerts were left out", "1200"},
	}},
}
