package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/figures"
)

var writeDocs = flag.Bool("docs", false, "write the tables of the documents anew (make docs)")

// docs are the files of which parts are made from the code: each between <!-- name: made by make docs --> and <!-- /name -->.
var docs = map[string]map[string]func(*testing.T) string{
	"../../../README.md": {
		"keys":    func(*testing.T) string { return config.KeysTable() },
		"metrics": func(*testing.T) string { return figures.Table() },
	},
	"../../../SECURITY.md": {"bounds": boundsTable},
}

func TestTablesInDocuments(t *testing.T) {
	for file, parts := range docs {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for name, table := range parts {
			text = replacePart(t, text, name, table(t))
		}
		if *writeDocs {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(text, string(b)); diff != "" && !*writeDocs {
			t.Errorf("%s is not as the code has it, run make docs (-code +file):\n%s", file, diff)
		}
	}
}

func replacePart(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- %s: made by make docs -->\n", name), fmt.Sprintf("<!-- /%s -->\n", name)
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%q to %q is missing", begin, end)
	}
	return before + begin + "\n" + table + "\n" + end + after
}

// TestNamesInDocuments: whatever a document calls a metric is one.
func TestNamesInDocuments(t *testing.T) {
	metric := map[string]bool{}
	for row := range strings.Lines(figures.Table()) {
		if m := regexp.MustCompile("^\\| `([a-z_]+)").FindStringSubmatch(row); m != nil {
			metric[m[1]] = true
		}
	}
	if len(metric) < 20 {
		t.Fatalf("only %d metrics", len(metric))
	}
	for _, file := range []string{"../../../README.md", "../../../SECURITY.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`(?:fluentbit_siphunt_)?([a-z_]+_(?:total|seconds|bytes|info|whole))\\b[^`]*`").FindAllStringSubmatch(string(b), -1) {
			if !metric[m[1]] && !strings.HasPrefix(m[1], "fluentbit_") { // those are Fluent Bit's own
				t.Errorf("%s: there is no metric %s", file, m[1])
			}
		}
	}
}
