package calibrate

import (
	"cmp"
	"net/netip"
	"slices"
)

// registrars has figures of the busiest registrars, and of all others together.
type registrars struct {
	tracked map[netip.Addr]*tracked
	rest    *figures
	others  map[netip.Addr]uint64 // runs of registrars without figures of their own; the busiest are kept
	last    netip.Addr            // that was asked for
	found   *tracked              // of it, nil for none
}

// tracked is a registrar with figures of its own.
type tracked struct {
	figures
	runs uint64
}

const (
	maxTracked = 16   // registrars that have figures of their own
	maxCounted = 4096 // others that are counted, so that they may get some
	muchBusier = 2    // times as many runs as the least of those that have some
)

func newRegistrars() registrars {
	return registrars{tracked: map[netip.Addr]*tracked{}, rest: new(figures), others: map[netip.Addr]uint64{}}
}

// find returns a registrar that has figures of its own, or gets them, and nil for another one.
func (r *registrars) find(a netip.Addr) *tracked {
	if a == r.last {
		return r.found
	}
	t := r.tracked[a]
	if t == nil && a.IsValid() && len(r.tracked) < maxTracked {
		t = &tracked{runs: r.others[a]}
		delete(r.others, a)
		r.tracked[a] = t
	}
	r.last, r.found = a, t
	return t
}

// forgetLast has the next one looked up.
func (r *registrars) forgetLast() { r.last, r.found = netip.Addr{}, nil }

// of returns the figures that those of a registrar are counted in.
func (r *registrars) of(a netip.Addr) *figures {
	if t := r.find(a); t != nil {
		return &t.figures
	}
	return r.rest
}

// count counts a run of a registrar, and returns its figures.
func (r *registrars) count(a netip.Addr) *figures {
	if t := r.find(a); t != nil {
		t.runs++
		return &t.figures
	}
	r.others[a]++
	if len(r.others) > maxCounted {
		for _, idle := range byRuns(r.others)[maxCounted/2:] {
			delete(r.others, idle)
		}
	}
	return r.rest
}

// byRuns returns registrars, busiest first.
func byRuns(counts map[netip.Addr]uint64) []netip.Addr {
	all := make([]netip.Addr, 0, len(counts))
	for a := range counts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), a.Compare(b)) })
	return all
}

// busiest returns those that have figures, busiest first.
func (r *registrars) busiest() []netip.Addr {
	counts := map[netip.Addr]uint64{}
	for a, t := range r.tracked {
		counts[a] = t.runs
	}
	return byRuns(counts)
}

// choose gives figures of their own to registrars that have become much busier than the least of those that have some, whose
// figures go to the rest.
func (r *registrars) choose() {
	for {
		mine, others := r.busiest(), byRuns(r.others)
		if len(mine) < maxTracked || len(others) == 0 {
			return
		}
		least := mine[len(mine)-1]
		if r.others[others[0]] < muchBusier*r.tracked[least].runs {
			return
		}
		r.rest.merge(&r.tracked[least].figures)
		r.others[least] = r.tracked[least].runs
		delete(r.tracked, least)
		r.forgetLast()
		r.find(others[0])
	}
}

// add takes over the figures of other ones, which had them earlier and so may keep theirs.
func (r *registrars) add(earlier *registrars) {
	own := r.tracked
	r.tracked = earlier.tracked
	r.forgetLast()
	r.rest.merge(earlier.rest)
	for a, n := range earlier.others {
		r.others[a] += n
	}
	for _, a := range byRuns(r.others) {
		if t := r.tracked[a]; t != nil {
			t.runs += r.others[a]
			delete(r.others, a)
		}
	}
	for a, t := range own {
		r.of(a).merge(&t.figures)
		if to := r.find(a); to != nil {
			to.runs += t.runs
		} else {
			r.others[a] += t.runs
		}
	}
}

// sum returns the figures of all but some registrars.
func (r *registrars) sum(without ...netip.Addr) *figures {
	all := new(figures)
	all.merge(r.rest)
	for a, t := range r.tracked {
		if !slices.Contains(without, a) {
			all.merge(&t.figures)
		}
	}
	return all
}
