package detect

import (
	"strings"
	"testing"
)

// Whatever a registrar heard first: each name comes back whole, and is found by itself only.
func TestNamesAreWholeWhateverDomainCameFirst(t *testing.T) {
	names := []string{
		"300@pbx.example.net", "301@pbx.example.net", "300@pbx.example.ne", "300@xpbx.example.net", "@pbx.example.net", "pbx.example.net",
		"300", "", "@", "a@", "@@", "300@", "300@300@pbx.example.net", "300@other.example", "300@pbx",
		strings.Repeat("u", maxName-len("@pbx.example.net")) + "@pbx.example.net", "@" + strings.Repeat("d", maxName-1), strings.Repeat("@", maxName),
	}
	for _, first := range names {
		m := newMemory(0)
		m.registrars = make([]registrar, 2)
		kept := make([]extension, 0, len(names)+1)
		keep := func(name string) {
			kept = append(kept, extension{registrar: 1})
			m.keepName(&kept[len(kept)-1], name)
		}
		keep(first)
		for _, name := range names {
			keep(name)
		}
		for i, want := range names {
			var buf [maxName]byte
			if got := m.nameOf(&kept[i+1], &buf); got != want {
				t.Errorf("after %q: %q has become %q", first, want, got)
			}
			for _, other := range names {
				if got := m.isCalled(&kept[i+1], other); got != (other == want) {
					t.Errorf("after %q: that %q is called %q is %v", first, want, other, got)
				}
			}
		}
	}
}

// The accounts of a server's domain take no more room than their users' names, and others no more than their own.
func TestDomainIsKeptOnce(t *testing.T) {
	m := newMemory(0)
	m.registrars = make([]registrar, 2)
	for name, want := range map[string]int{"100000123@pbx.example.net": 9, "100000124@pbx.example.net": 9} {
		e := extension{registrar: 1}
		if m.keepName(&e, name); int(e.length) != want {
			t.Errorf("%d bytes of %q are kept, want %d", e.length, name, want)
		}
	}
	e := extension{registrar: 1}
	if m.keepName(&e, "100@a.example"); int(e.length) != len("100@a.example") {
		t.Errorf("%d bytes of another domain are kept", e.length)
	}
}
