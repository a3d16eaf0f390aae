package alert

import (
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/alert/enrich"
)

// ocsfVersion is the oldest version of the Open Cybersecurity Schema Framework that has all of these fields.
const ocsfVersion = "1.5.0"

// Activities of a finding.
const (
	ocsfCreate = 1 + iota
	ocsfUpdate
	ocsfClose
)

var ocsfActivities = [...]string{ocsfCreate: "Create", ocsfUpdate: "Update", ocsfClose: "Close"}

// ocsf describes an alert as a Detection Finding (class 2004, https://schema.ocsf.io): the incident is the finding, which is
// created when it opens, updated by each further report and closed at its end. Times are Unix milliseconds. What the class has no
// attribute for is under unmapped, with the names of FIELDS.md.
func ocsf(in *input) object {
	a := in.Alert
	activity := ocsfActivity(a)
	status := ocsfStatus(a, activity)
	sure := ocsfConfidence(a)
	o := ocsfHead(activity, a.Severity)
	return append(o, known(
		field{"time", int(a.Time)},
		field{"start_time", int(a.First)},
		field{"end_time", int(a.Last)},
		field{"duration", int(a.Last - a.First)},
		field{"count", a.Attempts},
		field{"message", message(in.Options, a)},
		field{"is_alert", eventKind(a) == "alert"},
		field{"status_id", status.id},
		field{"status", status.name},
		field{"status_detail", a.EndReason.String()},
		field{"confidence_id", sure.id},
		field{"confidence", sure.name},
		field{"risk_score", risk(a)},
		field{"finding_info", ocsfFinding(a)},
		field{"evidences", ocsfEvidences(in)},
		field{"resources", ocsfResources(in.asset)},
		field{"observables", ocsfObservables(a)},
		field{"metadata", ocsfMetadata(in.Options, in.created, eventID(a), known(
			field{"event_code", rules[a.Kind].code},
			field{"sequence", a.Sequence},
			field{"correlation_uid", a.Campaign.ID},
		))},
		field{"unmapped", object{{"siphunt", siphunt(in)}}},
	)...)
}

// ocsfHead is what classifies the event.
func ocsfHead(activity, severity int) object {
	const class = 2004
	level := ocsfSeverity(severity)
	return object{
		{"activity_id", activity},
		{"activity_name", ocsfActivities[activity]},
		{"category_uid", 2},
		{"category_name", "Findings"},
		{"class_uid", class},
		{"class_name", "Detection Finding"},
		{"type_uid", class*100 + activity},
		{"type_name", "Detection Finding: " + ocsfActivities[activity]},
		{"severity_id", level.id},
		{"severity", level.name},
	}
}

// enum is a value of an enumeration with its caption.
type enum struct {
	id   int
	name string
}

func ocsfSeverity(severity int) enum {
	switch {
	case severity >= detect.SeverityCritical:
		return enum{5, "Critical"}
	case severity >= detect.SeverityHigh:
		return enum{4, "High"}
	case severity >= detect.SeverityMedium:
		return enum{3, "Medium"}
	}
	return enum{2, "Low"}
}

func ocsfActivity(a *detect.Alert) int {
	switch {
	case a.State == detect.End || a.State == detect.Merged || a.State == detect.Withdrawn:
		return ocsfClose
	case a.Sequence == 1:
		return ocsfCreate
	}
	return ocsfUpdate
}

func ocsfStatus(a *detect.Alert, activity int) enum {
	switch {
	case a.State == detect.Withdrawn:
		return enum{3, "Suppressed"}
	case activity == ocsfClose:
		return enum{4, "Resolved"}
	case activity == ocsfCreate:
		return enum{1, "New"}
	}
	return enum{2, "In Progress"}
}

// ocsfConfidence is how sure it is that this is an attack, or that it had success.
func ocsfConfidence(a *detect.Alert) enum {
	switch {
	case a.State == detect.Withdrawn, a.Confidence == detect.Unlikely:
		return enum{1, "Low"}
	case a.Confidence == detect.Probable:
		return enum{2, "Medium"}
	case a.Confidence != detect.Confirmed && doubts(a) < 1:
		return enum{1, "Low"}
	}
	return enum{3, "High"}
}

func ocsfFinding(a *detect.Alert) object {
	r := rules[a.Kind]
	var merged []object
	if a.MergedInto != "" {
		merged = []object{{{"uid", a.MergedInto}, {"type", "Merged into"}}}
	}
	return known(
		field{"uid", a.ID},
		field{"title", r.name},
		field{"desc", reason(a)},
		field{"types", []string{a.Kind.String()}},
		field{"analytic", object{
			{"uid", r.code}, {"name", r.name}, {"category", r.category}, {"type_id", 1}, {"type", "Rule"}, {"version", rulesVersion},
		}},
		field{"attacks", ocsfAttacks(a)},
		field{"first_seen_time", int(a.First)},
		field{"last_seen_time", int(a.Last)},
		field{"modified_time", int(a.Time)},
		field{"related_events", merged},
		field{"data_sources", a.Probes},
		field{"src_url", rulesPage},
	)
}

// ocsfAttacks pairs each technique with the tactics that it serves.
func ocsfAttacks(a *detect.Alert) []object {
	tactics, techniques := attacksOf(a)
	var list []object
	for _, technique := range techniques {
		o := object{{"technique", ocsfEntry("techniques", technique)}}
		var served []object
		for _, tactic := range tactics {
			if technique.tactic == tactic.id {
				served = append(served, ocsfEntry("tactics", tactic))
			}
		}
		o = append(o, field{"tactics", served})
		if sub := rules[a.Kind].subtechniques; technique == bruteForce && len(sub) > 0 {
			o = append(o, field{"sub_technique", ocsfEntry("techniques", sub[0])})
		}
		list = append(list, o)
	}
	return list
}

