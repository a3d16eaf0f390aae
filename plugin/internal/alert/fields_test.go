package alert

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FIELDS.md is what people build dashboards and rules on. Its tables are made of fieldTables: -update writes them.
func TestFieldsPage(t *testing.T) {
	old, err := os.ReadFile("FIELDS.md")
	if err != nil {
		t.Fatal(err)
	}
	page := withTable(t, string(old), "kinds", kindsTable())
	for _, table := range fieldTables {
		page = withTable(t, page, table.name, table.markdown())
	}
	if *update {
		if err := os.WriteFile("FIELDS.md", []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(page, string(old)); diff != "" && !*update {
		t.Errorf("FIELDS.md (-want +got), go test -update rewrites it:\n%s", diff)
	}
}

// withTable puts a table between its marks.
func withTable(t *testing.T, page, name, table string) string {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- fields: %s -->\n", name), "<!-- end -->"
	head, rest, found := strings.Cut(page, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("no table %q", name)
	}
	return head + begin + table + end + tail
}

// kindsTable is what is said of each kind, as in FIELDS.md.
func kindsTable() string {
	var b strings.Builder
	b.WriteString("| kind | rule | category | points |\n| --- | --- | --- | --- |\n")
	for _, kind := range kinds {
		r := rules[kind]
		fmt.Fprintf(&b, "| `%v` | %s %s | %s | %.0f |\n", kind, r.code, r.name, r.category, r.weight)
	}
	return b.String()
}

// records are all golden alerts, an enriched one and the one of those left out, as decoded JSON.
func records(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{
		"folded": fromJSON(t, appendJSON(nil, ecsFolded(&encoder(t).options, sampleFolded(), created))),
	}
	for name, a := range golden() {
		all[name] = fromJSON(t, encoder(t).AppendJSON(nil, &a, created))
	}
	a := sampleBruteForceSuccess()
	all["enriched"] = fromJSON(t, enriched(t, "ecs").AppendJSON(nil, &a, created))
	all["sampled"] = fromJSON(t, sampling(t, "ecs").AppendJSON(nil, &a, created))
	return all
}

var status = regexp.MustCompile(`^(siphunt\.rejections)\.\d+$`)

// nodes calls f with the path and the value of every field: of lists as lists, of lists of objects also of what is in them.
func nodes(path string, value any, f func(path string, value any)) {
	switch v := value.(type) {
	case map[string]any:
		if _, point := v["lat"]; point {
			f(path, v)
			return
		}
		for k := range v {
			nodes(strings.TrimPrefix(path+"."+k, "."), v[k], f)
		}
	case []any:
		f(path, v)
		for _, entry := range v {
			if object, ok := entry.(map[string]any); ok {
				nodes(path, object, f)
			}
		}
	default:
		f(status.ReplaceAllString(path, "$1.*"), v)
	}
}

// The golden records have every field there is, none that is not documented, and values of the documented types.
func TestEveryFieldIsDocumented(t *testing.T) {
	fields := map[string]Field{}
	for _, f := range Fields() {
		if _, twice := fields[f.Name]; twice {
			t.Errorf("%s is documented twice", f.Name)
		}
		fields[f.Name] = f
	}
	written := map[string]bool{}
	for name, record := range records(t) {
		nodes("", record, func(path string, value any) {
			written[path] = true
			if f, known := fields[path]; known && !f.holds(value) {
				t.Errorf("%s: %s is %T %v, documented as %s (list: %v)", name, path, value, value, f.Type, f.List)
			}
		})
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(written))); diff != "" {
		t.Errorf("fields (-documented +written):\n%s", diff)
	}
}

// holds tells whether a value from JSON is what a field is documented to have.
func (f Field) holds(value any) bool {
	list, isList := value.([]any)
	if isList != f.List {
		return false
	}
	if !isList {
		list = []any{value}
	}
	return !slices.ContainsFunc(list, func(v any) bool { return !isOf(f.Type, v) })
}

func isOf(kind string, value any) bool {
	var err error
	ok := false
	switch kind {
	case "geo_point":
		var v map[string]any
		v, ok = value.(map[string]any)
		ok = ok && len(v) == 2 && isOf("float", v["lat"]) && isOf("float", v["lon"])
	case "nested":
		_, ok = value.(map[string]any)
	case "keyword", "match_only_text":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "long":
		_, ok = value.(int64)
	case "float":
		if _, ok = value.(float64); !ok {
			_, ok = value.(int64)
		}
	case "ip":
		var s string
		s, ok = value.(string)
		_, err = netip.ParseAddr(s)
	case "date":
		var s string
		s, ok = value.(string)
		_, err = time.Parse("2006-01-02T15:04:05.000Z", s)
	}
	return ok && err == nil
}

// ecsMappings are the dynamic templates of Elasticsearch's ecs@mappings that our names could meet, in their order. Where no
// template of our own is installed, they decide.
var ecsMappings = []struct {
	kind string
	name *regexp.Regexp
}{
	{"match_only_text", regexp.MustCompile(`^(.*\.)?message$`)},
	{"ip", regexp.MustCompile(`(^|\.)ip$|_ip$`)},
	{"keyword", regexp.MustCompile(`\.(title|executable|name|working_directory|full_name)$`)},
	{"date", regexp.MustCompile(`\.(timestamp|created|creation_date|ctime|mtime|accessed|ingested|start|end)$|_timestamp$`)},
	{"float", regexp.MustCompile(`\.score\.|_score`)},
	{"geo_point", regexp.MustCompile(`\.geo\.location$`)},
}

// Without an index template of ours dates are dates, addresses addresses. An address of a success is a keyword then: its
// name is the party's, and related.ip has it too. What is nested is a plain object.
func TestNamesAreWhatElasticsearchTakesThemFor(t *testing.T) {
	for _, f := range Fields() {
		want := f.Type
		switch {
		case strings.HasPrefix(f.Name, "siphunt.success") && want == "ip":
			want = "keyword"
		case want == "nested" || want == "long" || want == "boolean":
			want = ""
		case want == "float" && !strings.Contains(f.Name, "_score"):
			want = ""
		}
		got := ""
		for _, m := range ecsMappings {
			if got == "" && m.name.MatchString(f.Name) {
				got = m.kind
			}
		}
		if got == "" && want == "keyword" {
			got = "keyword" // all strings are
		}
		if got != want {
			t.Errorf("%s is a %s, but its name makes Elasticsearch take it for a %q", f.Name, f.Type, got)
		}
	}
}

// Elasticsearch maps a new field without a template by its first value, and 1 would make a fraction a long.
func TestFractionsHaveAPoint(t *testing.T) {
	fraction := regexp.MustCompile(`(rate|ratio|lat|lon|attempts_per_(client|extension|registrar))$`)
	for name, record := range records(t) {
		leaves("", record, func(path string, value any) {
			if _, ok := value.(float64); ok != fraction.MatchString(path) {
				t.Errorf("%s: %s is %T %v", name, path, value, value)
			}
		})
	}
}
