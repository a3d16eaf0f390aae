package alert

import (
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// surestOf returns the successes of the highest confidence among them, in their order.
func surestOf(all []detect.Succeeded) []detect.Succeeded {
	var surest []detect.Succeeded
	for _, s := range all {
		if len(surest) > 0 && s.Confidence > surest[0].Confidence {
			surest = nil
		}
		if len(surest) == 0 || s.Confidence == surest[0].Confidence {
			surest = append(surest, s)
		}
	}
	return surest
}

// accountsOf counts the accounts that were entered.
func accountsOf(list []detect.Succeeded) int {
	type account struct {
		registrar netip.Addr
		extension string
	}
	seen := map[account]bool{}
	for _, s := range list {
		seen[account{s.Registrar, s.Extension}] = true
	}
	return len(seen)
}

// brokenInto tells whether an attacker has probably entered an account, or surely.
func brokenInto(a *detect.Alert) bool { return a.Confidence >= detect.Probable }
