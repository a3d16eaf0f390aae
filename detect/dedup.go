package detect

import "encoding/binary"

// dedup tells a message that several probes have seen from one that was sent several times. Only answers of named probes with
// Flow.Message are looked at: tools send all guesses of an attack with the same Call-ID and CSeq, so that the messages of one
// probe prove nothing.
//
// Messages that are alike (Message, status, both ends) are counted by the second, once for each probe: the n-th that one
// probe saw is the n-th that another saw at most two seconds before or after. It has a fixed number of places.
type dedup struct {
	probes []string
	places []sighting // made with the first named probe
}

const (
	dedupPlaces = 1 << 16 // a power of 2
	dedupWays   = 4       // places where a sighting may be
	dedupWindow = 2       // seconds
	maxSeers    = 4       // probes that are told apart in a place
	maxNamed    = 250     // probes that are named
)

// sighting is how many messages that are alike were sent in one second, and how many of them each probe saw.
type sighting struct {
	key    uint64
	second int64
	sent   uint16
	seen   [maxSeers]uint16
	seers  [maxSeers]uint8 // number of the probe, 0 if the place is free
}

// isDuplicate tells whether another probe has seen the message of a flow before, and remembers that this one has.
func (d *Detector) isDuplicate(f *Flow) bool {
	if f.Message == 0 || f.Probe == "" {
		return false
	}
	if !d.dedup.see(f) {
		return false
	}
	d.stats.Duplicates++
	return true
}

func (x *dedup) see(f *Flow) bool {
	probe := x.number(f.Probe)
	if probe == 0 {
		return false
	}
	if x.places == nil {
		x.places = make([]sighting, dedupPlaces)
	}
	key := alike(f)
	second := f.Time / 1000
	for _, offset := range [...]int64{0, -1, 1, -dedupWindow, dedupWindow} {
		s := x.find(key, second+offset)
		if s == nil {
			continue
		}
		if seen := s.by(probe); seen != nil && *seen < s.sent {
			*seen++
			return true
		}
	}
	s := x.find(key, second)
	if s == nil {
		s = x.make(key, second)
	}
	if seen := s.by(probe); seen != nil && s.sent < 1<<16-1 {
		s.sent++
		*seen = s.sent
	}
	return false
}

// number returns the number of a probe, from 1; 0 where there are too many.
func (x *dedup) number(probe string) uint8 {
	for i, name := range x.probes {
		if name == probe {
			return uint8(i + 1)
		}
	}
	if len(x.probes) >= maxNamed {
		return 0
	}
	x.probes = addNew(x.probes, probe, maxNamed)
	return uint8(len(x.probes))
}

// alike hashes what messages have in common that may be one. The hash is the same in every process.
func alike(f *Flow) uint64 {
	h := f.Message ^ uint64(f.Status)<<32
	for _, a := range [][16]byte{f.Registrar.As16(), f.Client.As16()} {
		h = mix(h^binary.BigEndian.Uint64(a[:8])^0x9e3779b97f4a7c15, binary.BigEndian.Uint64(a[8:])^0xd1342543de82ef95)
	}
	return h
}

func placeOf(key uint64, second int64) uint64 {
	return mix(key^0x8ebc6af09c88c6e3, uint64(second)^0x589965cc75374cc3) % (dedupPlaces / dedupWays) * dedupWays
}

func (x *dedup) find(key uint64, second int64) *sighting {
	at := placeOf(key, second)
	for i := range x.places[at : at+dedupWays] {
		if s := &x.places[at+uint64(i)]; s.key == key && s.second == second && s.sent > 0 {
			return s
		}
	}
	return nil
}

// make takes the place of the oldest sighting that may be there.
func (x *dedup) make(key uint64, second int64) *sighting {
	at := placeOf(key, second)
	oldest := &x.places[at]
	for i := range x.places[at : at+dedupWays] {
		if s := &x.places[at+uint64(i)]; s.second < oldest.second {
			oldest = s
		}
	}
	*oldest = sighting{key: key, second: second}
	return oldest
}

// by returns how many a probe has seen, or nil if too many others have.
func (s *sighting) by(probe uint8) *uint16 {
	for i := range s.seers {
		if s.seers[i] == probe || s.seers[i] == 0 {
			s.seers[i] = probe
			return &s.seen[i]
		}
	}
	return nil
}

func (x *dedup) encode(e *encoder) {
	e.list(len(x.probes), func(i int) { e.text(x.probes[i]) })
	used := 0
	for i := range x.places {
		if x.places[i].sent > 0 {
			used++
		}
	}
	e.uint(uint64(used))
	for i := range x.places {
		s := &x.places[i]
		if s.sent == 0 {
			continue
		}
		e.uint(s.key)
		e.int(s.second)
		e.uint(uint64(s.sent))
		for i := range s.seers {
			e.uint(uint64(s.seers[i]))
			e.uint(uint64(s.seen[i]))
		}
	}
}

func (x *dedup) decode(in *decoder) {
	in.list(maxNamed, func(int) { x.probes = append(x.probes, in.text(maxText)) })
	in.list(dedupPlaces, func(int) {
		if x.places == nil {
			x.places = make([]sighting, dedupPlaces)
		}
		key, second := in.uint(1<<64-1), in.time()
		s := x.make(key, second)
		s.sent = uint16(in.uint(1<<16 - 1))
		for i := range s.seers {
			s.seers[i], s.seen[i] = uint8(in.uint(maxNamed)), uint16(in.uint(uint64(s.sent)))
		}
	})
}
