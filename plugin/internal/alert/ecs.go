package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

const (
	ecsVersion   = "9.4.0"
	rulesVersion = "1"
	rulesPage    = "https://github.com/siphunt/siphunt/blob/main/detect/RULES.md"
)

// ecs describes an alert by the fields of the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs). There
// is no @timestamp: Fluent Bit's es output makes it of the record's time, and Elasticsearch takes only one.
func ecs(in *input) object {
	o, a := in.Options, in.Alert
	return known(
		field{"tags", cleanedTexts(o.Sources.Tags())},
		field{"message", message(o, a)},
		field{"event", event(a, in.created)},
		field{"rule", ruleFields(a)},
		field{"threat", threat(a)},
		field{"source", append(endpoint(a.Client, address(a.Client.Addr, o.ClientPrefix)),
			known(field{"geo", geo(&in.place)}, field{"as", as(&in.place)})...)},
		field{"destination", endpoint(a.Registrar, text(a.Registrar.Addr))},
		field{"user", user(a)},
		field{"related", known(field{"ip", relatedIPs(a)}, field{"user", relatedUsers(a)})},
		field{"network", network(a)},
		field{"observer", observer(o)},
		field{"siphunt", siphunt(in)},
		field{"ecs", object{{"version", ecsVersion}}},
	)
}

func event(a *detect.Alert, created time.Time) object {
	outcome := "failure"
	if a.SuccessesN > 0 {
		outcome = "success"
	}
	return known(
		field{"kind", eventKind(a)},
		field{"category", []string{"intrusion_detection", "network"}},
		field{"type", []string{"info"}},
		field{"action", "sip-" + a.Kind.String()},
		field{"outcome", outcome},
		field{"severity", a.Severity},
		field{"risk_score", risk(a)},
		field{"risk_score_norm", risk(a)},
		field{"start", isoTime(time.UnixMilli(a.First))},
		field{"end", isoTime(time.UnixMilli(a.Last))},
		field{"duration", int(span(a))},
		field{"created", isoTime(created)},
		field{"id", eventID(a)},
		field{"sequence", a.Sequence},
		field{"code", rules[a.Kind].code},
		field{"module", "siphunt"},
		field{"dataset", "siphunt.alert"},
		field{"provider", "siphunt"},
		field{"reason", reason(a)},
	)
}

// eventKind is alert where somebody should look: Elastic raises one alert a document of that kind. An end that is the
// first report of its incident is its only one (report = "end"). An outage is no attack. A campaign is one thing to look at: a further
// incident of it is an alert only if it is more severe than what has been reported of the campaign. An attacker who enters a hundred accounts
// is one thing to look at, too: the records of further successes are alerts only if one is surer.
func eventKind(a *detect.Alert) string {
	isNews := a.Changed || a.Severity > a.Campaign.Severity
	switch {
	case a.Kind == detect.Outage:
	case a.State == detect.Success && a.Surer, a.State == detect.Open && isNews, a.State == detect.End && a.Sequence == 1 && isNews:
		return "alert"
	}
	return "event"
}

// eventID is the same for the same report, so that what is delivered twice is stored once.
func eventID(a *detect.Alert) string {
	sum := sha256.Sum256([]byte(a.ID + "/" + strconv.Itoa(a.Sequence)))
	return hex.EncodeToString(sum[:16])
}

// reasons are what the figures of a threshold count.
var reasons = map[string]string{
	"attempts":              "rejection",
	"scan_extensions":       "extension",
	"spray_attempts":        "extension",
	"distributed_clients":   "client",
	"fast_attempts":         "fast rejection",
	"scan_attempts":         "rejection",
	"horizontal_registrars": "server",
	"distributed_scan_size": "client",
	"slow_extensions":       "extension",
	"slow_clients":          "client",
	"slow_attempts":         "rejection",
	"success_after":         "rejection",
	"outage_clients":        "known-good client",
	"outage_ratio":          "known-good client",
}

// reason names the threshold that was crossed, with both figures.
func reason(a *detect.Alert) string {
	c := a.Crossed
	bar := strconv.Itoa(c.Threshold)
	if more := c.Threshold - a.Thresholds.ScanExtensions; c.Key == "scan_extensions" && more > 0 {
		bar = fmt.Sprintf("%d + %d for known-good extensions", a.Thresholds.ScanExtensions, more)
	}
	return humanize.Count(c.Value, reasons[c.Key]) + " reached " + c.Key + " = " + bar
}

func ruleFields(a *detect.Alert) object {
	r := rules[a.Kind]
	return object{
		{"id", r.code},
		{"name", r.name},
		{"category", r.category},
		{"ruleset", "siphunt"},
		{"version", rulesVersion},
		{"reference", rulesPage},
	}
}

func network(a *detect.Alert) object {
	family := ""
	switch {
	case a.Registrar.Addr.Is4():
		family = "ipv4"
	case a.Registrar.Addr.Is6():
		family = "ipv6"
	}
	return known(
		field{"protocol", "sip"},
		field{"transport", a.Transport.String()},
		field{"type", family},
	)
}

func observer(o *Options) object {
	return known(
		field{"type", "ids"},
		field{"vendor", "siphunt"},
		field{"product", "siphunt"},
		field{"version", o.Version},
		field{"hostname", o.Hostname},
	)
}

// isoTime is ISO 8601 in UTC with milliseconds.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
