package main

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// one is the only, or the first, value at a path.
func one(value any, path string) any {
	if all := at(value, path); len(all) > 0 {
		return all[0]
	}
	return nil
}

func text(value any, path string) string {
	s, _ := one(value, path).(string)
	return s
}

func number(value any) float64 {
	f, _ := strconv.ParseFloat(fmt.Sprint(value), 64)
	return f
}

// condition is what a query asks for, in Go.
type condition func(alertDocument) bool

func is(path string, want any) condition {
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(want) })
	}
}

func atLeast(path string, least float64) condition {
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool { return number(v) >= least })
	}
}

func within(path, network string) condition {
	n := netip.MustParsePrefix(network)
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool {
			ip, err := netip.ParseAddr(fmt.Sprint(v))
			return err == nil && n.Contains(ip)
		})
	}
}

func between(path, from, to string) condition {
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool { return fmt.Sprint(v) >= from && fmt.Sprint(v) < to }) // all have one form
	}
}

func says(path, pattern string) condition {
	re := regexp.MustCompile(pattern)
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool { return re.MatchString(fmt.Sprint(v)) })
	}
}

// within one object of a list: what plain objects get wrong.
func some(path string, all ...condition) condition {
	return func(a alertDocument) bool {
		return slices.ContainsFunc(at(a, path), func(v any) bool { return every(all...)(v.(map[string]any)) })
	}
}

func every(all ...condition) condition {
	return func(a alertDocument) bool {
		return !slices.ContainsFunc(all, func(c condition) bool { return !c(a) })
	}
}

func not(c condition) condition { return func(a alertDocument) bool { return !c(a) } }

func anyOf(path string, values ...string) condition {
	return func(a alertDocument) bool {
		return slices.ContainsFunc(values, func(v string) bool { return is(path, v)(a) })
	}
}

// analystQuery is a question that an analyst has, in the language of the server and in Go.
type analystQuery struct {
	name, index, query string
	want               condition
}

// documents are those that a query is about.
func (q *analystQuery) documents(alerts map[string]alertDocument) map[string]alertDocument {
	if q.index == incidentIndex {
		return lastStates(alerts)
	}
	return alerts
}

// A client, an account and a server that are in the scenarios; without them the questions below would be about nothing.
const attacker, account, registrar = "198.18.1.13", "302", "198.18.0.10"

func analystQueries() []analystQuery {
	stream := func(name, query string, want condition) analystQuery {
		return analystQuery{name, alertStream, query, want}
	}
	term := func(field string, value any) string { return fmt.Sprintf(`{"term":{%q:%q}}`, field, fmt.Sprint(value)) }
	nested := func(path string, queries ...string) string {
		return fmt.Sprintf(`{"nested":{"path":%q,"query":{"bool":{"filter":[%s]}}}}`, path, strings.Join(queries, ","))
	}
	return []analystQuery{
		stream("what somebody should look at", term("event.kind", "alert"), is("event.kind", "alert")),
		stream("one attacker", term("source.ip", attacker), is("source.ip", attacker)),
		stream("everything about an address", term("related.ip", attacker), is("related.ip", attacker)),
		stream("a /24 of related.ip", term("related.ip", "198.18.1.0/24"), within("related.ip", "198.18.1.0/24")),
		stream("a /30 of source.ip", term("source.ip", "198.18.1.12/30"), within("source.ip", "198.18.1.12/30")),
		stream("an IPv6 network", term("related.ip", "2001:db8::/32"), within("related.ip", "2001:db8::/32")),
		stream("all of IPv6", term("network.type", "ipv6"), is("network.type", "ipv6")),
		stream("one server", term("destination.ip", registrar), is("destination.ip", registrar)),
		stream("brute force", term("siphunt.incident.kind", "brute-force"), is("siphunt.incident.kind", "brute-force")),
		stream("sprays", term("event.action", "sip-password-spray"), is("event.action", "sip-password-spray")),
		stream("all scans", `{"wildcard":{"event.action":"sip-*-scan"}}`, says("event.action", "^sip-.*-scan$")),
		stream("many clients", `{"range":{"siphunt.clients.count":{"gte":5}}}`, atLeast("siphunt.clients.count", 5)),
		stream("break-ins", `{"bool":{"filter":[{"term":{"event.outcome":"success"}},{"term":{"event.kind":"alert"}}]}}`,
			every(is("event.outcome", "success"), is("event.kind", "alert"))),
		stream("high or critical", `{"range":{"event.severity":{"gte":73}}}`, atLeast("event.severity", 73)),
		stream("risk over 60", `{"range":{"event.risk_score":{"gte":60}}}`, atLeast("event.risk_score", 60)),
		stream("an account under attack", term("user.name", account), is("user.name", account)),
		stream("everything about an account", term("related.user", account), is("related.user", account)),
		stream("the first ten minutes", `{"range":{"@timestamp":{"gte":"2026-11-22T09:40:00Z","lt":"2026-11-22T09:50:00Z"}}}`,
			between("@timestamp", "2026-11-22T09:40:00.000Z", "2026-11-22T09:50:00.000Z")),
		stream("attacks that began in an hour", `{"range":{"event.start":{"gte":"2026-11-22T09:00:00Z","lt":"2026-11-22T10:00:00Z"}}}`,
			between("event.start", "2026-11-22T09:00:00.000Z", "2026-11-22T10:00:00.000Z")),
		stream("longer than a minute", `{"range":{"event.duration":{"gte":60000000000}}}`, atLeast("event.duration", 60e9)),
		stream("faster than 1000 a minute", `{"range":{"siphunt.rate":{"gte":1000}}}`, atLeast("siphunt.rate", 1000)),
		stream("a sentence", `{"match_phrase":{"message":"on SIP server 198.18.0.10"}}`, says("message", `on SIP server 198\.18\.0\.10\b`)),
		stream("a word", `{"match":{"message":"guessing"}}`, says("message", `\bguessing\b`)),
		stream("a tool", term("siphunt.user_agents", "friendly-scanner"), is("siphunt.user_agents", "friendly-scanner")),
		stream("a technique", term("threat.technique.id", "T1110"), is("threat.technique.id", "T1110")),
		stream("reconnaissance", term("threat.tactic.id", "TA0043"), is("threat.tactic.id", "TA0043")),
		stream("100 answers 401 or more", `{"range":{"siphunt.rejections.401":{"gte":100}}}`, atLeast("siphunt.rejections.401", 100)),
		stream("known clients", term("siphunt.incident.known_client", "true"), is("siphunt.incident.known_client", true)),
		stream("this client with 29 attempts or more",
			nested("siphunt.clients.top", term("siphunt.clients.top.ip", "198.18.1.31"), `{"range":{"siphunt.clients.top.attempts":{"gte":29}}}`),
			some("siphunt.clients.top", is("ip", "198.18.1.31"), atLeast("attempts", 29))),
		stream("this extension with 3 attempts or more",
			nested("siphunt.extensions.top", `{"prefix":{"siphunt.extensions.top.name":"302@"}}`, `{"range":{"siphunt.extensions.top.attempts":{"gte":3}}}`),
			some("siphunt.extensions.top", says("name", "^302@"), atLeast("attempts", 3))),
		stream("who got into an account", nested("siphunt.successes", `{"prefix":{"siphunt.successes.extension":"302@"}}`),
			some("siphunt.successes", says("extension", "^302@"))),
		stream("as analysts write it", `{"query_string":{"query":"event.severity:>=73 AND NOT siphunt.incident.state:(end OR merged)"}}`,
			every(atLeast("event.severity", 73), not(anyOf("siphunt.incident.state", "end", "merged")))),
		stream("Elastic's External Alerts", `{"bool":{"filter":[{"term":{"event.kind":"alert"}},{"range":{"event.ingested":{"gte":"now-1h"}}}],
			"must_not":[{"terms":{"event.module":["endgame","endpoint","cloud_defend"]}}]}}`, is("event.kind", "alert")),
		{"incidents that are open", incidentIndex, `{"bool":{"must_not":[{"terms":{"siphunt.incident.state":["end","merged","withdrawn"]}}]}}`,
			not(anyOf("siphunt.incident.state", "end", "merged", "withdrawn"))},
		{"incidents with a break-in", incidentIndex, `{"range":{"siphunt.success_count":{"gte":1}}}`, atLeast("siphunt.success_count", 1)},
		{"incidents of a /24", incidentIndex, term("source.ip", "198.18.1.0/24"), within("source.ip", "198.18.1.0/24")},
	}
}

