package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/siem/dashboard"
)

// query is what a panel of a file asks the server for, as the program that reads the file would.
type query struct {
	title, index, lucene string
	measures             []string         // kind and field
	groups               []map[string]any // aggregations, the outer ones first
	columns              []any
}

// panelQueries reads a file of conf/siem.
func panelQueries(t *testing.T, name string) []query {
	t.Helper()
	file := read(t, "../conf/siem/"+name)
	if strings.HasSuffix(name, ".ndjson") {
		return savedQueries(t, file)
	}
	return grafanaQueries(t, file)
}

func parsed(t *testing.T, text string) (o map[string]any) {
	t.Helper()
	if err := json.UnmarshalFromString(text, &o); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return o
}

// savedQueries reads saved objects of OpenSearch Dashboards or Kibana.
func savedQueries(t *testing.T, file string) (all []query) {
	t.Helper()
	indices := map[string]string{}
	for _, line := range lines(file) {
		o := parsed(t, line)
		title := text(o, "attributes.title")
		q := query{title: strings.TrimPrefix(title, "siphunt: "), index: indices[text(o, "references.id")]}
		if source := text(o, "attributes.kibanaSavedObjectMeta.searchSourceJSON"); source != "" {
			q.lucene = text(parsed(t, source), "query.query")
		}
		switch o["type"] {
		case "index-pattern":
			indices[o["id"].(string)] = title
			continue
		case "dashboard":
			continue
		case "search":
			q.columns = at(o, "attributes.columns")
		case "map":
			q.lucene = text(parsed(t, text(o, "attributes.mapStateJSON")), "query.query")
			for _, layer := range at(parsed(t, `{"layers":`+text(o, "attributes.layerListJSON")+`}`), "layers") {
				if field := text(layer, "sourceDescriptor.geoField"); field != "" {
					q.groups = []map[string]any{{"geohash_grid": map[string]any{"field": field, "precision": 3}}}
				}
			}
		default:
			q.aggregate(at(parsed(t, text(o, "attributes.visState")), "aggs"))
		}
		all = append(all, q)
	}
	return all
}

// aggregate takes the aggregations of a visualization.
func (q *query) aggregate(aggs []any) {
	for _, a := range aggs {
		kind, field := text(a, "type"), text(a, "params.field")
		switch {
		case text(a, "schema") == "metric":
			q.measures = append(q.measures, strings.TrimSpace(kind+" "+field))
		default:
			q.groups = append(q.groups, group(kind, field, one(a, "params.size")))
		}
	}
}

func group(kind, field string, size any) map[string]any {
	settings := map[string]any{"field": field}
	switch kind {
	case "terms":
		settings["size"] = int(number(size))
	case "date_histogram":
		settings["fixed_interval"], settings["min_doc_count"] = "1h", 1 // "auto" is a width that fits the screen
	case "geohash_grid":
		settings["precision"] = 3
	}
	return map[string]any{kind: settings}
}

// grafanaQueries reads Grafana's dashboard.
func grafanaQueries(t *testing.T, file string) (all []query) {
	t.Helper()
	board := parsed(t, file)
	indices := map[string]string{}
	for _, input := range at(board, "__inputs") {
		index, _, _ := strings.Cut(strings.TrimPrefix(text(input, "label"), "index "), ",")
		indices["${"+text(input, "name")+"}"] = index
	}
	for _, p := range at(board, "panels") {
		if text(p, "datasource.type") == "prometheus" {
			continue
		}
		q := query{title: text(p, "title"), index: indices[text(p, "datasource.uid")], lucene: text(p, "targets.query")}
		q.columns = at(p, "transformations.options.include.names")
		for _, m := range at(p, "targets.metrics") {
			if kind := text(m, "type"); kind != "raw_data" {
				q.measures = append(q.measures, strings.TrimSpace(kind+" "+text(m, "field")))
			}
		}
		for _, b := range at(p, "targets.bucketAggs") {
			if kind := text(b, "type"); kind != "filters" { // one of everything: see grafanaBuckets
				q.groups = append(q.groups, group(kind, text(b, "field"), one(b, "settings.size")))
			}
		}
		all = append(all, q)
	}
	return all
}

