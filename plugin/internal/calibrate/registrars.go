package calibrate

import (
	"cmp"
	"net/netip"
	"slices"
)

// registrars has figures of the busiest registrars, and of all others together.
type registrars struct {
	tracked map[netip.Addr]*figures
	rest    *figures
	counts  map[netip.Addr]uint64 // runs; of those that are not tracked the busiest are kept
	last    netip.Addr            // that figures were asked for
	found   *figures              // of it
}

const (
	maxTracked = 16   // registrars that have figures of their own
	maxCounted = 4096 // registrars that are counted, so that they may get some
	muchBusier = 2    // times as many runs as the least of those that have some
)

func newRegistrars() registrars {
	return registrars{tracked: map[netip.Addr]*figures{}, rest: new(figures), counts: map[netip.Addr]uint64{}}
}

// of returns the figures that those of a registrar are counted in.
func (r *registrars) of(a netip.Addr) *figures {
	if a == r.last && r.found != nil {
		return r.found
	}
	f := r.tracked[a]
	switch {
	case f != nil:
	case a.IsValid() && len(r.tracked) < maxTracked:
		f = new(figures)
		r.tracked[a] = f
	default:
		f = r.rest
	}
	r.last, r.found = a, f
	return f
}

// count counts a run of a registrar.
func (r *registrars) count(a netip.Addr) {
	r.counts[a]++
	if len(r.counts) <= maxCounted {
		return
	}
	for _, idle := range r.busiest()[maxCounted/2:] {
		if r.tracked[idle] == nil {
			delete(r.counts, idle)
		}
	}
}

// busiest returns those that are counted, busiest first.
func (r *registrars) busiest() []netip.Addr {
	all := make([]netip.Addr, 0, len(r.counts))
	for a := range r.counts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(r.counts[b], r.counts[a]), a.Compare(b)) })
	return all
}

// choose gives figures of their own to registrars that have become much busier than the least of those that have some, whose
// figures go to the rest.
func (r *registrars) choose() {
	if len(r.tracked) < maxTracked {
		return
	}
	all := r.busiest()
	slices.Reverse(all)
	least := slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return r.tracked[a] == nil })
	slices.Reverse(all)
	for _, a := range all[:min(len(all), maxTracked)] {
		if r.tracked[a] != nil || len(least) == 0 || r.counts[a] < muchBusier*r.counts[least[0]] {
			continue
		}
		r.rest.merge(r.tracked[least[0]])
		delete(r.tracked, least[0])
		least = least[1:]
		r.tracked[a] = new(figures)
	}
	r.found = nil
}

// add takes over the figures of other ones, which had them earlier and so may keep theirs.
func (r *registrars) add(earlier *registrars) {
	r.found = nil
	r.rest.merge(earlier.rest)
	for a, n := range earlier.counts {
		r.counts[a] += n
	}
	own := r.tracked
	r.tracked = earlier.tracked
	for a, f := range own {
		r.of(a).merge(f)
	}
	r.found = nil
}

// sum returns the figures of all but some registrars.
func (r *registrars) sum(without ...netip.Addr) *figures {
	all := new(figures)
	all.merge(r.rest)
	for a, f := range r.tracked {
		if !slices.Contains(without, a) {
			all.merge(f)
		}
	}
	return all
}
