package week

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// plan is a week in the making: who is there, and how many answers each will get.
type plan struct {
	rng     *rand.Rand
	table   Table
	scale   float64
	network *network
	truth   *Truth
	sources queue
	budget  int // answers 401 and 200 that nobody has been given yet
}

func newPlan(rng *rand.Rand, table Table, scale float64) *plan {
	return &plan{
		rng: rng, table: table, scale: scale,
		// With the square root, a small week still has some attacks beside each other on one registrar, and many registrars.
		network: newNetwork(int(1000 * math.Sqrt(scale))),
		truth:   &Truth{Scale: scale, Table: table},
		budget:  table.Relevant,
	}
}

// begin lets a source give its first answer at a time.
func (p *plan) begin(at int64, src source) { p.sources = append(p.sources, due{at, src}) }

// percent is true of n in 100.
func (p *plan) percent(n int) bool { return p.rng.IntN(100) < n }

// between draws a time or a length, both ends included.
func (p *plan) between(low, high int64) int64 { return low + p.rng.Int64N(high-low+1) }

// logUniform draws a number, as likely from 1 to 10 as from 10 to 100.
func (p *plan) logUniform(low, high float64) float64 {
	return low * math.Pow(high/low, p.rng.Float64())
}

// one draws one of several.
func one[T any](p *plan, of []T) T { return of[p.rng.IntN(len(of))] }

// Milliseconds of what plans are made of.
const (
	second = int64(time.Second / time.Millisecond)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// The attacks begin when every phone has registered, and leave time for what follows them.
const (
	settled = Start + 2*hour
	latest  = end - 4*hour
)

// idle is idle_timeout: a plan keeps to it, so that what it plants is one incident each.
var idle = detect.DefaultConfig().IdleTimeout.Milliseconds()
