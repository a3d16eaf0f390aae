package detect

import (
	"bytes"
	"maps"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

func (x *campaigns) encode(e *encoder) {
	e.uint(x.made)
	e.list(len(x.all), func(i int) {
		c := x.all[i]
		e.text(c.id)
		e.int(c.begun)
		e.int(c.active)
		e.int(int64(c.incidents))
		e.int(int64(c.severity))
		addresses := sortedAddresses(c.registrars)
		e.list(len(addresses), func(i int) { e.bytes(addresses[i][:]) })
		e.sketch(c.extensions)
		if e.used(c.into != nil) {
			e.uint(uint64(c.whole().number))
		}
	})
	for _, of := range []map[[16]byte]*campaign{x.byClient, x.scans} {
		addresses := sortedAddresses(of)
		e.list(len(addresses), func(i int) {
			e.bytes(addresses[i][:])
			e.uint(uint64(of[addresses[i]].whole().number))
		})
	}
}

func sortedAddresses[V any](of map[[16]byte]V) [][16]byte {
	return slices.SortedFunc(maps.Keys(of), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
}

func (x *campaigns) decode(in *decoder) {
	x.made = in.uint(1<<64 - 1)
	var into []int // the number of what a campaign is part of, -1 if it is whole
	in.list(maxRecords, func(i int) {
		c := &campaign{
			number: i, id: in.text(maxText), begun: in.time(), active: in.time(), incidents: int(in.int()), severity: int(in.int()),
			registrars: map[[16]byte]struct{}{}, extensions: hyperloglog.New14(),
		}
		in.list(maxCounted, func(int) { c.registrars[in.address()] = struct{}{} })
		c.extensions = in.sketch()
		x.all, into = append(x.all, c), append(into, -1)
		if in.used() {
			into[i] = int(in.uint(maxRecords))
		}
	})
	for i, n := range into {
		if n < 0 {
			continue
		}
		if n >= len(into) || into[n] >= 0 || n == i {
			in.fail("campaign %d is part of none", i)
			return
		}
		x.all[i].into = x.all[n]
	}
	for _, of := range []map[[16]byte]*campaign{x.byClient, x.scans} {
		in.list(maxRecords, func(int) {
			address := in.address()
			if c := x.at(in); c != nil {
				of[address] = c
			}
		})
	}
}

// at reads the number of a campaign.
func (x *campaigns) at(in *decoder) *campaign {
	n := in.uint(maxRecords)
	if n >= uint64(len(x.all)) {
		in.fail("campaign %d is not there", n)
		return nil
	}
	return x.all[n]
}
