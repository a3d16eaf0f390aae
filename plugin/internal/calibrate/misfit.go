package calibrate

import (
	"fmt"

	"github.com/siphunt/siphunt/detect"
)

// day is how often Misfit says something at most, and how much it has to see first, in milliseconds.
const day = 24 * 3_600_000

// Misfit says, once a day at most, what of a configuration does not fit the network: thresholds that phones reach, acceptances that
// come later than they are waited for, too little room. It is empty if there is nothing to say, or too early.
func (c *Collector) Misfit(cfg *detect.Config) string {
	if c.now-c.first < day || c.now-c.warned < day {
		return ""
	}
	c.warned = c.now // whatever is found: it takes some time to look
	recs, overrides := c.recommend(cfg)
	var first *Recommendation
	where, more := "", 0
	look := func(recs []Recommendation, at string) {
		for i := range recs {
			switch {
			case recs[i].Verdict != Raise:
			case first == nil:
				first, where = &recs[i], at
			default:
				more++
			}
		}
	}
	look(recs, "")
	for i := range overrides {
		look(overrides[i].Recommendations, " at "+overrides[i].Registrar.String())
	}
	if first == nil {
		return ""
	}
	text := fmt.Sprintf("%s = %s does not fit this network%s, %s would: %s", first.Key, first.Present, where, first.Recommended, first.Reason)
	if more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
