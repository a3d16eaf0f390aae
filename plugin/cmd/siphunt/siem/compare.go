package siem

import (
	"fmt"
	"maps"
	"slices"
)

// differences returns in what got is not as wanted, a line each. What got has beyond that is the server's own, or its
// owner's.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case object:
		g, ok := got.(object)
		if !ok && len(want) > 0 {
			return []string{difference(path, want, got)}
		}
		var all []string
		for _, key := range slices.Sorted(maps.Keys(want)) {
			at := key
			if path != "" {
				at = path + "." + key
			}
			all = append(all, differences(at, want[key], g[key])...)
		}
		return all
	case []any:
		g, ok := got.([]any)
		if !ok && len(want) > 0 || len(g) != len(want) {
			return []string{difference(path, want, got)}
		}
		var all []string
		for i := range want {
			all = append(all, differences(fmt.Sprintf("%s[%d]", path, i), want[i], g[i])...)
		}
		return all
	default:
		// Servers write numbers and booleans as text in some places.
		if fmt.Sprint(want) != fmt.Sprint(got) {
			return []string{difference(path, want, got)}
		}
		return nil
	}
}

func difference(path string, want, got any) string {
	return fmt.Sprintf("%s: %s, should be %s", path, brief(got), brief(want))
}

// brief is a value in JSON, cut to what a line can hold.
func brief(value any) string {
	if value == nil {
		return "missing"
	}
	text, err := json.MarshalToString(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if r := []rune(text); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return text
}
