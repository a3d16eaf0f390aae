package main

import "testing"

// A story of registrations: who gets which half, over hot reloads.
func TestPairing(t *testing.T) {
	var p pairing
	register := func(def uintptr, want half) {
		t.Helper()
		if got := p.register(def); got != want {
			t.Errorf("registration %d is the %s, want the %s", def, got.plugin(), want.plugin())
		}
	}
	unregister := func(def uintptr, wantAlone, wantLast bool) {
		t.Helper()
		if alone, last := p.unregister(def); alone != wantAlone || last != wantLast {
			t.Errorf("unregister %d: alone %v, last %v", def, alone, last)
		}
	}
	register(1, output)
	register(2, input)

	// A hot reload: the new pair comes before the old one goes.
	register(3, output)
	register(4, input)
	unregister(2, false, false)
	unregister(1, false, false)

	// The next one lists the library once, is refused, and tried again with two lines.
	register(5, output)
	unregister(5, true, false)
	register(6, output)
	register(7, input)
	unregister(4, false, false)
	unregister(3, false, false)

	// The end.
	unregister(7, false, false)
	unregister(6, false, true)
	register(8, output)
}

// TestPairingThrice: a library that is listed three times still has both halves after each hot reload.
func TestPairingThrice(t *testing.T) {
	var p pairing
	def := uintptr(0)
	three := func() (defs []uintptr, outputs int) {
		for range 3 {
			def++
			defs = append(defs, def)
			if p.register(def) == output {
				outputs++
			}
		}
		return defs, outputs
	}
	old, _ := three()
	for range 4 {
		next, outputs := three()
		if outputs == 0 || outputs == 3 {
			t.Errorf("%d outputs of 3", outputs)
		}
		for _, d := range old {
			p.unregister(d)
		}
		old = next
	}
}