func ocsfEntry(catalogue string, e attack) object {
	return object{{"uid", e.id}, {"name", e.name}, {"src_url", e.reference(catalogue)}}
}

// ocsfEvidences are the strongest client with the server and the account under attack, then the successes.
func ocsfEvidences(in *input) []object {
	a := in.Alert
	list := []object{known(
		field{"src_endpoint", append(ocsfEndpoint(a.Client), ocsfPlace(&in.place)...)},
		field{"dst_endpoint", ocsfEndpoint(a.Registrar)},
		field{"user", ocsfUser(user(a))},
		field{"connection_info", ocsfConnection(a)},
	)}
	for _, s := range a.Successes[:min(len(a.Successes), maxRelated)] {
		name, domain := account(s.Extension)
		list = append(list, known(
			field{"name", "success, " + s.Confidence.String()},
			field{"src_endpoint", ocsfEndpoint(detect.Endpoint{Addr: s.Client})},
			field{"dst_endpoint", ocsfEndpoint(detect.Endpoint{Addr: s.Registrar})},
			field{"user", ocsfUser(known(field{"name", name}, field{"domain", domain}))},
			field{"connection_info", ocsfConnection(a)},
		))
	}
	return list
}

func ocsfEndpoint(e detect.Endpoint) object {
	if !e.Addr.IsValid() {
		return nil
	}
	o := object{{"ip", text(e.Addr)}}
	if e.Port > 0 {
		o = append(o, field{"port", int(e.Port)})
	}
	return o
}

// ocsfPlace is where an endpoint is, as two of its attributes.
func ocsfPlace(p *enrich.Place) object {
	var location, system object
	if p.CountryCode != "" { // OCSF wants a city or a country
		location = known(
			field{"continent", text128(p.Continent)},
			field{"country", text128(p.CountryCode)},
			field{"region", regionCode(p)},
			field{"city", text128(p.City)},
		)
		if p.HasLocation {
			location = append(location, field{"lat", p.Latitude}, field{"long", p.Longitude})
		}
	}
	if p.ASN > 0 {
		system = known(field{"number", p.ASN}, field{"name", text128(p.Organization)})
	}
	return known(field{"location", location}, field{"autonomous_system", system})
}

// ocsfResources is what the server belongs to. All that is known of it is in unmapped.
func ocsfResources(a *enrich.Asset) []object {
	if a == nil || a.Name == "" {
		return nil
	}
	return []object{known(
		field{"name", text128(a.Name)},
		field{"owner", known(field{"name", text128(a.Owner)})},
		field{"labels", cleanedTexts(a.Labels)},
	)}
}

// ocsfUser leaves out a user without a name, which OCSF does not know.
func ocsfUser(u object) object {
	if len(u) == 0 || u[0].name != "name" {
		return nil
	}
	return u
}

func ocsfConnection(a *detect.Alert) object {
	numbers := map[detect.Transport]int{detect.UDP: 17, detect.TCP: 6, detect.SCTP: 132}
	o := object{{"direction_id", 1}, {"direction", "Inbound"}}
	if n, ok := numbers[a.Transport]; ok {
		o = append(o, field{"protocol_name", a.Transport.String()}, field{"protocol_num", n})
	}
	return o
}

func ocsfObservables(a *detect.Alert) []object {
	var list []object
	for _, ip := range relatedIPs(a) {
		list = append(list, object{{"name", "related.ip"}, {"type_id", 2}, {"type", "IP Address"}, {"value", ip}})
	}
	for _, name := range relatedUsers(a) {
		list = append(list, object{{"name", "related.user"}, {"type_id", 4}, {"type", "User Name"}, {"value", name}})
	}
	return list
}

// ocsfMetadata is who says so, with the further fields.
func ocsfMetadata(o *Options, created time.Time, id string, more object) object {
	product := known(field{"name", "siphunt"}, field{"vendor_name", "siphunt"}, field{"version", o.Version})
	var loggers []object
	if o.Hostname != "" {
		loggers = []object{{{"name", o.Hostname}, {"product", product}}}
	}
	return append(known(
		field{"version", ocsfVersion},
		field{"uid", id},
		field{"product", product},
		field{"log_name", "siphunt.alert"},
		field{"loggers", loggers},
		field{"logged_time", int(created.UnixMilli())},
		field{"labels", cleanedTexts(o.Sources.Tags())},
	), more...)
}

func ocsfFolded(o *Options, f *Folded, created time.Time) object {
	return append(ocsfHead(ocsfCreate, detect.SeverityHigh), object{
		{"time", int(f.end().UnixMilli())},
		{"start_time", int(f.begin().UnixMilli())},
		{"end_time", int(f.end().UnixMilli())},
		{"count", f.total()},
		{"message", f.message()},
		{"is_alert", true},
		{"finding_info", object{{"uid", f.id(o)}, {"title", "SIP alerts left out"}, {"desc", f.reason()}, {"types", []string{"alerts-folded"}}}},
		{"metadata", ocsfMetadata(o, created, f.id(o), nil)},
		{"unmapped", object{{"siphunt", f.siphunt()}}},
	}...)
}
