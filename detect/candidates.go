package detect

import (
	"maps"
	"slices"
)

// candidates are what may have crossed a threshold: by index, with the time of the rejection since which it may.
type candidates map[uint32]int64

func (c candidates) add(i uint32, t int64) {
	if c[i] == 0 {
		c[i] = t
	}
}

// each judges the candidates in an order that does not depend on the map, but for those that are none any more when
// their turn comes.
func (c candidates) each(judge func(i uint32)) {
	if len(c) == 0 { // as in most checks
		return
	}
	for _, i := range slices.Sorted(maps.Keys(c)) {
		if _, ok := c[i]; ok {
			judge(i)
		}
	}
}
