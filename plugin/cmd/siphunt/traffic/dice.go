package traffic

import (
	"math"
	"math/rand/v2"
	"time"
)

// Milliseconds of what plans are made of.
const (
	Second = int64(time.Second / time.Millisecond)
	Minute = 60 * Second
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// Dice draw what a plan leaves to chance.
type Dice struct{ *rand.Rand }

// NewDice gives the same numbers for the same seed.
func NewDice(seed uint64) Dice { return Dice{rand.New(rand.NewPCG(seed, 0))} }

// Percent is true of n in 100.
func (d Dice) Percent(n int) bool { return d.IntN(100) < n }

// Between draws a time or a length, both ends included.
func (d Dice) Between(low, high int64) int64 { return low + d.Int64N(high-low+1) }

// LogUniform draws a number, as likely from 1 to 10 as from 10 to 100.
func (d Dice) LogUniform(low, high float64) float64 {
	return low * math.Pow(high/low, d.Float64())
}

// One draws one of several.
func One[T any](d Dice, of []T) T { return of[d.IntN(len(of))] }
