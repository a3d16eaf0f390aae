package config

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// keyLines tells on which line each key of a TOML file stands, from 1. The keys are those of the file in its order, as
// toml.MetaData.Keys gives them, without their lines; the text is searched for them from top to bottom.
func keyLines(text string, keys []toml.Key) []int {
	lines := strings.Split(text, "\n")
	inText := insideTexts(lines)
	found := make([]int, len(keys))
	inline := map[string]int{} // lines of the keys that may hold an inline table
	next := 0
	for i, key := range keys {
		if line, ok := inline[key[:len(key)-1].String()]; ok {
			found[i] = line
			continue
		}
		for n := next; n < len(lines); n++ {
			name, header := lineKey(lines[n])
			if inText[n] || name == "" || !endsWith(key, name, header) {
				continue
			}
			found[i], next = n+1, n+1
			if !header {
				inline[key.String()] = n + 1
			} else {
				clear(inline)
			}
			break
		}
		if found[i] == 0 { // written in a way that is not understood here: somewhere below the key before
			found[i] = max(next, 1)
		}
	}
	return found
}

// lineKey is the key that a line begins with, quotes and spaces removed, and whether the line is the header of a table.
func lineKey(line string) (name string, header bool) {
	line = strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(line, "["); ok {
		rest = strings.TrimPrefix(rest, "[")
		name, _, header = strings.Cut(rest, "]")
	} else {
		name, _, _ = strings.Cut(line, "=")
	}
	return strings.NewReplacer(" ", "", "\t", "", `"`, "", "'", "").Replace(name), header
}

// endsWith tells whether name, as a line has it, can stand for key: a header has the whole of it, a line in a table its
// end.
func endsWith(key toml.Key, name string, header bool) bool {
	full := strings.Join(key, ".")
	return full == name || !header && strings.HasSuffix(full, "."+name)
}

// insideTexts tells which lines begin inside of a text of several lines, where nothing is a key.
func insideTexts(lines []string) []bool {
	inside := make([]bool, len(lines))
	delimiter := "" // of the text that is open
	for n, line := range lines {
		inside[n] = delimiter != ""
		for line != "" {
			line, delimiter = nextQuote(line, delimiter)
		}
	}
	return inside
}

// nextQuote goes on in a line to what opens or closes a text of several lines. It returns what is behind that, and what
// is open then.
func nextQuote(line, open string) (rest, nowOpen string) {
	if open != "" {
		for i := 0; i < len(line); i++ {
			if line[i] == '\\' && open == `"""` {
				i++
			} else if strings.HasPrefix(line[i:], open) {
				return strings.TrimLeft(line[i+len(open):], open[:1]), ""
			}
		}
		return "", open
	}
	i := strings.IndexAny(line, `"'#`)
	if i < 0 || line[i] == '#' {
		return "", ""
	}
	for _, long := range []string{`"""`, "'''"} {
		if strings.HasPrefix(line[i:], long) {
			return line[i+len(long):], long
		}
	}
	for end := i + 1; end < len(line); end++ {
		if line[end] == '\\' && line[i] == '"' {
			end++
		} else if line[end] == line[i] {
			return line[end+1:], ""
		}
	}
	return "", ""
}
