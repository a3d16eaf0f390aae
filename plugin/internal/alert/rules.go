package alert

import (
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// rule is what is said of every incident of a kind. See detect/RULES.md for when there is one.
type rule struct {
	code          string
	name          string
	category      string
	weight        float64 // of the kind in the risk score
	tactics       []attack
	techniques    []attack
	subtechniques []attack

	manyClients, manyExtensions, manyRegistrars bool // which of them there are several of
}

// attack is an entry of MITRE ATT&CK.
type attack struct{ id, name string }

var (
	reconnaissance   = attack{"TA0043", "Reconnaissance"}
	credentialAccess = attack{"TA0006", "Credential Access"}
	initialAccess    = attack{"TA0001", "Initial Access"}
	activeScanning   = attack{"T1595", "Active Scanning"}
	gatherIdentities = attack{"T1589", "Gather Victim Identity Information"}
	bruteForce       = attack{"T1110", "Brute Force"}
	passwordGuessing = attack{"T1110.001", "Password Guessing"}
	passwordSpraying = attack{"T1110.003", "Password Spraying"}
	validAccounts    = attack{"T1078", "Valid Accounts"}
)

var (
	scanning = []attack{activeScanning, gatherIdentities}
	guessing = []attack{bruteForce}
	both     = []attack{activeScanning, gatherIdentities, bruteForce}
)

var rules = [...]rule{
	detect.Scan: {
		code: "SIPHUNT-001", name: "SIP extension scan", category: "reconnaissance", weight: 20, manyExtensions: true,
		tactics: []attack{reconnaissance}, techniques: scanning,
	},
	detect.BruteForce: {
		code: "SIPHUNT-002", name: "SIP brute force", category: "credential-access", weight: 35,
		tactics: []attack{credentialAccess}, techniques: guessing, subtechniques: []attack{passwordGuessing},
	},
	detect.Distributed: {
		code: "SIPHUNT-003", name: "SIP distributed brute force", category: "credential-access", weight: 50, manyClients: true,
		tactics: []attack{credentialAccess}, techniques: guessing, subtechniques: []attack{passwordGuessing},
	},
	detect.Spray: {
		code: "SIPHUNT-004", name: "SIP password spray", category: "credential-access", weight: 50, manyExtensions: true,
		tactics: []attack{credentialAccess}, techniques: guessing, subtechniques: []attack{passwordSpraying},
	},
	detect.HorizontalScan: {
		code: "SIPHUNT-005", name: "SIP horizontal scan", category: "reconnaissance", weight: 50, manyExtensions: true, manyRegistrars: true,
		tactics: []attack{reconnaissance, credentialAccess}, techniques: both,
	},
	detect.DistributedScan: {
		code: "SIPHUNT-006", name: "SIP distributed scan", category: "reconnaissance", weight: 50, manyClients: true, manyExtensions: true,
		tactics: []attack{reconnaissance, credentialAccess}, techniques: both,
	},
	detect.Outage: {
		code: "SIPHUNT-007", name: "SIP registrar outage", category: "availability", manyClients: true, manyExtensions: true,
	},
}

// threat returns threat.*: what the attack is in MITRE ATT&CK, nothing if it is none. A break-in adds the use of a valid
// account.
func threat(a *detect.Alert) object {
	r := rules[a.Kind]
	if len(r.tactics) == 0 {
		return nil
	}
	tactics, techniques := r.tactics, r.techniques
	if brokenInto(a) {
		tactics = slices.Concat(tactics, []attack{initialAccess})
		techniques = slices.Concat(techniques, []attack{validAccounts})
	}
	technique := entries("techniques", techniques)
	if len(r.subtechniques) > 0 {
		technique = append(technique, field{"subtechnique", entries("techniques", r.subtechniques)})
	}
	return object{
		{"framework", "MITRE ATT&CK"},
		{"tactic", entries("tactics", tactics)},
		{"technique", technique},
	}
}

// entries returns id, name and reference as ECS has them: three lists of the same length.
func entries(catalogue string, list []attack) object {
	var ids, names, references []string
	for _, t := range list {
		ids = append(ids, t.id)
		names = append(names, t.name)
		references = append(references, "https://attack.mitre.org/"+catalogue+"/"+strings.ReplaceAll(t.id, ".", "/")+"/")
	}
	return object{{"id", ids}, {"name", names}, {"reference", references}}
}
