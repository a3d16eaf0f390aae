package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// bound is one that an attacker runs into, a row of SECURITY.md.
type bound struct {
	name   string
	figure string // what it is: {table.key} is the default of a key, {file expression} a figure from the constants of a file
	attack string
	effect string // has figures too
	seen   string
}

var bounds = []bound{
	{"`max_pairs` outside incidents", "{detector.max_pairs}, at most {detect/flood_test.go bytesPerPair} bytes each", "a flood of spoofed clients or extensions", "the pair idle for longest is forgotten; attacks that are going on are not idle", "`evicted_total`, `pairs`"},
	{"`max_pairs` inside incidents", "the same again", "many large attacks", "rejections count on, members are not told apart", "`estimated` in the alert"},
	{"`max_members` of one incident", "{detector.max_members}", "a million extensions in one scan, a botnet on one extension", "all rejections count; the number of members is an estimate (about 1 % off) and is marked", "`estimated` in the alert"},
	{"`max_incidents`", "{detector.max_incidents}", "a flood of small attacks", "the smallest end early, and say so (`limit`)", "`ended_early_total`, `incidents`"},
	{"`outbox_limit`", "{alerts.outbox_limit} alerts", "alerts that nobody collects", "the oldest updates go first; openings, successes and ends last", "`alerts_waiting`, `alerts_lost_total`"},
	{"`max_alerts_per_minute`", "{alerts.max_alerts_per_minute}, no limit", "a flood of incidents that is to bury one", "what exceeds it is folded into one record a minute, which says how many of which kind; a success never is", "`alerts_folded_total`"},
	{"reports of one incident", "one when it opens, updates when it has doubled and `update_interval` has passed", "endless guessing", "nothing more is reported until then; a success always is", "`alerts_total`"},
	{"records that wait for the detector", "{plugin/internal/judge/queue.go MaxQueued>>20} MiB", "records faster than one core can count", "Fluent Bit has to wait, and keeps the rest in its own buffers", "`queue_bytes`"},
	{"a snapshot on its way to the disk", "{plugin/internal/engine/checkpoint.go maxSpooled>>20} MiB", "a disk that is slow", "the judge waits for it, for a second without progress at most; then the snapshot is given up and tried again", "`state_faults_total`, `state_whole`"},
	{"`journal_limit`", "{state.journal_limit} MiB", "records that are to fill the disk", "a snapshot is written, and the journal begins anew", "`journal_bytes_total`, `snapshots_total`"},
	{"an extension", "{detect/internal/store/texts.go MaxText} bytes", "huge names", "the first {detect/internal/store/texts.go MaxText-17} bytes and a hash of all stay", "the name ends in `~` and 16 digits"},
	{"User-Agents, probes, successes in an alert", "{detect/alert.go MaxUserAgents}, {detect/alert.go MaxProbes}, {detect/alert.go MaxSuccesses}; texts of {detect/member.go maxText} bytes", "endless different ones", "the first stay; successes are counted on", "`siphunt.success_count` says how many"},
	{"User-Agents of clients that are not in an incident", "{detect/agents.go agentPlaces} clients", "a flood of requests", "one client takes another one's place: evidence only", "-"},
	{"time of a record", "`max_future` {detector.max_future} ahead, `idle_timeout` {detector.idle_timeout} behind", "a clock that is pulled to and fro, to end attacks", "the record is dropped; with `clock = \"flow\"`, more than {detect/clock.go maxJump/60_000} minutes ahead and fewer than {detect/clock.go jumpCompany} that agree", "`dropped_total`, reasons `time_rejected` and `late`"},
	{"what is learnt of records' layouts", "{plugin/internal/flow/shape.go maxNodes} nodes, {plugin/internal/flow/shape.go maxBytes} bytes each, for each worker", "records whose fields are never the same", "it is thrown away and learnt anew; what is read stays the same", "more CPU: `flush_seconds_total`"},
	{"fields of a record, nesting of a JSON line", "{plugin/internal/flow/shape.go maxSteps} looked at, {plugin/internal/flow/line.go maxDepth} deep", "records without end, nesting without end", "the rest is passed over; the line is dropped", "`dropped_total`, reason `malformed`"},
	{"a line that is replayed", "{plugin/internal/replay/lines.go maxLine>>20} MiB", "a file without line ends", "it is passed over and named", "on standard error"},
	{"lines that wait for Fluent Bit's log", "{plugin/messages.go maxMessages} of {plugin/messages.go maxLine} bytes", "a flood of faults", "further ones are counted", "\"messages were not logged\""},
}

// boundsTable returns the table of all bounds for SECURITY.md, in Markdown.
func boundsTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| bound | default | the attack | what happens when it is reached | how one sees it |\n| --- | --- | --- | --- | --- |\n")
	for _, row := range bounds {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.name, withFigures(t, row.figure), row.attack, withFigures(t, row.effect), row.seen)
	}
	return b.String()
}

var placeholder = regexp.MustCompile(`\{(\S+?)(?: (.+?))?\}`)

func withFigures(t *testing.T, text string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		if m[2] == "" {
			return withCommas(keyDefault(t, m[1]))
		}
		return withCommas(figureIn(t, m[1], m[2]))
	})
}

// keyDefault returns the default of a key of siphunt.toml, without its quotes.
func keyDefault(t *testing.T, key string) string {
	t.Helper()
	for row := range strings.Lines(config.KeysTable()) {
		if rest, ok := strings.CutPrefix(row, "| `"+key+"` | `"); ok {
			value, _, _ := strings.Cut(rest, "`")
			return strings.ReplaceAll(strings.Trim(value, `"`), "_", "")
		}
	}
	t.Fatalf("there is no key %s", key)
	return ""
}

// figureIn returns what an expression of the constants of a source file is worth.
func figureIn(t *testing.T, file, expression string) string {
	t.Helper()
	files := token.NewFileSet()
	source, err := parser.ParseFile(files, "../../../"+file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := types.Config{Error: func(error) {}} // what it imports and what other files have is not known
	of, _ := c.Check(file, files, []*ast.File{source}, nil)
	value, err := types.Eval(files, of, token.NoPos, expression)
	if err != nil || value.Value == nil || value.Value.Kind() != constant.Int {
		t.Fatalf("%s: %s is no figure: %v", file, expression, err)
	}
	return value.Value.ExactString()
}

// withCommas writes a number for readers: 1,000,000; and anything else as it is.
func withCommas(value string) string {
	if n, err := strconv.Atoi(value); err == nil {
		return humanize.Thousands(n)
	}
	return value
}
