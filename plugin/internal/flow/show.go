package flow

import "strings"

// Show returns the first record of a chunk in a form that a person can read, cut and escaped, or nothing if there is none.
func Show(chunk []byte) string {
	for p := 0; p < len(chunk); {
		_, body := envelope(chunk, p)
		end := skip(chunk, p)
		if end < 0 {
			return ""
		}
		if body > 0 {
			if _, _, isMap := mapAt(chunk, body); isMap {
				var b Batch
				b.showMap(chunk, body, 0)
				return strings.Clone(borrow(b.scratch))
			}
		}
		p = end
	}
	return ""
}
