package alert

import (
	"strconv"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// siphunt returns siphunt.*: what no common schema has a name for. Mind the dynamic templates of Elasticsearch's
// ecs@mappings when a name is chosen: *.ip and *_ip must be addresses, *.timestamp, *.start, *.end and *.created dates.
func siphunt(in *input) object {
	a := in.Alert
	o := object{
		{"incident", incident(in)},
		{"attempts", a.Attempts},
		{"rate", hundredths(rate(a))},
	}
	if in.Sampling > 1 {
		o = append(o, field{"sampling", in.Sampling})
	}
	is := rules[a.Kind]
	if is.manyExtensions {
		o = append(o, field{"attempts_per_extension", mean(a.Attempts, a.Extensions.Count)})
	}
	if is.manyClients {
		o = append(o, field{"attempts_per_client", mean(a.Attempts, a.Clients.Count)})
	}
	if is.manyRegistrars {
		o = append(o, field{"attempts_per_registrar", mean(a.Attempts, a.Registrars.Count)})
	}
	return append(o, known(
		field{"asset", assetFields(in.asset)},
		field{"campaign", campaign(a)},
		field{"registrars", members(a.Registrars, host)},
		field{"clients", members(a.Clients, host)},
		field{"extensions", members(a.Extensions, extension)},
		field{"rejections", rejections(a)},
		field{"success_count", a.SuccessesN},
		field{"success", surest(a)},
		field{"successes", successes(a)},
		field{"crossed", crossed(a)},
		field{"thresholds", thresholds(a)},
		field{"tools", a.Tools},
		field{"user_agents", a.UserAgents},
		field{"probes", a.Probes},
	)...)
}

func incident(in *input) object {
	a := in.Alert
	return known(
		field{"id", a.ID},
		field{"state", a.State.String()},
		field{"kind", a.Kind.String()},
		field{"end_reason", a.EndReason.String()},
		field{"merged_into", a.MergedInto},
		field{"estimated", a.Clients.Estimated || a.Extensions.Estimated || a.Registrars.Estimated || in.Sampling > 1},
		field{"confidence", a.Confidence.String()},
		field{"known_client", a.KnownClient},
		field{"phone_like", a.PhoneLike},
		field{"slow", a.Slow},
		field{"forgeable", a.Forgeable},
	)
}

func campaign(a *detect.Alert) object {
	if a.Campaign.ID == "" {
		return nil
	}
	return object{
		{"id", a.Campaign.ID},
		{"incidents", a.Campaign.Incidents},
		{"registrars", a.Campaign.Registrars},
		{"extensions", a.Campaign.Extensions},
	}
}

// mean is attempts a member, to two decimals.
func mean(attempts, members int) float64 {
	return hundredths(float64(attempts) / float64(max(members, 1)))
}

func members(m detect.Members, describe func(detect.Member) object) object {
	var top []object
	for _, member := range m.Top {
		top = append(top, describe(member))
	}
	return known(field{"count", m.Count}, field{"top", top})
}

// host is a client or a registrar.
func host(m detect.Member) object {
	return known(field{"ip", text(m.Client)}, field{"attempts", m.Attempts})
}

func extension(m detect.Member) object {
	return object{{"name", m.Extension}, {"attempts", m.Attempts}}
}

func rejections(a *detect.Alert) object {
	var o object
	for _, r := range a.Rejections {
		o = append(o, field{strconv.Itoa(int(r.Status)), r.Attempts})
	}
	return o
}

func successes(a *detect.Alert) []object {
	var list []object
	for _, s := range a.Successes {
		list = append(list, success(s))
	}
	return list
}

// surest is the first of the surest successes, for consumers that drop lists of objects.
func surest(a *detect.Alert) object {
	if list := surestOf(a.Successes); len(list) > 0 {
		return success(list[0])
	}
	return nil
}

func success(s detect.Succeeded) object {
	return append(object{{"extension", s.Extension}}, known(
		field{"client", text(s.Client)},
		field{"registrar", text(s.Registrar)},
		field{"timestamp", isoTime(time.UnixMilli(s.Time))},
		field{"attempts", s.Attempts},
		field{"confidence", s.Confidence.String()},
	)...)
}

// crossed is event.reason in figures. Its time and that of the record tell how long the detector took.
func crossed(a *detect.Alert) object {
	return object{
		{"key", a.Crossed.Key},
		{"threshold", a.Crossed.Threshold},
		{"value", a.Crossed.Value},
		{"timestamp", isoTime(time.UnixMilli(a.Crossed.Time))},
	}
}

func thresholds(a *detect.Alert) object {
	t := a.Thresholds
	return object{
		{"attempts", t.Attempts},
		{"scan_extensions", t.ScanExtensions},
		{"scan_known_ratio", t.ScanKnownRatio},
		{"distributed_clients", t.DistributedClients},
		{"spray_attempts", t.SprayAttempts},
		{"success_after", t.SuccessAfter},
		{"login_challenges", t.LoginChallenges},
		{"fast_attempts", t.FastAttempts},
		{"scan_attempts", t.ScanAttempts},
		{"horizontal_registrars", t.HorizontalRegistrars},
		{"distributed_scan_size", t.DistributedScanSize},
		{"slow_extensions", t.SlowExtensions},
		{"slow_clients", t.SlowClients},
		{"slow_attempts", t.SlowAttempts},
		{"outage_clients", t.OutageClients},
		{"outage_ratio", t.OutageRatio},
	}
}
