package calibrate

import (
	"net/netip"
	"slices"

	"github.com/siphunt/siphunt/detect"
)

// windows counts the extensions and the registrars that clients are accepted on within half an hour. Where there are too many clients it
// looks at a sample of them, by the hash of their address: half of them, a quarter, ...
type windows struct {
	clients map[netip.Addr][]visited
	halved  uint // how often the sample was halved
	kept    int  // hashes of extensions
}

// visited is a registrar where a client was accepted.
type visited struct {
	registrar  netip.Addr
	extensions []uint64 // hashes
}

const (
	maxWindows = 4096      // clients in the sample
	maxKept    = 16 * 4096 // their extensions
	maxVisited = 64        // registrars of a client
)

func newWindows() windows { return windows{clients: map[netip.Addr][]visited{}} }

func (w *windows) isSampled(a netip.Addr) bool { return hashAddress(a)>>(64-w.halved) == 0 }

// note takes an acceptance.
func (w *windows) note(r *detect.RunEnd) {
	if !w.isSampled(r.Client) {
		return
	}
	list, known := w.clients[r.Client]
	if !known && len(w.clients) >= maxWindows || w.kept >= maxKept {
		w.halve()
		return
	}
	at := slices.IndexFunc(list, func(v visited) bool { return v.registrar == r.Registrar })
	if at < 0 {
		if len(list) >= maxVisited {
			return
		}
		at = len(list)
		list = append(list, visited{registrar: r.Registrar})
		w.clients[r.Client] = list
	}
	v := &list[at]
	if h := hashText(r.Extension); !slices.Contains(v.extensions, h) {
		v.extensions = append(v.extensions, h)
		w.kept++
	}
}

// halve makes the sample smaller.
func (w *windows) halve() {
	w.halved++
	for a, list := range w.clients {
		if w.isSampled(a) {
			continue
		}
		for _, v := range list {
			w.kept -= len(v.extensions)
		}
		delete(w.clients, a)
	}
}

// flush adds what was counted to the figures, and begins anew.
func (w *windows) flush(r *registrars) {
	for _, list := range w.clients {
		r.rest[registrarsPerClient][good].add(int64(len(list)))
		for _, v := range list {
			r.of(v.registrar)[extensionsPerClient][good].add(int64(len(v.extensions)))
		}
	}
	if len(w.clients) < maxWindows/4 && w.halved > 0 {
		w.halved--
	}
	clear(w.clients)
	w.kept = 0
}

// The hashes are the same in every process, so that results are. Who chooses addresses or names that collide makes counts of a sample
// smaller, no more. They are FNV-1a, mixed at the end, so that the upper bits depend on all bytes.
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
	h := uint64(fnvBasis)
	for _, c := range a.As16() {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}
