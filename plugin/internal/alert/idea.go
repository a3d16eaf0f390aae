package alert

import (
	"net/netip"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// idea describes an alert as an IDEA0 message (https://idea.cesnet.cz), for Warden and Mentat. Each report of an incident
// replaces the one before, which it names in PredID. What IDEA has no key for is under _siphunt, with the names of FIELDS.md.
func idea(in *input) object {
	a := in.Alert
	o := known(
		field{"Format", "IDEA0"},
		field{"ID", eventID(a)},
		field{"PredID", predecessor(a)},
		field{"RelID", taker(a)},
		field{"AltNames", []string{a.ID}},
		field{"CreateTime", isoTime(in.created)},
		field{"DetectTime", isoTime(time.UnixMilli(a.Time))},
		field{"EventTime", isoTime(time.UnixMilli(a.First))},
	)
	if a.State == detect.End || a.State == detect.Withdrawn {
		o = append(o, field{"CeaseTime", isoTime(time.UnixMilli(a.Last))})
	}
	return append(o, known(
		field{"Category", ideaCategories(a)},
		field{"Confidence", ideaConfidence(a)},
		field{"ConnCount", a.Attempts},
		field{"Description", message(in.Options, a)},
		field{"Note", reason(a)},
		field{"Ref", ideaReferences(a)},
		field{"Source", []object{ideaSource(in)}},
		field{"Target", []object{ideaTarget(a)}},
		field{"Node", []object{ideaNode(in.Options)}},
		field{"_siphunt", siphunt(in)},
	)...)
}

// predecessor is the report before, which this one replaces.
func predecessor(a *detect.Alert) []string {
	if a.Sequence < 2 {
		return nil
	}
	return []string{eventID(&detect.Alert{ID: a.ID, Sequence: a.Sequence - 1})}
}

// taker is the first report of the incident that has taken this one in.
func taker(a *detect.Alert) []string {
	if a.MergedInto == "" {
		return nil
	}
	return []string{eventID(&detect.Alert{ID: a.MergedInto, Sequence: 1})}
}

// ideaCategories are of the taxonomy that IDEA shares with eCSIRT.net.
func ideaCategories(a *detect.Alert) []string {
	var list []string
	switch rules[a.Kind].category {
	case "availability":
		return []string{"Availability.Outage"}
	case "reconnaissance":
		list = append(list, "Recon.Scanning")
	}
	if a.Kind != detect.Scan {
		list = append(list, "Attempt.Login")
	}
	if brokenInto(a) {
		list = append(list, "Intrusion.UserCompromise")
	}
	return list
}

// ideaConfidence is how sure it is that this is an attack, or that it had success: 0 surely not, 1 no doubt.
func ideaConfidence(a *detect.Alert) float64 {
	switch {
	case a.State == detect.Withdrawn:
		return 0
	case a.Confidence == detect.Confirmed:
		return 1
	case a.Confidence == detect.Probable:
		return 0.7
	case a.Confidence == detect.Unlikely:
		return 0.2
	}
	return hundredths(0.9 * doubts(a))
}

func ideaReferences(a *detect.Alert) []string {
	list := []string{rulesPage}
	_, techniques := attacksOf(a)
	for _, t := range techniques {
		list = append(list, t.reference("techniques"))
	}
	return list
}

// ideaSource is the clients: the strongest of many.
func ideaSource(in *input) object {
	a := in.Alert
	o := ideaParty(a, members4and6(a.Clients.Top, in.ClientPrefix))
	if len(a.Clients.Top) == 1 && a.Client.Port > 0 {
		o = append(o, field{"Port", []int{int(a.Client.Port)}})
	}
	if in.place.ASN > 0 && len(a.Clients.Top) == 1 {
		o = append(o, field{"ASN", []int{in.place.ASN}})
	}
	if a.Forgeable {
		o = append(o, field{"Note", "UDP only and no login completed: may be forged"})
	}
	if a.Clients.Count > len(a.Clients.Top) {
		o = append(o, field{"Imprecise", true})
	}
	return o
}

// ideaTarget is the servers, with the accounts that matter most. All are in _siphunt.
func ideaTarget(a *detect.Alert) object {
	o := ideaParty(a, members4and6(a.Registrars.Top, 0))
	if a.Registrar.Port > 0 {
		o = append(o, field{"Port", []int{int(a.Registrar.Port)}})
	}
	if users := relatedUsers(a); len(users) > 0 {
		o = append(o, field{"Note", "accounts: " + strings.Join(users[:min(len(users), 10)], ", ")})
	}
	if a.Registrars.Count > len(a.Registrars.Top) {
		o = append(o, field{"Imprecise", true})
	}
	return o
}

func ideaParty(a *detect.Alert, addresses [2][]string) object {
	protocols := []string{"sip"}
	if transport := a.Transport.String(); transport != "" {
		protocols = []string{transport, "sip"}
	}
	return known(field{"IP4", addresses[0]}, field{"IP6", addresses[1]}, field{"Proto", protocols})
}

// members4and6 are the addresses of members, IPv4 and IPv6 apart, IPv6 clients by their prefix.
func members4and6(list []detect.Member, prefix int) (addresses [2][]string) {
	for _, m := range list {
		switch {
		case m.Client == netip.Addr{}:
		case m.Client.Is4():
			addresses[0] = append(addresses[0], text(m.Client))
		default:
			addresses[1] = append(addresses[1], address(m.Client, prefix))
		}
	}
	return addresses
}

// ideaNode is who says so. The name of a node is a dotted path of words; a host's name is made one.
func ideaNode(o *Options) object {
	name := "siphunt"
	if o.Hostname != "" {
		name += "." + strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
				return r
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			}
			return '_'
		}, "host_"+o.Hostname)
	}
	software := "siphunt"
	if o.Version != "" {
		software += "-" + o.Version
	}
	note := ""
	if tags := cleanedTexts(o.Sources.Tags()); len(tags) > 0 {
		note = "tags: " + strings.Join(tags, ", ")
	}
	return known(
		field{"Name", name},
		field{"Type", []string{"Flow", "Protocol", "Statistical"}},
		field{"SW", []string{software}},
		field{"Note", note},
	)
}

func ideaFolded(o *Options, f *Folded, created time.Time) object {
	return object{
		{"Format", "IDEA0"},
		{"ID", f.id(o)},
		{"CreateTime", isoTime(created)},
		{"DetectTime", isoTime(f.end())},
		{"WinStartTime", isoTime(f.begin())},
		{"WinEndTime", isoTime(f.end())},
		{"Category", []string{"Attempt.Login"}},
		{"Description", f.message()},
		{"Note", f.reason()},
		{"Node", []object{ideaNode(o)}},
		{"_siphunt", f.siphunt()},
	}
}
