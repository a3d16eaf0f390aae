package main

import "sync"

// half is one of the two plugins of this library.
type half int

const (
	output half = iota
	input
)

// plugin is the name under which Fluent Bit knows the half.
func (h half) plugin() string {
	if h == input {
		return "siphunt_alerts"
	}
	return "siphunt"
}

// pairing tells which half registers. The library is listed twice, and nothing says which time this is; so a
// registration gets the half of which there are fewer, the output if there are as many. A hot reload registers the new
// pair while the old one is still there, which keeps this true.
type pairing struct {
	mu   sync.Mutex
	live map[uintptr]*registration // by the address of the definition that Fluent Bit holds
}

type registration struct {
	half half
	met  bool // it has had a counterpart of the other half
}

// register gives a definition its half.
func (p *pairing) register(def uintptr) half {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &registration{}
	if p.count(input) < p.count(output) {
		r.half = input
	}
	for _, other := range p.live {
		if other.half != r.half && !other.met {
			other.met, r.met = true, true
			break
		}
	}
	if p.live == nil {
		p.live = make(map[uintptr]*registration)
	}
	p.live[def] = r
	return r.half
}

// unregister forgets a definition. alone says that it never had a counterpart: the library was listed once. last says
// that nothing of this library is known to Fluent Bit any more.
func (p *pairing) unregister(def uintptr) (alone, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.live[def]
	delete(p.live, def)
	return r != nil && !r.met, len(p.live) == 0
}

func (p *pairing) count(h half) (n int) {
	for _, r := range p.live {
		if r.half == h {
			n++
		}
	}
	return n
}
