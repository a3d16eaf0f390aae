package week

import (
	"fmt"
	"net/netip"
	"reflect"

	"github.com/siphunt/siphunt/detect"
)

// Result is a truth beside what was found.
type Result struct {
	Truth   *Truth
	Found   Table // of what was found, misconfigured phones left out. Records and Relevant are 0 where only alerts are known
	Further int   // rejections 403 and 404 in it
	Known   int   // incidents with KnownClient

	Missed    []*Attack          // planted, and nothing was found
	False     []*Incident        // found, and nothing was planted
	Merged    []*Incident        // one was found for several that were planted
	Split     []*Attack          // several were found for one that was planted
	Different []Match            // one was found for one, but not with the same figures
	Delays    map[string][]int64 // by class, milliseconds

	Cost *Cost // nil where only alerts are known
}

// Match is what was planted and what was found of it.
type Match struct {
	Planted *Attack
	Found   *Incident
}

// Exact says that all that was planted was found with its exact figures, and nothing else.
func (r *Result) Exact() bool {
	return len(r.Missed)+len(r.False)+len(r.Merged)+len(r.Split)+len(r.Different) == 0
}

// Compare holds what was found beside the truth.
func Compare(truth *Truth, found []*Incident) *Result {
	r := &Result{Truth: truth, Delays: map[string][]int64{}}
	planted := map[netip.Addr][]*Attack{}
	for _, list := range [][]*Attack{truth.Attacks, truth.Misconfigured} {
		for _, a := range list {
			planted[a.Registrar] = append(planted[a.Registrar], a)
		}
	}
	foundOf := map[*Attack][]*Incident{}
	plantedOf := map[*Incident][]*Attack{}
	for _, inc := range found {
		r.count(inc)
		for _, a := range planted[inc.Registrar] {
			if a.touches(&inc.Attack) {
				foundOf[a] = append(foundOf[a], inc)
				plantedOf[inc] = append(plantedOf[inc], a)
			}
		}
	}
	for _, inc := range found {
		switch list := plantedOf[inc]; {
		case len(list) == 0:
			r.False = append(r.False, inc)
		case len(list) > 1:
			r.Merged = append(r.Merged, inc)
		case len(foundOf[list[0]]) == 1:
			r.match(list[0], inc)
		}
	}
	for _, list := range [][]*Attack{truth.Attacks, truth.Misconfigured} {
		for _, a := range list {
			switch n := len(foundOf[a]); {
			case n == 0:
				r.Missed = append(r.Missed, a)
			case n > 1:
				r.Split = append(r.Split, a)
			}
		}
	}
	return r
}

// touches says whether two may be the same: at the same time, with the client or the extension in common, and neither
// different. A scan has no one extension to compare, a distributed attack no one client.
func (a *Attack) touches(b *Attack) bool {
	clients := a.Client.IsValid() && b.Client.IsValid()
	extensions := a.Extension != "" && b.Extension != ""
	return a.First <= b.Last && b.First <= a.Last && (clients || extensions) &&
		(!clients || a.Client == b.Client) && (!extensions || a.Extension == b.Extension)
}

// match compares figures, and notes how long the reports took.
func (r *Result) match(a *Attack, inc *Incident) {
	if !reflect.DeepEqual(*a, inc.Attack) {
		r.Different = append(r.Different, Match{a, inc})
	}
	for _, o := range inc.Opened {
		c := delayClass(a, o.Kind)
		r.Delays[c] = append(r.Delays[c], o.Delay)
	}
}

// The classes of delays, which have bounds of their own.
const (
	delayRefusals   = "extension-scan, 404"
	delayChallenges = "extension-scan, challenges"
)

// delayClass tells scans by what they are answered: a challenge alone proves nothing until its grace is over.
func delayClass(a *Attack, kind string) string {
	switch {
	case kind != detect.Scan.String():
		return kind
	case a.Rejections[404] > 0:
		return delayRefusals
	}
	return delayChallenges
}

// DelayBound is how long the report of a class may take, in milliseconds.
func DelayBound(class string, c *detect.Config) int64 {
	bound := c.CheckInterval
	if class == delayChallenges {
		bound += c.ChallengeGrace
	}
	return bound.Milliseconds()
}

// count adds an incident to the table.
func (r *Result) count(inc *Incident) {
	if inc.KnownClient {
		r.Known++
		return
	}
	t := &r.Found
	t.Attacks++
	t.Malicious += inc.Rejections[401] + len(inc.Successes)
	r.Further += inc.Attempts - inc.Rejections[401]
	t.Successful += min(1, len(inc.Successes))
	switch inc.Kind {
	case detect.Scan.String(), detect.Spray.String():
		t.Scans++
		t.Largest = max(t.Largest, inc.Extensions)
	default:
		t.BruteForce++
		t.Strongest = max(t.Strongest, inc.Attempts)
	}
}

// Faults is one line for each thing that is wrong.
func (r *Result) Faults() (lines []string) {
	for _, a := range r.Missed {
		lines = append(lines, fmt.Sprint("missed: ", a))
	}
	for _, inc := range r.False {
		lines = append(lines, fmt.Sprint("false: ", &inc.Attack))
	}
	for _, inc := range r.Merged {
		lines = append(lines, fmt.Sprint("merged: ", &inc.Attack))
	}
	for _, a := range r.Split {
		lines = append(lines, fmt.Sprint("split: ", a))
	}
	for _, m := range r.Different {
		lines = append(lines, fmt.Sprintf("different: planted %v\n           found   %v", m.Planted, &m.Found.Attack))
	}
	return lines
}
