package alert

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// maxRelated is the greatest number of entries of related.ip and of related.user.
const maxRelated = 50

// endpoint returns ip, address and port. An IPv6 client's ip is the first of its prefix, and its address the prefix.
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

// user is the account that was entered last, else the one under attack. Who asks for many is after none in particular.
func user(a *detect.Alert) object {
	extension := ""
	switch {
	case len(a.Successes) > 0:
		extension = a.Successes[len(a.Successes)-1].Extension
	case !rules[a.Kind].manyExtensions:
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

// relatedIPs are the server, those who got in and where, then the strongest clients and the most attacked servers.
func relatedIPs(a *detect.Alert) []string {
	list := related{text(a.Registrar.Addr), text(a.Client.Addr)}
	for _, s := range a.Successes {
		list = append(list, text(s.Client), text(s.Registrar))
	}
	for _, m := range slices.Concat(a.Clients.Top, a.Registrars.Top) {
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
