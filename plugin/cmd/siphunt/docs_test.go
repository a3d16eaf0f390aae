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
var docs = map[string]map[string]func() string{
	"../../../README.md": {"keys": config.KeysTable, "metrics": figures.Table},
}

func TestTablesInDocuments(t *testing.T) {
	for file, parts := range docs {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for name, table := range parts {
			text = replacePart(t, text, name, table())
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

// TestNamesInDocuments: whatever a document calls a metric is one, and the defaults of bounds are those of the code.
func TestNamesInDocuments(t *testing.T) {
	metric, key := map[string]bool{}, map[string]string{}
	for row := range strings.Lines(figures.Table()) {
		if m := regexp.MustCompile("^\\| `([a-z_]+)").FindStringSubmatch(row); m != nil {
			metric[m[1]] = true
		}
	}
	for row := range strings.Lines(config.KeysTable()) {
		if m := regexp.MustCompile("^\\| `[a-z.]*\\.([a-z0-9_]+)` \\| `([^`]*)`").FindStringSubmatch(row); m != nil {
			key[m[1]] = m[2]
		}
	}
	if len(metric) < 20 || len(key) < 30 {
		t.Fatalf("only %d metrics and %d keys", len(metric), len(key))
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
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)`[^|]*\\| ([0-9](?:[0-9,]*[0-9])?)").FindAllStringSubmatch(string(b), -1) {
			if want, ok := key[m[1]]; ok && strings.ReplaceAll(m[2], ",", "_") != want {
				t.Errorf("%s: %s is said to be %s, its default is %s", file, m[1], m[2], want)
			}
		}
	}
}
