package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Guess writes a table [flows.custom] for a record that no format fits, as far as names and values tell, to start from.
func (e *Explanation) Guess() string {
	var b strings.Builder
	b.WriteString("[flows]\nformat = \"custom\"\n\n[flows.custom]\n")
	taken := map[string]bool{}
	for _, g := range guesses {
		i := slices.IndexFunc(e.Leaves, func(l Leaf) bool { return !taken[l.Path] && g.fits(l) })
		if i >= 0 {
			taken[e.Leaves[i].Path] = true
			fmt.Fprintf(&b, "%s = %q # %s\n", g.key, e.Leaves[i].Path, e.Leaves[i].Value)
		} else if g.needed {
			fmt.Fprintf(&b, "#%s = \"?\" # %s\n", g.key, g.what)
		}
	}
	return b.String()
}

// guess is how a field is known: by a part of the last name of its path, and by its value.
type guess struct {
	key    string
	needed bool
	what   string
	names  []string
	value  func(string) bool
}

func (g *guess) fits(l Leaf) bool {
	name := strings.ToLower(l.Path)
	value := l.Value
	if s, err := strconv.Unquote(value); err == nil {
		value = s
	}
	return slices.ContainsFunc(g.names, func(part string) bool { return strings.Contains(name, part) }) && g.value(value)
}

var guesses = []guess{
	{"message", false, "", []string{""}, func(s string) bool { return strings.Contains(s, "SIP/2.0") && strings.Contains(s, "\n") }},
	{"time", true, "when the message was sent; without it, the time at which Fluent Bit got the record", []string{"time", "ts", "date", "end", "when"}, isTime},
	{"source", true, "the address that sent the message, or client and registrar", []string{"src", "source", "orig", "client", "peer", "remote", "from"}, isAddress},
	{"destination", true, "the address that it was sent to", []string{"dst", "dest", "resp", "server", "registrar", "local", "to"}, isAddress},
	{"source_port", false, "", []string{"src", "source", "orig", "client", "sport"}, isPort},
	{"destination_port", false, "", []string{"dst", "dest", "resp", "server", "dport"}, isPort},
	{"protocol", false, "", []string{"proto", "transport"}, func(s string) bool { return transportOf(s) != 0 || s == "6" || s == "17" }},
	{"status", true, "the status code of an answer", []string{"status", "code", "response", "reply"}, isStatus},
	{"cseq", true, "\"2 REGISTER\", or method: \"REGISTER\"", []string{"cseq", "seq", "method"}, func(s string) bool { return slices.Contains(sipMethods, cseqMethod(s)) }},
	{"to", true, "the account", []string{"to", "called", "callee", "user", "account"}, isAccount},
	{"from", false, "", []string{"from", "calling", "caller"}, isAccount},
	{"call_id", false, "", []string{"call_id", "callid", "call-id"}, func(s string) bool { return s != "" }},
	{"user_agent", false, "", []string{"agent", "ua"}, func(s string) bool { return len(s) > 2 }},
}

func isAddress(s string) bool {
	_, ok := parseEndpoint(s)
	return ok
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

func isStatus(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 100 && n < 700
}

func isTime(s string) bool {
	var c clock
	_, ok := c.parse([]byte(s), 0)
	return ok && len(s) >= 10
}

func isAccount(s string) bool {
	var b Batch
	return b.extension(s, false) != "" && !isAddress(s) && !isTime(s)
}
