package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTOML: what is shown is in force.
func TestTOML(t *testing.T) {
	for _, file := range []string{"testdata/conf.good.toml", shipped, ""} {
		want, err := Load(file)
		if err != nil {
			t.Fatal(err)
		}
		text := want.TOML()
		got, err := Parse("shown", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(want, got, compareAddresses); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", file, diff)
		}
		for _, s := range schema {
			table, key := cutLast(s.name)
			if tables[table].begin == nil && !strings.Contains(text, "\n"+key+" = ") {
				t.Errorf("%s is not shown", s.name)
			}
		}
	}
}

func TestChanged(t *testing.T) {
	if all := Default().Changed(); len(all) != 0 {
		t.Errorf("of the defaults are changed: %q", all)
	}
	c, err := Parse("f", "[detector]\nattempts = 50\nidle_timeout = \"90m\"\n[[allow]]\nclients = [\"192.0.2.1\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	if all := c.Changed(); !slices.Equal(all, []string{`detector.attempts = 50`, `detector.idle_timeout = "1h30m"`, `1 [[allow]]`}) {
		t.Errorf("changed: %q", all)
	}
}
