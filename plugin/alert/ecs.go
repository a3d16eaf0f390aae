package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

const (
	ecsVersion   = "9.4.0"
	rulesVersion = "1"
	rulesPage    = "https://github.com/siphunt/siphunt/blob/main/detect/RULES.md"
	maxRelated   = 50 // entries of related.ip and of related.user
)

// ecs describes an alert by the fields of the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs). There
// is no @timestamp: Fluent Bit's es output makes it of the record's time, and Elasticsearch takes only one.
func ecs(o *Options, a *detect.Alert, created time.Time) object {
	return known(
		field{"message", message(o, a)},
		field{"event", event(a, created)},
		field{"rule", ruleFields(a)},
		field{"threat", threat(a)},
		field{"source", endpoint(a.Client, address(a.Client.Addr, o.ClientPrefix))},
		field{"destination", endpoint(a.Registrar, text(a.Registrar.Addr))},
		field{"user", user(a)},
		field{"related", known(field{"ip", relatedIPs(a)}, field{"user", relatedUsers(a)})},
		field{"network", network(a)},
		field{"observer", observer(o)},
		field{"siphunt", siphunt(a)},
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
		field{"severity", severity(a)},
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
// first report of its incident is its only one (report = "end").
func eventKind(a *detect.Alert) string {
	if a.State == detect.Open || a.State == detect.Success || a.State == detect.End && a.Sequence == 1 {
		return "alert"
	}
	return "event"
}

// eventID is the same for the same report, so that what is delivered twice is stored once.
func eventID(a *detect.Alert) string {
	sum := sha256.Sum256([]byte(a.ID + "/" + strconv.Itoa(a.Sequence)))
	return hex.EncodeToString(sum[:16])
}

// reason names the threshold that was crossed, with both figures.
func reason(a *detect.Alert) string {
	c := a.Crossed
	switch c.Key {
	case "attempts":
		return fmt.Sprintf("%s reached attempts = %d", count(c.Value, "rejection"), c.Threshold)
	case "distributed_clients":
		return fmt.Sprintf("%s reached distributed_clients = %d", count(c.Value, "client"), c.Threshold)
	case "spray_attempts":
		return fmt.Sprintf("%s reached spray_attempts = %d", count(c.Value, "rejection"), c.Threshold)
	case "scan_extensions":
		r := fmt.Sprintf("%s reached scan_extensions = %d", count(c.Value, "extension"), a.Thresholds.ScanExtensions)
		if more := c.Threshold - a.Thresholds.ScanExtensions; more > 0 {
			r += fmt.Sprintf(" + %d for known-good extensions", more)
		}
		return r
	}
	return ""
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

// endpoint gives ip, address and port. An IPv6 client's ip is the first of its prefix, and its address the prefix.
func endpoint(e detect.Endpoint, address string) object {
	o := known(field{"ip", text(e.Addr)}, field{"address", address})
	if e.Port > 0 {
		o = append(o, field{"port", int(e.Port)})
	}
	return o
}

// text is empty where there is no address.
func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// address is how a client is named: its IPv4 address, or the prefix that stands for it.
func address(client netip.Addr, prefix int) string {
	if client.Is6() && prefix > 0 && prefix < client.BitLen() {
		return netip.PrefixFrom(client, prefix).String()
	}
	return text(client)
}

// user is the account that fell last, else the one under attack. A scan without success is after none in particular.
func user(a *detect.Alert) object {
	extension := ""
	switch {
	case len(a.Successes) > 0:
		extension = a.Successes[len(a.Successes)-1].Extension
	case a.Kind == detect.BruteForce || a.Kind == detect.Distributed:
		extension = a.Extension
	}
	name, domain := account(extension)
	return known(field{"name", name}, field{"domain", domain})
}

// account splits user@domain at its last @.
func account(extension string) (name, domain string) {
	if i := strings.LastIndexByte(extension, '@'); i >= 0 {
		return extension[:i], extension[i+1:]
	}
	return extension, ""
}

// relatedIPs are the server, those who got in, then the strongest clients.
func relatedIPs(a *detect.Alert) []string {
	list := related{text(a.Registrar.Addr), text(a.Client.Addr)}
	for _, s := range a.Successes {
		list = append(list, text(s.Client))
	}
	for _, m := range a.Clients.Top {
		list = append(list, text(m.Client))
	}
	return list.entries()
}

// relatedUsers are the accounts that fell, then those under attack, the strongest first.
func relatedUsers(a *detect.Alert) []string {
	var list related
	for _, s := range a.Successes {
		list.addUser(s.Extension)
	}
	list.addUser(a.Extension)
	for _, m := range a.Extensions.Top {
		list.addUser(m.Extension)
	}
	return list.entries()
}

type related []string

func (r *related) addUser(extension string) {
	name, _ := account(extension)
	*r = append(*r, name)
}

// entries are the first maxRelated different ones that are not empty.
func (r related) entries() []string {
	var list []string
	seen := map[string]bool{"": true}
	for _, s := range r {
		if !seen[s] && len(list) < maxRelated {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list
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
