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

// attack is an entry of MITRE ATT&CK, a technique with the tactic that it serves here.
type attack struct{ id, name, tactic string }

func (e attack) reference(catalogue string) string {
	return "https://attack.mitre.org/" + catalogue + "/" + strings.ReplaceAll(e.id, ".", "/") + "/"
}

var (
	reconnaissance   = attack{id: "TA0043", name: "Reconnaissance"}
	credentialAccess = attack{id: "TA0006", name: "Credential Access"}
	initialAccess    = attack{id: "TA0001", name: "Initial Access"}
	activeScanning   = attack{"T1595", "Active Scanning", "TA0043"}
	gatherIdentities = attack{"T1589", "Gather Victim Identity Information", "TA0043"}
	bruteForce       = attack{"T1110", "Brute Force", "TA0006"}
	passwordGuessing = attack{"T1110.001", "Password Guessing", "TA0006"}
	passwordSpraying = attack{"T1110.003", "Password Spraying", "TA0006"}
	validAccounts    = attack{"T1078", "Valid Accounts", "TA0001"}
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

// attacksOf returns what the attack is in MITRE ATT&CK, nothing if it is none. A break-in adds the use of a valid account.
func attacksOf(a *detect.Alert) (tactics, techniques []attack) {
	r := rules[a.Kind]
	if !brokenInto(a) {
		return r.tactics, r.techniques
	}
	return slices.Concat(r.tactics, []attack{initialAccess}), slices.Concat(r.techniques, []attack{validAccounts})
}

// threat returns threat.*.
func threat(a *detect.Alert) object {
	tactics, techniques := attacksOf(a)
	if len(tactics) == 0 {
		return nil
	}
	technique := entries("techniques", techniques)
	if sub := rules[a.Kind].subtechniques; len(sub) > 0 {
		technique = append(technique, field{"subtechnique", entries("techniques", sub)})
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
		references = append(references, t.reference(catalogue))
	}
	return object{{"id", ids}, {"name", names}, {"reference", references}}
}
