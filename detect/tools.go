package detect

import "hash/maphash"

// tools are words in the User-Agents of programs that are made to find SIP accounts and their passwords, in lower case.
// Names of softphones and libraries that attackers use too (eyeBeam, PortSIP, SIPp) are not among them: phones have them.
//
// Sources, all public: the User-Agents that the programs send unless told otherwise (SIPVicious OSS: "friendly-scanner";
// SIPPTS: "pplsip"), the deny lists of Kamailio's stock kamailio.cfg and of dreadl0ck/netcap, and the firewall rules that
// FusionPBX installs ("friendly-scanner", "sipcli/", "VaxSIPUserAgent/", "pplsip").
var tools = [...]string{
	"friendly-scanner",
	"friendly-request",
	"sipvicious",
	"svmap",
	"svwar",
	"svcrack",
	"sundayddr",
	"sipcli",
	"sip-scan",
	"sipscan",
	"sipsak",
	"siparmyknife",
	"sippts",
	"pplsip",
	"vaxsipuseragent",
	"vaxipuseragent",
	"viproy",
	"sivus",
	"iwar",
	"smap",
}

// toolOf returns the name of the attack tool that a User-Agent names, or "" if it names none. A tool's name has to stand
// as a word of its own: "smap" is none in "Cosmapo". It can be forged in both directions, so it is evidence, not proof.
func toolOf(userAgent string) string {
	for _, tool := range tools {
		for at := 0; at+len(tool) <= len(userAgent); at++ {
			if hasFold(userAgent[at:], tool) && !letterAt(userAgent, at-1) && !letterAt(userAgent, at+len(tool)) {
				return tool
			}
		}
	}
	return ""
}

// hasFold tells whether s begins with a prefix of lower case, whatever the case of its ASCII letters.
func hasFold(s, prefix string) bool {
	for i := range len(prefix) {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func letterAt(s string, i int) bool {
	return i >= 0 && i < len(s) && lower(s[i]) >= 'a' && lower(s[i]) <= 'z'
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// toolNames remembers of User-Agents whether they name a tool: there are few, and each request has one. It has a fixed number
// of places; one takes that of another.
type toolNames [256]struct {
	hash   uint64
	isTool bool
}

// isTool tells whether a User-Agent names an attack tool.
func (t *toolNames) isTool(userAgent string) bool {
	hash := maphash.String(seed, userAgent)
	place := &t[hash%uint64(len(t))]
	if place.hash != hash {
		place.hash, place.isTool = hash, toolOf(userAgent) != ""
	}
	return place.isTool
}
