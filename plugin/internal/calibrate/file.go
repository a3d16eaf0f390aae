package calibrate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/config"
)

// File returns a siphunt.toml with what is recommended: the keys that were looked at, each with its reason, and what the present
// configuration has beside its defaults.
func (r *Result) File(present *config.Config) string {
	recommended := *present
	recommended.Detector = r.Apply(&present.Detector)
	var b strings.Builder
	r.writeHead(&b)
	r.writeTables(&b, recommended.TOML())
	r.writeCandidates(&b)
	return b.String()
}

func (r *Result) writeHead(b *strings.Builder) {
	comment(b, fmt.Sprintf("Recommended by siphunt calibrate from the traffic of %.1f days, %s to %s (UTC): %s acceptances and %s rejections.",
		days(r.Last.UnixMilli()-r.First.UnixMilli()), r.First.Format("2006-01-02 15:04"), r.Last.Format("2006-01-02 15:04"),
		thousands(int64(r.Acceptances)), thousands(int64(r.Rejections))))
	comment(b, "Phones are what the detector has explained, unclear is what was neither explained nor told of as an attack.")
	if keys := r.changed(); len(keys) > 0 {
		comment(b, "Changed: "+strings.Join(keys, ", ")+".")
	} else {
		comment(b, "Nothing has to be changed.")
	}
	if t := r.Backtest; t != nil {
		comment(b, t.Sentence())
	}
	for _, a := range r.Advice {
		comment(b, "Beside it ("+a.Subject+"): "+a.Text+".")
	}
	b.WriteByte('\n')
}

// writeTables writes the text of a configuration without the keys that say nothing: those that have their default and were not looked
// at, and those of an override that are as elsewhere.
func (r *Result) writeTables(b *strings.Builder, text string) {
	defaults := keysOfTables(config.Default().TOML())
	general := keysOfTables(text)
	for table := range strings.SplitSeq(text, "\n\n") {
		header, body, _ := strings.Cut(table, "\n")
		name := strings.Trim(header, "[]")
		recs := r.recommendationsOf(name, body)
		var lines strings.Builder
		for line := range strings.SplitSeq(body, "\n") {
			key, value, _ := strings.Cut(line, " = ")
			rec := slices.IndexFunc(recs, func(x Recommendation) bool { return x.Key == key })
			switch {
			case rec >= 0:
				comment(&lines, recs[rec].sentence())
			case name == "override" && general["detector."+key] == value, defaults[name+"."+key] == value:
				continue
			}
			lines.WriteString(line + "\n")
		}
		if lines.Len() > 0 {
			b.WriteString(header + "\n" + lines.String() + "\n")
		}
	}
}

// keysOfTables returns the values of a configuration by table and key, but of tables that there may be several of.
func keysOfTables(text string) map[string]string {
	values := map[string]string{}
	for table := range strings.SplitSeq(text, "\n\n") {
		header, body, _ := strings.Cut(table, "\n")
		if strings.HasPrefix(header, "[[") {
			continue
		}
		for line := range strings.SplitSeq(body, "\n") {
			key, value, _ := strings.Cut(line, " = ")
			values[strings.Trim(header, "[]")+"."+key] = value
		}
	}
	return values
}

// recommendationsOf returns those for the keys of a table.
func (r *Result) recommendationsOf(table, body string) []Recommendation {
	switch table {
	case "detector":
		return r.Recommendations
	case "override":
		for _, o := range r.Overrides {
			if strings.HasPrefix(body, fmt.Sprintf("registrars = [\"%s/%d\"]\n", o.Registrar, o.Registrar.BitLen())) {
				return o.Recommendations
			}
		}
	}
	return nil
}

func (r *Recommendation) sentence() string {
	text := string(r.Verdict)
	if r.changes() {
		text += ", was " + r.Present
	}
	return text + ": " + r.Reason + "."
}

// writeCandidates lists who might be allowed, so that nothing comes of it before somebody has looked.
func (r *Result) writeCandidates(b *strings.Builder) {
	if len(r.Allow) == 0 {
		return
	}
	comment(b, "Candidates for the allowlist. Nothing is allowed by itself: find out who they are first. What is allowed is not counted, whoever uses it.")
	for _, c := range r.Allow {
		b.WriteString("#\n")
		comment(b, c.Evidence+".")
		fmt.Fprintf(b, "# [[allow]]\n# clients = [%q]\n# registrars = [%q]\n", c.Client, c.Registrar)
		if c.Extension != "" {
			fmt.Fprintf(b, "# extensions = [%s]\n", strconv.QuoteToASCII(literal(c.Extension)))
		}
		b.WriteString("# reason = \"\"\n")
	}
}

// literal is a pattern that matches a text alone, and holds nothing that is not valid in TOML.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

const commentWidth = 118

// comment writes a text as lines of a comment. Whatever is in it, it stays one.
func comment(b *strings.Builder, text string) {
	line := "#"
	for _, word := range strings.Fields(printable(text)) {
		if len(line)+1+len(word) > commentWidth && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// printable has a question mark for each character that a terminal or a file may not take.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !strconv.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
}
