package detect

import (
	"strings"
	"testing"
)

func TestToolOf(t *testing.T) {
	for userAgent, want := range map[string]string{
		"friendly-scanner":            "friendly-scanner",
		"FRIENDLY-Scanner 0.3.4":      "friendly-scanner",
		"sipcli/v1.8":                 "sipcli",
		"SIPVicious PRO":              "sipvicious",
		"VaxSIPUserAgent/3.5":         "vaxsipuseragent",
		"sundayddr":                   "sundayddr",
		"sipsak 0.9.8":                "sipsak",
		"smap 0.6.0":                  "smap",
		"my_smap":                     "smap",
		"pplsip":                      "pplsip",
		"Cosmapo 2":                   "", // a word of its own, or none
		"smapper":                     "",
		"Lunasmap":                    "",
		"smapper and smap":            "smap",
		"eyeBeam release 3006o":       "",
		"PortSIP VoIP SDK 11.2":       "",
		"Grandstream GXP2170 1.0.9.1": "",
		"Asterisk PBX 18":             "",
		"friendly-scanne":             "",
		"friendly\u2010scanner":       "",
		"\xff\x00smap\xff":            "smap",
		"":                            "",
	} {
		if got := toolOf(userAgent); got != want {
			t.Errorf("%q: %q, want %q", userAgent, got, want)
		}
	}
}

// What is compared with them is made lower case, so they have to be.
func TestToolsAreInLowerCase(t *testing.T) {
	for _, tool := range tools {
		if tool != strings.ToLower(tool) || toolOf(tool) != tool {
			t.Errorf("%q is found as %q", tool, toolOf(tool))
		}
	}
}

func TestToolOfAllocatesNothing(t *testing.T) {
	agent := strings.Repeat("Friendly-Scanne ", 8)
	if n := testing.AllocsPerRun(100, func() { toolOf(agent) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
