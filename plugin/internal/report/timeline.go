package report

import "time"

// Timeline is how many attacks were under way, by severity, in steps of equal length.
type Timeline struct {
	StepSeconds int      `json:"step_seconds"`
	Steps       []Bucket `json:"steps"`
}

// Bucket is one step: the attacks of which an attempt may fall into it, and the accounts that were entered in it.
type Bucket struct {
	At       time.Time `json:"at"`
	Critical int       `json:"critical"`
	High     int       `json:"high"`
	Medium   int       `json:"medium"`
	Low      int       `json:"low"`
	Entered  int       `json:"entered"`
}

// steps are the lengths that people count in.
var steps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 364 * 24 * time.Hour,
}

// maxBuckets keeps bars wide enough to be seen.
const maxBuckets = 64

// timelineOf sorts attacks and break-ins into steps.
func timelineOf(all []*incident) Timeline {
	from, to := period(attacksOf(all))
	if from.IsZero() {
		return Timeline{}
	}
	for _, inc := range all {
		for _, s := range inc.entered() {
			if s.Timestamp.After(to) && s.Timestamp.Before(latest) {
				to = s.Timestamp.UTC()
			}
		}
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if to.Sub(from.Truncate(s))/s < maxBuckets {
			step = s
			break
		}
	}
	begin := from.Truncate(step)
	t := Timeline{StepSeconds: int(step.Seconds())}
	for at := begin; !at.After(to); at = at.Add(step) {
		t.Steps = append(t.Steps, Bucket{At: at})
	}
	bucket := func(at time.Time) int { return min(max(int(at.Sub(begin)/step), 0), len(t.Steps)-1) }
	for _, inc := range attacksOf(all) {
		for i := bucket(inc.Event.Start); i <= bucket(inc.Event.End); i++ {
			t.Steps[i].add(inc.Event.Severity)
		}
		for _, s := range inc.entered() {
			t.Steps[bucket(s.Timestamp)].Entered++
		}
	}
	return t
}

func attacksOf(all []*incident) []*incident {
	var attacks []*incident
	for _, inc := range all {
		if inc.isAttack() {
			attacks = append(attacks, inc)
		}
	}
	return attacks
}

// add counts an attack.
func (b *Bucket) add(severity int) {
	switch severityName(severity) {
	case "critical":
		b.Critical++
	case "high":
		b.High++
	case "medium":
		b.Medium++
	default:
		b.Low++
	}
}
