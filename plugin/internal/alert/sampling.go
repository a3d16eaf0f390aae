package alert

import (
	"slices"

	"github.com/siphunt/siphunt/detect"
)

// scale brings the figures of an alert from what a sample of 1 in n packets shows to what there was, about: attempts, in all and of
// each client, extension, registrar and status. How many clients, extensions and successes there were does not follow from a
// sample, and a threshold was crossed by what was counted. The lists of a are its own but for Rejections.
func scale(a *detect.Alert, n int) {
	a.Attempts *= n
	a.Rejections = slices.Clone(a.Rejections)
	for i := range a.Rejections {
		a.Rejections[i].Attempts *= n
	}
	for _, members := range [...][]detect.Member{a.Clients.Top, a.Extensions.Top, a.Registrars.Top} {
		for i := range members {
			members[i].Attempts *= n
		}
	}
	for i := range a.Successes {
		a.Successes[i].Attempts *= n
	}
}
