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
	severity      int // one of the four steps of Elastic Security
	weight        int // of the kind in the risk score
	tactics       []attack
	techniques    []attack
	subtechniques []attack
}

// attack is an entry of MITRE ATT&CK.
type attack struct{ id, name string }

// Steps of event.severity as Elastic Security has them.
const (
	severityLow      = 21
	severityMedium   = 47
	severityHigh     = 73
	severityCritical = 99
)

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

var rules = [...]rule{
	detect.Scan: {
		code: "SIPHUNT-001", name: "SIP extension scan", category: "reconnaissance",
		severity: severityLow, weight: 20,
		tactics: []attack{reconnaissance}, techniques: []attack{activeScanning, gatherIdentities},
	},
	detect.BruteForce: {
		code: "SIPHUNT-002", name: "SIP brute force", category: "credential-access",
		severity: severityMedium, weight: 35,
		tactics: []attack{credentialAccess}, techniques: []attack{bruteForce}, subtechniques: []attack{passwordGuessing},
	},
	detect.Distributed: {
		code: "SIPHUNT-003", name: "SIP distributed brute force", category: "credential-access",
		severity: severityHigh, weight: 50,
		tactics: []attack{credentialAccess}, techniques: []attack{bruteForce}, subtechniques: []attack{passwordGuessing},
	},
	detect.Spray: {
		code: "SIPHUNT-004", name: "SIP password spray", category: "credential-access",
		severity: severityHigh, weight: 50,
		tactics: []attack{credentialAccess}, techniques: []attack{bruteForce}, subtechniques: []attack{passwordSpraying},
	},
}

// severity is that of the kind, until there is a success.
func severity(a *detect.Alert) int {
	if a.SuccessesN > 0 {
		return severityCritical
	}
	return rules[a.Kind].severity
}

// threat gives threat.*: what the attack is in MITRE ATT&CK. A success adds the use of a valid account.
func threat(a *detect.Alert) object {
	r := rules[a.Kind]
	tactics, techniques := r.tactics, r.techniques
	if a.SuccessesN > 0 {
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

// entries gives id, name and reference as ECS has them: three lists of the same length.
func entries(catalogue string, list []attack) object {
	var ids, names, references []string
	for _, t := range list {
		ids = append(ids, t.id)
		names = append(names, t.name)
		references = append(references, "https://attack.mitre.org/"+catalogue+"/"+strings.ReplaceAll(t.id, ".", "/")+"/")
	}
	return object{{"id", ids}, {"name", names}, {"reference", references}}
}
