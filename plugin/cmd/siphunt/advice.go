package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// summary says what there is in the sample, and the one thing to change.
func (x *explanation) summary() {
	s := &x.stats
	fmt.Fprintf(x.out, "%s: %d relevant, %d other", humanize.Count(int(s.Records), "record"), s.Relevant, s.Other)
	for r, n := range s.Dropped {
		writeCount(x.out, flow.Reason(r).String(), n)
	}
	fmt.Fprintln(x.out)
	for _, name := range slices.Sorted(maps.Keys(x.formats)) {
		if name != "" {
			fmt.Fprintf(x.out, "%s of format %s\n", humanize.Count(x.formats[name], "record"), name)
		}
	}
	for _, report := range slices.Sorted(maps.Keys(x.alerts)) {
		fmt.Fprintf(x.out, "%s: %s\n", humanize.Count(x.alerts[report], "report"), report)
	}
	fmt.Fprintf(x.out, "\nTo change: %s\n", strings.TrimSuffix(x.advice(), "\n"))
}

// advice is the one thing to change, the most important first.
func (x *explanation) advice() string {
	s := &x.stats
	worst := flow.Reason(0)
	for r, n := range s.Dropped {
		if flow.Reason(r) != flow.NotSIP && (n > s.Dropped[worst] || worst == flow.NotSIP) {
			worst = flow.Reason(r)
		}
	}
	switch {
	case s.Records == 0:
		return "the sample: there is no record in it."
	case s.Relevant+s.Other == 0 && s.Dropped[worst] == 0:
		return x.otherFormat()
	case s.Dropped[worst] > s.Relevant && worst == flow.Malformed:
		return x.otherInput()
	case s.Dropped[worst] > s.Relevant:
		return remedies[worst]
	case s.Relevant == 0 && x.strange != nil && value(x.strange, "cseq") == "" && value(x.strange, "method") == "":
		return "what the exporter writes: its answers have a status, but nothing says what they answer (cseq, or method) or whose account it is (to)." + x.other()
	case s.Relevant == 0 && x.strange != nil:
		return fmt.Sprintf("the sample, or what the exporter sees: there are answers, but none to %s with a status that counts (200, %s).",
			strings.Join(x.config.Methods, ", "), strings.Trim(fmt.Sprint(x.config.Detector.FailureCodes), "[]"))
	case s.Relevant == 0:
		return "what the exporter sees or writes: there are requests, but no answers. Look at both directions."
	case s.Dropped[worst] > 0:
		return fmt.Sprintf("nothing that matters much. %s dropped as %v: %s", humanize.Count(int(s.Dropped[worst]), "record"), worst, remedies[worst])
	}
	return "nothing."
}

// otherFormat is what to do about a sample that has no SIP in it, as far as siphunt can see.
func (x *explanation) otherFormat() string {
	if x.nearest == nil || len(x.nearest.Nearest) == 0 {
		return x.otherInput()
	}
	e := x.nearest
	if best := e.Nearest[0]; len(best.Missing) == 0 && x.config.Format != "auto" {
		return fmt.Sprintf("flows.format, which is %q: write \"auto\" or %q, which fits.", x.config.Format, best.Format)
	}
	if r := x.renamed; r != nil {
		return fmt.Sprintf("the names. They are those of %s in another form: %s is %s here. Have the exporter's own names written, or write in siphunt.toml:\n\n%s",
			r.Format, r.Example[0], r.Example[1], r.Mapping)
	}
	for _, l := range e.Leaves {
		if strings.Contains(l.Value, `{\"`) {
			return fmt.Sprintf("the input: the field %s holds text with a record in it, %s. Let Fluent Bit parse it (filter parser, key_name %s).", l.Path, l.Value, l.Path)
		}
	}
	if best := e.Nearest[0]; best.Found > 2 {
		return fmt.Sprintf("what the exporter writes, or the names. The nearest format is %s; it has %s, and nothing of it is here for: %s.%s\nOr name the fields:\n\n%s",
			best.Format, humanize.Count(best.Found, "field"), strings.Join(best.Missing, ", "), x.other(), e.Guess())
	}
	return "flows.format: no format that siphunt knows fits. Name the fields in siphunt.toml, to start from:\n\n" + e.Guess()
}

// otherInput is what to do about lines that are no records.
func (x *explanation) otherInput() string {
	line := strings.TrimSpace(x.unread)
	text, _, found := strings.Cut(line, "{")
	switch {
	case line == "":
		return "the input: it is neither JSON nor a line of a log that siphunt knows."
	case line == "[", strings.HasPrefix(line, "[{"), strings.HasSuffix(line, "},"):
		return "the input: it is one list of records. Write a record a line, as jq -c '.[]' does."
	case found && text != "" && strings.HasSuffix(line, "}"):
		return fmt.Sprintf("the input: %q stands before the JSON. Let Fluent Bit take it off (parser syslog, cri, or one of your own), or have only JSON written.", text)
	case strings.HasPrefix(line, "{"):
		return "the input: lines are cut, or are no JSON, or a record goes over several lines. Write a record a line, as jq -c . does."
	}
	return "the input: it is neither JSON nor a line of a log that siphunt knows."
}

// other says where an exporter's page has more.
func (x *explanation) other() string {
	return " docs/exporters.md tells how to configure each exporter."
}

// remedies are what to do about records that were dropped.
var remedies = map[flow.Reason]string{
	flow.NoAddress: "the addresses: they are not there or are none. Name the fields with the two addresses (source and destination, or client and registrar).",
	flow.NoTime:    "the time: it cannot be read. Write RFC 3339 or Unix time; time_format tells the unit of numbers, if it is not the one that their size suggests.",
	flow.BadType:   "a field that holds what it cannot hold, for example a word as a status: see the record that was dropped as bad_type. status_codes gives codes to words.",
	flow.Malformed: "the input: lines are cut, or are no JSON.", // where they are few: see otherInput
	flow.Duplicate: "the collector: it writes each flow twice, once for each direction (splitBiflow). What is doubled is left out; better write it once.",
	flow.NoAccount: "what the exporter writes: its answers name no account (to, or from).",
}