// run asks the server. The answer is the measures of each group, the names of nested groups in the order of the alphabet, or
// for a list the ids.
func (q *query) run(s *searchServer) map[string][]float64 {
	aggs := map[string]any{}
	for i, m := range q.measures {
		if kind, field, ok := strings.Cut(m, " "); ok {
			aggs[fmt.Sprint("m", i)] = map[string]any{kind: map[string]any{"field": field}}
		}
	}
	for i := len(q.groups) - 1; i >= 0; i-- {
		g := map[string]any{"aggs": aggs}
		for kind, settings := range q.groups[i] {
			g[kind] = settings
		}
		aggs = map[string]any{"g": g}
	}
	body := map[string]any{"size": 10000, "_source": false, "track_total_hits": true, "aggs": aggs}
	if q.lucene != "" {
		body["query"] = map[string]any{"query_string": map[string]any{"query": q.lucene}}
	}
	text, err := json.MarshalToString(body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := s.search(q.index, text)
	if len(q.columns) > 0 {
		ids := map[string][]float64{}
		for _, id := range at(answer, "hits.hits._id") {
			ids[id.(string)] = nil
		}
		return ids
	}
	result := map[string][]float64{}
	root, _ := answer["aggregations"].(map[string]any)
	q.collect(root, number(one(answer, "hits.total.value")), nil, result)
	return result
}

func (q *query) collect(bucket map[string]any, documents float64, path []string, into map[string][]float64) {
	if len(path) < len(q.groups) {
		for _, b := range at(bucket, "g.buckets") {
			key := fmt.Sprint(one(b, "key"))
			if s := text(b, "key_as_string"); s != "" {
				key = s
			}
			q.collect(b.(map[string]any), number(one(b, "doc_count")), append(slices.Clone(path), key), into)
		}
		return
	}
	slices.Sort(path) // Grafana has time inside, the others outside
	values := []float64{}
	for i, m := range q.measures {
		if m == "count" {
			values = append(values, documents)
		} else {
			values = append(values, number(one(bucket, fmt.Sprintf("m%d.value", i))))
		}
	}
	into[strings.Join(path, " ")] = values
}

// panelConditions are the panels' queries in Go.
func panelConditions() map[string]condition {
	brokenIn := every(atLeast("siphunt.success_count", 1), not(is("siphunt.incident.confidence", "unlikely")))
	noAttack := func(a alertDocument) bool {
		return is("siphunt.incident.kind", "registrar-outage")(a) || is("siphunt.incident.phone_like", true)(a) || is("siphunt.incident.known_client", true)(a)
	}
	return map[string]condition{
		"break-ins-count": brokenIn, "break-ins": brokenIn, "phones": noAttack,
		"open-count":      not(anyOf("siphunt.incident.state", "end", "merged", "withdrawn")),
		"severe-count":    atLeast("event.severity", 73),
		"attackers-count": not(noAttack), "attacks": not(noAttack), "attackers": not(noAttack), "servers": not(noAttack),
		"accounts": not(noAttack), "campaigns": not(noAttack), "tools": not(noAttack), "map": not(noAttack),
		"alerts": every(), "probes": every(),
		"faults": func(a alertDocument) bool {
			return is("event.action", "sip-alerts-folded")(a) || is("siphunt.incident.estimated", true)(a) || is("tags", "siphunt_pipeline_failure")(a)
		},
	}
}

// expected works a panel out in Go.
func expected(t *testing.T, p *dashboard.Panel, alerts map[string]alertDocument) map[string][]float64 {
	t.Helper()
	documents := alerts
	if p.Source == dashboard.Incidents {
		documents = lastStates(alerts)
	}
	want := panelConditions()[p.ID]
	if want == nil {
		t.Fatalf("panel %s: the test does not know its query in Go", p.ID)
	}
	members := map[string][]alertDocument{}
	for id, a := range documents {
		if !want(a) {
			continue
		}
		for _, key := range groupsOf(t, p, id, a) {
			members[key] = append(members[key], a)
		}
	}
	if p.Kind == dashboard.Number && len(members) == 0 {
		members[""] = nil
	}
	result := map[string][]float64{}
	for key, all := range members {
		if p.Kind == dashboard.List {
			result[key] = nil
			continue
		}
		values := []float64{}
		for _, m := range p.Measures {
			values = append(values, measure(t, m, all))
		}
		if len(p.Measures) == 0 && p.Kind != dashboard.Map {
			values = append(values, float64(len(all)))
		}
		result[key] = values
	}
	return result
}

// strongest are the n groups with the most of the first measure; of equals those that come first in the alphabet.
func strongest(groups map[string][]float64, n int) map[string][]float64 {
	keys := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b][0], groups[a][0]), strings.Compare(a, b))
	})
	for _, key := range keys[min(n, len(keys)):] {
		delete(groups, key)
	}
	return groups
}

