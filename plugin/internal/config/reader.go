package config

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// reader goes through the keys of a file in its order and puts their values into the configuration. It does not stop
// at an error: a person wants to see all of them at once.
type reader struct {
	config   *Config
	tables   map[string]any
	meta     *toml.MetaData
	lines    []int // of meta.Keys
	problems []Problem

	count  map[string]int  // of the tables so far, by the name of a list of tables
	skip   map[string]bool // keys below which nothing is looked at
	at     map[string]int  // the line of each table and key, as place names it
	failed map[string]bool // keys that could not be read, and their tables, likewise
}

func newReader(text string, tables map[string]any, meta *toml.MetaData) *reader {
	return &reader{
		config: Default(), tables: tables, meta: meta, lines: keyLines(text, meta.Keys()),
		count: map[string]int{}, skip: map[string]bool{}, at: map[string]int{}, failed: map[string]bool{},
	}
}

// read takes the overrides last: what they leave out is as the rest of the file has it.
func (r *reader) read() {
	for _, overrides := range []bool{false, true} {
		for i, key := range r.meta.Keys() {
			if overrides == (key[0] == "override") {
				r.key(key, r.lines[i])
			}
		}
	}
}

func (r *reader) key(key toml.Key, line int) {
	name := strings.Join(key, ".")
	if r.skip[strings.Join(key[:len(key)-1], ".")] {
		r.skip[name] = true
		return
	}
	if _, ok := tables[name]; ok {
		r.table(name, key, line)
		return
	}
	r.skip[name] = true // an inline table is one value
	r.at[r.place(name)] = line
	s, ok := settings[name]
	if !ok {
		r.fail(name, line, ": no such %s; %s", r.what(key), suggestion(name))
		return
	}
	r.implied(name, line)
	if table, _ := cutLast(name); r.skip[table] {
		return
	}
	value := r.value(key)
	if err := assign(s.field(r.config), value); err != nil {
		r.fail(name, line, " = %s: %v; for example %s", literal(value), err, s.example)
	}
}

// table begins a table.
func (r *reader) table(name string, key toml.Key, line int) {
	if want := map[bool]string{false: "Hash", true: "ArrayHash"}[tables[name].many]; r.meta.Type(key...) != want {
		r.noTable(name, line)
		return
	}
	r.begin(name, line)
}

func (r *reader) begin(name string, line int) {
	t := tables[name]
	if t.many {
		r.count[name]++
	}
	r.at[r.place(name)] = line
	if t.begin != nil {
		t.begin(r.config)
	}
}

// implied begins the table of a key that was written with dots, without a header for it.
func (r *reader) implied(name string, line int) {
	switch table, _ := cutLast(name); {
	case r.at[r.place(table)] > 0:
	case tables[table].many:
		r.noTable(table, line)
	default:
		r.begin(table, line)
	}
}

func (r *reader) noTable(name string, line int) {
	r.fail(name, line, " is a table: write %s, and its keys below", header(name))
	r.skip[name] = true
}

func (r *reader) what(key toml.Key) string {
	if kind := r.meta.Type(key...); kind == "Hash" || kind == "ArrayHash" {
		return "table"
	}
	return "key"
}

// value finds what the file has for a key, in the newest table of a list.
func (r *reader) value(key toml.Key) any {
	var v any = r.tables
	for i, piece := range key {
		if list, ok := v.([]map[string]any); ok {
			v = list[r.count[strings.Join(key[:i], ".")]-1]
		}
		table, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = table[piece]
	}
	return v
}

// place tells the tables of a list apart: "allow[0].clients".
func (r *reader) place(name string) string {
	table, key, _ := strings.Cut(name, ".")
	n := r.count[table]
	switch {
	case n == 0:
		return name
	case key == "":
		return fmt.Sprintf("%s[%d]", table, n-1)
	default:
		return fmt.Sprintf("%s[%d].%s", table, n-1, key)
	}
}

// fail is a problem with a key or table that could not be read.
func (r *reader) fail(name string, line int, format string, args ...any) {
	place := r.place(name)
	table, _ := cutLast(place)
	r.failed[place], r.failed[table] = true, true
	r.problem(line, "%s", name+fmt.Sprintf(format, args...))
}

func (r *reader) problem(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, fmt.Sprintf(format, args...)})
}
