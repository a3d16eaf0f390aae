package week

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// source gives one answer after the other.
type source interface {
	// answer fills s with the answer that is due at s.Flow.Time, and returns the time of the next, 0 after the last.
	answer(s *Step, rng *rand.Rand) int64
}

// Step is one answer to a REGISTER, and what passed before it.
type Step struct {
	// Others is how many records that are neither answers to REGISTER nor their requests passed since the step before,
	// evenly spread over the time between.
	Others int
	Flow   detect.Flow // the answer; UserAgent is that of its request. Status is 0 where nobody was answered for a while
	CallID uint64      // of both
	CSeq   int         // of both
}

// Request is the request that the answer answers: the same without a status.
func (s *Step) Request() detect.Flow {
	f := s.Flow
	f.Status = 0
	return f
}

// Answer is the answer as an exporter reports it: without the request's User-Agent.
func (s *Step) Answer() detect.Flow {
	f := s.Flow
	f.UserAgent = ""
	return f
}

// Generator makes a week. The same seed and scale make the same.
type Generator struct {
	rng    *rand.Rand
	queue  traffic.Queue[source]
	truth  *Truth
	others int   // records that are to be given as Others, in all
	given  int   // of them so far
	now    int64 // time of the last step
}

// Start is when every week begins: Monday, 2 November 2026, 00:00 UTC, in Unix milliseconds.
const Start int64 = 1_793_577_600_000

const (
	end   = Start + int64(Duration/time.Millisecond)
	pause = traffic.Second // how long a step is at most, so that it is no more than some thousand records
)

// New plans a week. It fails for a scale outside MinScale to 1.
func New(seed uint64, scale float64) (*Generator, error) {
	table, err := Paper.Scaled(scale)
	if err != nil {
		return nil, err
	}
	p := newPlan(traffic.NewDice(seed), table, scale)
	p.campaign()
	p.population()
	p.truth.Seed = seed
	p.sources.Order()
	return &Generator{
		rng:    p.Rand,
		queue:  p.sources,
		truth:  p.truth,
		others: table.Records - 2*(table.Relevant+p.truth.Further),
		now:    Start,
	}, nil
}

// Next fills s with the next step. It returns false after the last.
func (g *Generator) Next(s *Step) bool {
	if g.now == end {
		return false
	}
	*s = Step{}
	at := min(g.now+pause, end)
	if len(g.queue) > 0 && g.queue[0].At <= at {
		at = g.queue[0].At
		s.Flow.Time, s.Flow.Transport = at, detect.UDP
		g.queue.Reschedule(g.queue[0].Item.answer(s, g.rng))
	}
	s.Flow.Time, g.now = at, at
	due := int(float64(g.others) * passed(at))
	s.Others, g.given = due-g.given, due
	return true
}

// Truth is what was in the week. It is complete once Next has returned false.
func (g *Generator) Truth() *Truth { return g.truth }

// passed is the share of a week's calls that was made until t: few at night, many by day.
func passed(t int64) float64 {
	const swing = 0.7 // the rate is 0.3 to 1.7 times the mean
	week := float64(t-Start) / float64(end-Start)
	day := 2 * math.Pi * 7 * week
	return min(1, week-swing*math.Sin(day)/(2*math.Pi*7))
}
