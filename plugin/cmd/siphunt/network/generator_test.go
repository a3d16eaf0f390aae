package network

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"testing"
)

var hashSeed = maphash.MakeSeed()

// digest reads all records of a network.
func digest(t *testing.T, o Options, each func(r *Record)) (sum uint64, truth *Truth) {
	t.Helper()
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for r := new(Record); g.Next(r); {
		sum = 31*sum + maphash.Comparable(hashSeed, *r)
		if each != nil {
			each(r)
		}
	}
	return sum, g.Truth()
}

func small(exporter string) Options {
	o := DefaultOptions
	o.Registrars, o.Phones, o.Hours, o.Exporter = MinRegistrars, MinPhones, MinHours, exporter
	return o
}

// TestSame makes the same network twice.
func TestSame(t *testing.T) {
	for exporter := range models {
		one, _ := digest(t, small(exporter), nil)
		two, _ := digest(t, small(exporter), nil)
		if one != two {
			t.Errorf("%s: the same options made two networks", exporter)
		}
	}
}

// TestEverythingOccurs looks for each cause, each kind, and a break-in where a kind has success.
func TestEverythingOccurs(t *testing.T) {
	_, truth := digest(t, small(Prompt), nil)
	for c := NoCause + 1; c < causes; c++ {
		if truth.Registrations[c] == 0 {
			t.Errorf("nobody registers because of %q", c)
		}
	}
	planted := map[string]int{}
	for _, a := range truth.Attacks {
		if a.Rejections > 0 {
			planted[a.Kind]++
		}
	}
	for _, kind := range Kinds() {
		if planted[kind] != instances {
			t.Errorf("%q: %d attacks got rejections, not %d", kind, planted[kind], instances)
		}
	}
}

// TestTruthAgrees counts the rejections of clients that good phones have no part in, and holds them beside the truth.
func TestTruthAgrees(t *testing.T) {
	type tried struct{ registrar, client, extension string }
	rejections := map[tried]int{}
	probed := map[string]bool{} // registrars whose probes give their names, so that records are not messages
	_, truth := digest(t, small(Ipfixprobe), func(f *Record) {
		if f.Probe > 0 {
			probed[f.Registrar.String()] = true
		}
		if isRejection(f.Status) {
			rejections[tried{f.Registrar.String(), named(f.Client).String(), f.Extension}]++
		}
	})
	compared := 0
	for _, a := range truth.Attacks {
		if len(a.Shared) > 0 || slices.ContainsFunc(a.Registrars, func(r netip.Addr) bool { return probed[r.String()] }) {
			continue
		}
		sum := 0
		for _, c := range a.Clients {
			for _, e := range a.Extensions {
				for _, r := range a.Registrars {
					sum += rejections[tried{r.String(), c.String(), e}]
				}
			}
		}
		if sum < a.Rejections || sum > a.Rejections+a.Perhaps {
			t.Errorf("%q: %d rejections recorded, but the truth has %d, perhaps %d more", a.Kind, sum, a.Rejections, a.Perhaps)
		}
		compared++
	}
	if compared < len(truth.Attacks)/2 {
		t.Errorf("%d attacks of %d compared", compared, len(truth.Attacks))
	}
}
