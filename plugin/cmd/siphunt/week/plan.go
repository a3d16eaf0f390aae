package week

import (
	"math"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// plan is a week in the making: who is there, and how many answers each will get.
type plan struct {
	traffic.Dice
	table   Table
	scale   float64
	network *network
	truth   *Truth
	sources traffic.Queue[source]
	budget  int // answers 401 and 200 that nobody has been given yet
}

func newPlan(dice traffic.Dice, table Table, scale float64) *plan {
	return &plan{
		Dice: dice, table: table, scale: scale,
		// With the square root, a small week still has some attacks beside each other on one registrar, and many registrars.
		network: newNetwork(int(1000 * math.Sqrt(scale))),
		truth:   &Truth{Scale: scale, Table: table},
		budget:  table.Relevant,
	}
}

// begin lets a source give its first answer at a time.
func (p *plan) begin(at int64, src source) {
	p.sources = append(p.sources, traffic.Due[source]{At: at, Item: src})
}

// The attacks begin when every phone has registered, and leave time for what follows them.
const (
	settled = Start + 2*traffic.Hour
	latest  = end - 4*traffic.Hour
)

// idle is idle_timeout: a plan keeps to it, so that what it plants is one incident each.
var idle = detect.DefaultConfig().IdleTimeout.Milliseconds()