// groupsOf are the names of the groups that a document belongs to.
func groupsOf(t *testing.T, p *dashboard.Panel, id string, a alertDocument) (keys []string) {
	t.Helper()
	switch p.Kind {
	case dashboard.Number:
		return []string{""}
	case dashboard.List:
		return []string{id}
	case dashboard.Map:
		if g := one(a, "source.geo.location"); g != nil {
			return []string{"u2f"} // Prague, the only place in this test
		}
		return nil
	}
	for _, v := range at(a, p.Group) {
		key := fmt.Sprint(v)
		if p.Time != "" {
			began, err := time.Parse(time.RFC3339, text(a, p.Time))
			if err != nil {
				t.Fatal(err)
			}
			names := []string{key, began.Truncate(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")}
			slices.Sort(names)
			key = strings.Join(names, " ")
		}
		if !slices.Contains(keys, key) { // a document counts once in a group
			keys = append(keys, key)
		}
	}
	return keys
}

func measure(t *testing.T, m dashboard.Measure, all []alertDocument) float64 {
	t.Helper()
	most, sum, distinct := math.Inf(-1), 0.0, map[string]bool{}
	for _, a := range all {
		for _, v := range at(a, m.Field) {
			f := number(v)
			if at, err := time.Parse(time.RFC3339, fmt.Sprint(v)); err == nil {
				f = float64(at.UnixMilli())
			}
			most, sum, distinct[fmt.Sprint(v)] = max(most, f), sum+f, true
		}
	}
	switch m.Of {
	case "count":
		return float64(len(all))
	case "sum":
		return sum
	case "max":
		if len(distinct) == 0 {
			return 0 // as null is read
		}
		return most
	default:
		return float64(len(distinct))
	}
}

// testDashboards: every panel of every file is run, and shows what it should.
func testDashboards(t *testing.T, server *searchServer, alerts map[string]alertDocument) {
	for _, file := range []string{"opensearch-dashboards.ndjson", "kibana.ndjson", "grafana.json"} {
		t.Run(file, func(t *testing.T) {
			queries := panelQueries(t, file)
			if len(queries) != len(dashboard.Panels) {
				t.Errorf("%d panels, should be %d", len(queries), len(dashboard.Panels))
			}
			for _, q := range queries {
				i := slices.IndexFunc(dashboard.Panels, func(p dashboard.Panel) bool {
					return p.Title == q.title && (p.Kind == dashboard.List) == (len(q.columns) > 0) && (len(q.groups) > 0) == (p.Kind > dashboard.List)
				})
				if i < 0 {
					t.Errorf("no panel %q", q.title)
					continue
				}
				p := &dashboard.Panels[i]
				t.Run(p.ID, func(t *testing.T) {
					if p.Kind == dashboard.Map {
						q.measures = nil
					}
					want := expected(t, p, alerts)
					if p.Kind == dashboard.Table {
						want = strongest(want, int(number(one(q.groups[0], "terms.size"))))
					}
					if diff := gocmp.Diff(want, q.run(server)); diff != "" {
						t.Errorf("figures (-want +got):\n%s", diff)
					}
					hasFields(t, server, q)
				})
			}
		})
	}
}

// hasFields: a column or a group of a field that does not exist is empty without an error.
func hasFields(t *testing.T, server *searchServer, q query) {
	t.Helper()
	names := q.columns
	for _, g := range q.groups {
		names = append(names, at(g, "terms.field")...)
		names = append(names, at(g, "date_histogram.field")...)
		names = append(names, at(g, "geohash_grid.field")...)
	}
	for _, m := range q.measures {
		if _, field, ok := strings.Cut(m, " "); ok {
			names = append(names, field)
		}
	}
	_, answer := server.do("GET", q.index+"/_field_caps?fields=*", "")
	have := answer["fields"].(map[string]any)
	for _, name := range names {
		if have[name.(string)] == nil {
			t.Errorf("there is no field %s", name)
		}
	}
}

var metricName = regexp.MustCompile(`fluentbit_siphunt_([a-z_]+)`)

// TestDashboardMetrics: the metrics that Grafana asks Prometheus for are those of siphunt.
func TestDashboardMetrics(t *testing.T) {
	page := []byte(read(t, "internal/figures/metrics.go"))
	for _, f := range dashboard.Figures {
		for _, name := range metricName.FindAllStringSubmatch(f.Query, -1) {
			if !bytes.Contains(page, []byte(`"`+name[1]+`"`)) {
				t.Errorf("%s: there is no metric %s", f.Title, name[1])
			}
		}
	}
}
