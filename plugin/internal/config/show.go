package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// TOML returns a file that says what is in force: every key with its value.
func (c *Config) TOML() string {
	var b strings.Builder
	for _, table := range []string{"detector", "flows", "alerts", "enrich", "feed", "state"} {
		c.showTable(&b, table)
	}
	if c.Custom != nil {
		c.showTable(&b, "flows.custom")
	}
	for i := range c.Enrich.Assets {
		part := *c
		part.Enrich.Assets = c.Enrich.Assets[:i+1] // keys are of the last one
		part.showTable(&b, "asset")
	}
	for i := range c.Detector.Allow {
		part := *c
		part.Detector.Allow = c.Detector.Allow[:i+1]
		part.showTable(&b, "allow")
	}
	for i := range c.Detector.Sisters {
		part := *c
		part.Detector.Sisters = c.Detector.Sisters[:i+1]
		part.showTable(&b, "sister")
	}
	for i := range c.Detector.Overrides {
		part := *c
		part.Detector.Overrides = c.Detector.Overrides[:i+1]
		part.showTable(&b, "override")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c *Config) showTable(b *strings.Builder, table string) {
	b.WriteString(header(table) + "\n")
	c.showKeys(b, table)
	b.WriteByte('\n')
}

func (c *Config) showKeys(b *strings.Builder, table string) {
	for _, s := range schema {
		t, key := cutLast(s.name)
		if t != table {
			continue
		}
		if value := show(s.field(c)); value != "" {
			fmt.Fprintf(b, "%s = %s\n", key, value)
		}
	}
}

// Changed returns the keys that differ from their defaults, as "detector.attempts = 50", and how many rules of other tables
// there are.
func (c *Config) Changed() []string {
	var all []string
	defaults := Default()
	for _, s := range schema {
		if t, _ := cutLast(s.name); tables[t].begin != nil {
			continue
		}
		if value := show(s.field(c)); value != show(s.field(defaults)) {
			all = append(all, s.name+" = "+value)
		}
	}
	for _, t := range []struct {
		name string
		n    int
	}{{"[[asset]]", len(c.Enrich.Assets)}, {"[[allow]]", len(c.Detector.Allow)}, {"[[sister]]", len(c.Detector.Sisters)}, {"[[override]]", len(c.Detector.Overrides)}} {
		if t.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", t.n, t.name))
		}
	}
	return all
}

// show returns the value of a field as a file has it, or nothing if it is left out.
func show(field any) string {
	switch f := field.(type) {
	case *string:
		return strconv.Quote(*f)
	case *int:
		return strconv.Itoa(*f)
	case *bool:
		return strconv.FormatBool(*f)
	case *float64:
		return strconv.FormatFloat(*f, 'f', -1, 64)
	case *time.Duration:
		return strconv.Quote(shortDuration(*f))
	case *[]string:
		return showList(*f, strconv.Quote)
	case *[]int:
		return showList(*f, strconv.Itoa)
	case *[]netip.Prefix:
		return showList(*f, func(p netip.Prefix) string { return strconv.Quote(p.String()) })
	case *flow.Paths:
		return showList(*f, strconv.Quote)
	case *flow.Constants:
		return showTable(*f, strconv.Quote)
	case *flow.Codes:
		return showTable(*f, strconv.Itoa)
	case choice:
		if *f.field {
			return strconv.Quote(f.yes)
		}
		return strconv.Quote(f.no)
	case moment:
		if *f.field == 0 {
			return ""
		}
		return time.UnixMilli(*f.field).UTC().Format("2006-01-02T15:04:05.999Z")
	}
	panic(fmt.Sprintf("no key has a field of type %T", field))
}

func showList[T any](list []T, show func(T) string) string {
	if list == nil {
		return ""
	}
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = show(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// showTable returns an inline table, nothing if it has no keys.
func showTable[M ~map[string]V, V any](table M, show func(V) string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(table)) {
		parts = append(parts, strconv.Quote(key)+" = "+show(table[key]))
	}
	if parts == nil {
		return ""
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// shortDuration leaves out the units that are zero: "30m", "1h30m".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// KeysTable returns the table of all keys for the README, in Markdown.
func KeysTable() string {
	var b strings.Builder
	b.WriteString("| key | default | what it is |\n| --- | --- | --- |\n")
	defaults := Default()
	for _, s := range schema {
		if s.about != "" {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", s.name, thousands(show(s.field(defaults))), s.about)
		}
	}
	for _, t := range []string{"flows.custom", "asset", "allow", "sister", "override"} {
		fmt.Fprintf(&b, "| `%s` | | %s |\n", header(t), tables[t].about)
	}
	return b.String()
}

// thousands writes long numbers as a file may have them: 1_000_000.
func thousands(value string) string {
	if _, err := strconv.Atoi(value); err != nil {
		return value
	}
	for i := len(value) - 3; i > 0 && len(value) > 4; i -= 3 {
		value = value[:i] + "_" + value[i:]
	}
	return value
}
