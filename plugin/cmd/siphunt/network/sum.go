package network

import "fmt"

// Sum is what was told of several networks together.
func Sum(results []*Result) *Result {
	if len(results) == 1 {
		return results[0]
	}
	all := new(Result)
	byKind := map[string]*KindResult{}
	for _, r := range results {
		for _, k := range r.Kinds {
			if byKind[k.Kind] == nil {
				byKind[k.Kind] = &KindResult{Kind: k.Kind}
				all.Kinds = append(all.Kinds, byKind[k.Kind])
			}
			byKind[k.Kind].add(k)
		}
		for c := range r.Causes {
			all.Causes[c].add(&r.Causes[c])
		}
		all.Missed = append(all.Missed, r.ofSeed(r.Missed)...)
		all.Inexact = append(all.Inexact, r.ofSeed(r.Inexact)...)
		all.False = append(all.False, r.ofSeed(r.False)...)
	}
	return all
}

func (r *Result) ofSeed(lines []string) []string {
	list := make([]string, len(lines))
	for i, line := range lines {
		list[i] = fmt.Sprintf("seed %d: %s", r.Truth.Options.Seed, line)
	}
	return list
}

func (k *KindResult) add(o *KindResult) {
	k.Planted += o.Planted
	k.Told += o.Told
	k.FromFirst = append(k.FromFirst, o.FromFirst...)
	k.FromLast = append(k.FromLast, o.FromLast...)
	k.Exact += o.Exact
	k.Worst = max(k.Worst, o.Worst)
	k.Incidents += o.Incidents
	k.Most = max(k.Most, o.Most)
	k.Campaigns += o.Campaigns
	k.BreakIns += o.BreakIns
	k.BreakInsTold += o.BreakInsTold
	addAll(k.Confidences[:], o.Confidences[:])
	addAll(k.HighestSeverity[:], o.HighestSeverity[:])
}

func (c *CauseResult) add(o *CauseResult) {
	c.Registrations += o.Registrations
	addAll(c.Alerts[:], o.Alerts[:])
	addAll(c.Incidents[:], o.Incidents[:])
	addAll(c.Accused[:], o.Accused[:])
}

func addAll(to, from []int) {
	for i, n := range from {
		to[i] += n
	}
}

// Good is all causes together.
func (r *Result) Good() (sum CauseResult) {
	for i := range r.Causes {
		sum.add(&r.Causes[i])
	}
	return sum
}

// Critical is how many alerts have severity 99; a good phone among the confirmed break-ins of an attack is as good as one.
func (c *CauseResult) Critical() int { return c.Alerts[len(severities)-1] + c.Accused[1] }

// Serious is how many incidents have severity 47 or more, likewise.
func (c *CauseResult) Serious() (n int) {
	n = c.Accused[0] + c.Accused[1]
	for _, k := range c.Incidents[1:] {
		n += k
	}
	return n
}
