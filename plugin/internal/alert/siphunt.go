package alert

import (
	"strconv"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// siphunt gives siphunt.*: what no common schema has a name for. Mind the dynamic templates of Elasticsearch's
// ecs@mappings when a name is chosen: *.ip and *_ip must be addresses, *.start, *.end and *.created dates.
func siphunt(a *detect.Alert) object {
	o := object{
		{"incident", incident(a)},
		{"attempts", a.Attempts},
		{"rate", hundredths(rate(a))},
	}
	switch a.Kind {
	case detect.Scan, detect.Spray:
		o = append(o, field{"attempts_per_extension", mean(a.Attempts, a.Extensions.Count)})
	case detect.Distributed:
		o = append(o, field{"attempts_per_client", mean(a.Attempts, a.Clients.Count)})
	}
	return append(o, known(
		field{"clients", members(a.Clients, client)},
		field{"extensions", members(a.Extensions, extension)},
		field{"rejections", rejections(a)},
		field{"success_count", a.SuccessesN},
		field{"successes", successes(a)},
		field{"crossed", crossed(a)},
		field{"thresholds", thresholds(a)},
		field{"user_agents", a.UserAgents},
		field{"probes", a.Probes},
	)...)
}

func incident(a *detect.Alert) object {
	return known(
		field{"id", a.ID},
		field{"state", a.State.String()},
		field{"kind", a.Kind.String()},
		field{"end_reason", a.EndReason.String()},
		field{"merged_into", a.MergedInto},
		field{"estimated", a.Clients.Estimated || a.Extensions.Estimated},
		field{"known_client", a.KnownClient},
	)
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

func client(m detect.Member) object {
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
		list = append(list, object{
			{"extension", s.Extension},
			{"client", text(s.Client)},
			{"time", isoTime(time.UnixMilli(s.Time))},
			{"attempts", s.Attempts},
		})
	}
	return list
}

// crossed is event.reason in figures. Its time and that of the record tell how long the detector took.
func crossed(a *detect.Alert) object {
	return object{
		{"key", a.Crossed.Key},
		{"threshold", a.Crossed.Threshold},
		{"value", a.Crossed.Value},
		{"time", isoTime(time.UnixMilli(a.Crossed.Time))},
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
	}
}
