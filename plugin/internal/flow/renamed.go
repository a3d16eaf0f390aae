package flow

import (
	"fmt"
	"slices"
	"strings"
)

// Renamed is a format whose names a record has in another form: in other letters, with other separators, or inside of a field.
type Renamed struct {
	Format  string
	Found   int       // fields
	Example [2]string // a path of the format, and what it is here
	Mapping string    // [flows.custom] that reads the record
}

// Renamed finds such a format. It returns nil if there is none that could be read.
func (e *Explanation) Renamed() (best *Renamed) {
	for i := range tables {
		t := &tables[i]
		if t.StatusCodes != nil {
			continue // its words have codes, which take more than names
		}
		if r := e.renamed(t); r != nil && (best == nil || r.Found > best.Found) {
			best = r
		}
	}
	return best
}

// renamed looks for the fields of a format. It returns nil if what is needed is not among them.
func (e *Explanation) renamed(t *table) *Renamed {
	var b strings.Builder
	b.WriteString("[flows]\nformat = \"custom\"\n\n[flows.custom]\n")
	r := &Renamed{Format: t.name}
	found := layout{table: &mapped{constants: t.constants()}}
	for f, paths := range t.paths() {
		if field(f) == fieldVia || field(f) == fieldURI || field(f) == fieldService {
			continue // of built-in tables only
		}
		for _, path := range paths {
			here := e.like(path)
			if here == "" {
				continue
			}
			if r.Found++; here != path && r.Example[0] == "" {
				r.Example = [2]string{path, here}
			}
			found.at[f] = 1
			fmt.Fprintf(&b, "%s = %q\n", fieldNames[f], here)
			break
		}
	}
	if len(missing(&found)) > 0 || r.Example[0] == "" {
		return nil
	}
	if len(t.Constants) > 0 {
		var all []string
		for key, value := range t.Constants {
			all = append(all, fmt.Sprintf("%s = %q", key, value))
		}
		slices.Sort(all)
		fmt.Fprintf(&b, "constants = { %s }\n", strings.Join(all, ", "))
	}
	r.Mapping = b.String()
	return r
}

// like is the path of the record that is most like a path of a format, empty if there is none: its letters and digits are the
// same, or end with those.
func (e *Explanation) like(path string) (here string) {
	want := lettersOf(path)
	for _, l := range e.Leaves {
		have := lettersOf(l.Path)
		if have == want {
			return l.Path
		}
		if strings.HasSuffix(have, want) && (here == "" || len(l.Path) < len(here)) {
			here = l.Path
		}
	}
	return here
}

// lettersOf is a path without what separates its words, in lower case.
func lettersOf(path string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, path)
}
