package alert

import "github.com/siphunt/siphunt/detect"

// Tally is how many alerts there are of each kind in each state. The zeros of both, which no alert has, are in it.
type Tally [detect.Outage + 1][detect.Withdrawn + 1]uint64
