package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// suggestion says what a name that is not known may have been meant to be: the same key of another table, a key or table
// that is spelt alike, or what there is.
func suggestion(name string) string {
	table, key := cutLast(name)
	var here, nearest, elsewhere []string
	best := max(1, len(key)/3) // more letters wrong than that are another word
	for _, known := range slices.Sorted(maps.Keys(settings)) {
		t, k := cutLast(known)
		if t != table {
			if k == key {
				elsewhere = append(elsewhere, header(t))
			}
			continue
		}
		here = append(here, k)
		if d := levenshtein.Distance(key, k, nil); d <= best {
			if d < best {
				nearest = nil
			}
			best, nearest = d, append(nearest, fmt.Sprintf("%q", k))
		}
	}
	for _, known := range slices.Sorted(maps.Keys(tables)) {
		if table == "" && levenshtein.Distance(name, known, nil) <= best {
			nearest = append(nearest, header(known))
		}
	}
	switch {
	case len(nearest) > 0:
		return fmt.Sprintf("did you mean %s?", strings.Join(nearest, " or "))
	case len(elsewhere) > 0:
		return fmt.Sprintf("it belongs below %s", strings.Join(elsewhere, " or "))
	case len(here) > 0:
		return fmt.Sprintf("%s has %s", header(table), strings.Join(here, ", "))
	}
	var all []string
	for _, known := range slices.Sorted(maps.Keys(tables)) {
		all = append(all, header(known))
	}
	return "there are " + strings.Join(all, ", ")
}

// header is how a file begins a table.
func header(table string) string {
	if tables[table].many {
		return "[[" + table + "]]"
	}
	return "[" + table + "]"
}

func cutLast(name string) (table, key string) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}
