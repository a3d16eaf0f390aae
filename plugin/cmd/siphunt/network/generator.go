package network

import (
	"fmt"
	"strings"
	"time"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// Options say which network.
type Options struct {
	Seed       uint64 `json:"seed"`
	Registrars int    `json:"registrars"`
	Phones     int    `json:"phones"`
	Hours      int    `json:"hours"`
	Exporter   string `json:"exporter"`
}

// DefaultOptions are those of a small network.
var DefaultOptions = Options{Seed: 1, Registrars: 40, Phones: 3000, Hours: 26, Exporter: Prompt}

// The smallest network that has everything in it.
const (
	MinPhones = 2000
	MinHours  = 12
)

func (o *Options) validate() error {
	switch {
	case o.Registrars < MinRegistrars:
		return fmt.Errorf("%d registrars: at least %d are needed for every kind of traffic", o.Registrars, MinRegistrars)
	case o.Phones < MinPhones:
		return fmt.Errorf("%d phones: at least %d are needed for every kind of traffic", o.Phones, MinPhones)
	case o.Hours < MinHours || o.Hours > 1000:
		return fmt.Errorf("%d hours: must be from %d to 1000", o.Hours, MinHours)
	}
	if _, ok := models[o.Exporter]; !ok {
		return fmt.Errorf("exporter %q is none: choose one of %s", o.Exporter, strings.Join(Exporters, ", "))
	}
	return nil
}

// Start is when every network's recording begins, Unix milliseconds: Monday, 2 November 2026, 00:00 UTC.
const Start int64 = 1_793_577_600_000

// source is who acts from time to time.
type source interface {
	// act does what is due now, and returns when it acts again, 0 for never.
	act(g *Generator, now int64) int64
}

// Generator makes the records of a network, in the order in which they arrive. The same options make the same.
type Generator struct {
	link
	sources traffic.Queue[source]
	truth   *Truth
}

// New plans a network. It fails for options that leave no room for everything.
func New(o Options) (*Generator, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	p := newPlan(o)
	p.population()
	p.campaign()
	p.sources.Order()
	return &Generator{
		link:    link{Dice: p.Dice, model: p.model, end: p.end},
		sources: p.sources,
		truth:   p.truth,
	}, nil
}

// Next fills r with the next record. It returns false after the last.
func (g *Generator) Next(r *Record) bool {
	for len(g.sources) > 0 && (len(g.queue) == 0 || g.sources[0].At <= g.queue[0].At) {
		now := g.sources[0].At
		next := int64(0)
		if now < g.end {
			next = g.sources[0].Item.act(g, now)
		}
		g.sources.Reschedule(next)
	}
	if len(g.queue) == 0 {
		return false
	}
	g.receive(r)
	g.truth.Records++
	return true
}

// Truth is what was in the network. It is complete once Next has returned false.
func (g *Generator) Truth() *Truth { return g.truth }

// plan is a network in the making.
type plan struct {
	traffic.Dice
	servers
	options Options
	model   model
	end     int64
	sources traffic.Queue[source]
	truth   *Truth

	phoneAddresses, phonePrefixes, attackerAddresses, attackerPrefixes uint32 // given away
}

func newPlan(o Options) *plan {
	p := &plan{
		Dice: traffic.NewDice(o.Seed), options: o, model: models[o.Exporter],
		end:   Start + int64(o.Hours)*int64(time.Hour/time.Millisecond),
		truth: newTruth(o),
	}
	p.settle(o.Registrars)
	return p
}

// begin lets a source act at a time.
func (p *plan) begin(at int64, s source) {
	p.sources = append(p.sources, traffic.Due[source]{At: at, Item: s})
}