// matching are the ids of the documents that meet a condition.
func matching(documents map[string]alertDocument, c condition) (ids []string) {
	for id, a := range documents {
		if c(a) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// finds compares what a query finds in an index with the documents that meet a condition.
func (s *searchServer) finds(t *testing.T, index, query string, documents map[string]alertDocument, c condition) {
	t.Helper()
	want := matching(documents, c)
	var got []string
	for _, id := range at(s.search(index, `{"size":10000,"_source":false,"query":`+query+`}`), "hits.hits._id") {
		got = append(got, id.(string))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\nfinds (-want +got):\n%s", query, diff)
	}
}

// testQueries: each finds exactly what it should.
func testQueries(t *testing.T, server *searchServer, alerts map[string]alertDocument) {
	for _, q := range analystQueries() {
		t.Run(q.name, func(t *testing.T) { server.finds(t, q.index, q.query, q.documents(alerts), q.want) })
	}
	t.Run("Counts", func(t *testing.T) { testCounts(t, server, alerts) })
}

// testCounts: what dashboards count.
func testCounts(t *testing.T, server *searchServer, alerts map[string]alertDocument) {
	for _, field := range []string{"source.ip", "siphunt.incident.kind", "rule.name", "destination.ip", "related.user"} {
		want := map[string]int{}
		for _, a := range alerts {
			for _, v := range at(a, field) {
				want[fmt.Sprint(v)]++
			}
		}
		compareBuckets(t, field, want, server.search(alertStream, fmt.Sprintf(`{"size":0,"aggs":{"by":{"terms":{"field":%q,"size":1000}}}}`, field)), "key")
	}
	hours := map[string]int{}
	for _, a := range alerts {
		at, err := time.Parse(time.RFC3339, text(a, "@timestamp"))
		if err != nil {
			t.Fatal(err)
		}
		hours[at.Truncate(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")]++
	}
	compareBuckets(t, "hours", hours, server.search(alertStream,
		`{"size":0,"aggs":{"by":{"date_histogram":{"field":"@timestamp","fixed_interval":"1h","min_doc_count":1}}}}`), "key_as_string")
}

func compareBuckets(t *testing.T, what string, want map[string]int, answer map[string]any, key string) {
	t.Helper()
	got := map[string]int{}
	for _, b := range at(answer, "aggregations.by.buckets") {
		got[fmt.Sprint(one(b, key))] = int(number(one(b, "doc_count")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s of %d (-want +got):\n%s", what, len(slices.Collect(maps.Keys(want))), diff)
	}
}
