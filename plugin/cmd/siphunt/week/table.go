package week

import (
	"fmt"
	"math"
	"time"
)

// Table is what Table 1 of the paper counts.
type Table struct {
	Records    int `json:"records"`     // SIP flow records
	Relevant   int `json:"relevant"`    // of them answers 401 and 200 to REGISTER
	Malicious  int `json:"malicious"`   // of these of attacks
	Attacks    int `json:"attacks"`     // brute force and scans
	BruteForce int `json:"brute_force"` // of them brute force, distributed ones too
	Scans      int `json:"scans"`       // of them scans, password sprays too
	Successful int `json:"successful"`  // of them with a success
	Strongest  int `json:"strongest"`   // attempts of the strongest brute force
	Largest    int `json:"largest"`     // extensions of the largest scan
}

// Paper is Table 1 as it was printed.
var Paper = Table{
	Records: 718_627_758, Relevant: 40_909_352, Malicious: 18_945_291,
	Attacks: 7_008, BruteForce: 6_488, Scans: 520, Successful: 7,
	Strongest: 6_930_911, Largest: 9_360,
}

// MinScale is the smallest scale at which every kind of attack still finds its place, and the strongest is the strongest.
const MinScale = 0.002

// Duration is how long a week lasts, at any scale.
const Duration = 7 * 24 * time.Hour

// Scaled multiplies every figure by scale and rounds to the nearest; no fewer remain than 6 brute force attacks, 3 scans
// with 10 extensions, and 3 successes. It fails for a scale outside MinScale to 1.
func (t Table) Scaled(scale float64) (Table, error) {
	if !(scale >= MinScale && scale <= 1) {
		return Table{}, fmt.Errorf("scale %g: must be between %g and 1, for example 0.01", scale, MinScale)
	}
	by := func(n, least int) int { return max(least, int(math.Round(float64(n)*scale))) }
	s := Table{
		Records: by(t.Records, 0), Relevant: by(t.Relevant, 0), Malicious: by(t.Malicious, 0),
		BruteForce: by(t.BruteForce, 6), Scans: by(t.Scans, 3), Successful: by(t.Successful, 3),
		Strongest: by(t.Strongest, 0), Largest: by(t.Largest, 10),
	}
	s.Attacks = s.BruteForce + s.Scans
	return s, nil
}

// heavyTail splits total into n parts, the largest first, that follow a power law down to the least of floor.
func heavyTail(total, n, floor int) []int {
	const exponent = 1.4
	sum, last := 0.0, math.Pow(float64(n), -exponent)
	for k := range n {
		sum += math.Pow(float64(k+1), -exponent) - last
	}
	parts := make([]int, n)
	left := total - n*floor
	for k := range parts {
		share := 0.0
		if sum > 0 {
			share = (math.Pow(float64(k+1), -exponent) - last) / sum
		}
		parts[k] = floor + int(share*float64(total-n*floor))
		left -= parts[k] - floor
	}
	for k := 0; left > 0; k = (k + 1) % n {
		parts[k]++
		left--
	}
	return parts
}
