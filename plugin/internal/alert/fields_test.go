package alert

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FIELDS.md is what people build dashboards and rules on: it names every field there is, and none that is not.
func TestEveryFieldIsDocumented(t *testing.T) {
	page, err := os.ReadFile("FIELDS.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllSubmatch(page, -1) {
		documented[string(row[1])] = true
	}
	written := map[string]bool{}
	status := regexp.MustCompile(`^(siphunt\.rejections)\.\d+$`)
	for _, a := range golden() {
		leaves("", fromJSON(t, encoder(t).AppendJSON(nil, &a, created)), func(path string, _ any) {
			written[status.ReplaceAllString(path, "$1.<status>")] = true
		})
	}
	folded := appendJSON(nil, foldedFields(&encoder(t).options, sampleFolded(), created))
	leaves("", fromJSON(t, folded), func(path string, _ any) { written[path] = true })
	want, got := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(written))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-documented +written):\n%s", diff)
	}
}
