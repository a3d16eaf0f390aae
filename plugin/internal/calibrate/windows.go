package calibrate

import (
	"encoding/binary"
	"maps"
	"net/netip"

	"github.com/siphunt/siphunt/detect"
)

// windows counts the extensions and the registrars that clients are accepted on within half an hour. Where there is too much it looks at
// a sample of the clients, by the hash of their address: half of them, a quarter, ... Its maps keep their memory from window to window.
type windows struct {
	seen   map[visit]struct{}
	places map[place]int32      // how many extensions
	hosts  map[netip.Addr]int32 // how many registrars
	halved uint                 // how often the sample was halved
}

// visit is a client that was accepted on an extension of a registrar.
type visit struct {
	client netip.Addr
	where  uint64 // hash of both
}

// place is a client at a registrar.
type place struct{ registrar, client netip.Addr }

const maxVisits = 1 << 13 // in the sample

func newWindows() windows {
	return windows{seen: map[visit]struct{}{}, places: map[place]int32{}, hosts: map[netip.Addr]int32{}}
}

func (w *windows) isSampled(a netip.Addr) bool { return hashAddress(a)>>(64-w.halved) == 0 }

// note takes an acceptance.
func (w *windows) note(r *detect.RunEnd) {
	if !w.isSampled(r.Client) {
		return
	}
	v := visit{r.Client, mix(hashAddress(r.Registrar) ^ hashText(r.Extension))}
	if _, known := w.seen[v]; known {
		return
	}
	if len(w.seen) >= maxVisits {
		w.halve()
		return
	}
	w.seen[v] = struct{}{}
	at := place{r.Registrar, r.Client}
	if w.places[at]++; w.places[at] == 1 {
		w.hosts[r.Client]++
	}
}

// halve makes the sample smaller. One client alone may be all of it: then no more comes in.
func (w *windows) halve() {
	w.halved = min(w.halved+1, 63)
	maps.DeleteFunc(w.seen, func(v visit, _ struct{}) bool { return !w.isSampled(v.client) })
	maps.DeleteFunc(w.places, func(p place, _ int32) bool { return !w.isSampled(p.client) })
	maps.DeleteFunc(w.hosts, func(a netip.Addr, _ int32) bool { return !w.isSampled(a) })
}

// flush adds what was counted to the figures, and begins anew.
func (w *windows) flush(r *registrars) {
	for _, n := range w.hosts {
		r.rest[registrarsPerClient][good].add(int64(n))
	}
	for p, n := range w.places {
		r.of(p.registrar)[extensionsPerClient][good].add(int64(n))
	}
	if len(w.seen) < maxVisits/4 && w.halved > 0 {
		w.halved--
	}
	clear(w.seen)
	clear(w.places)
	clear(w.hosts)
}

// The hashes are the same in every process, so that results are. Who chooses addresses or names that collide makes counts of a sample
// smaller, no more. That of a text is FNV-1a, mixed at the end, so that the upper bits depend on all bytes.
const (
	fnvBasis = 0xcbf29ce484222325
	fnvPrime = 0x100000001b3
)

func hashText(s string) uint64 {
	h := uint64(fnvBasis)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return mix(h)
}

func hashAddress(a netip.Addr) uint64 {
	b := a.As16()
	return mix(mix(binary.BigEndian.Uint64(b[:8])^fnvBasis) ^ binary.BigEndian.Uint64(b[8:]))
}

func mix(h uint64) uint64 {
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}
