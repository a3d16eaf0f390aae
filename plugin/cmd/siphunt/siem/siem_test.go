package siem

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// installed runs an installation and returns what it says.
func installed(t *testing.T, s *standIn, dryRun bool) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := (&Installer{Server: connected(t, s), Options: Options{RetentionDays: 365}, DryRun: dryRun, Out: &out}).Install(context.Background())
	return out.String(), err
}

func connected(t *testing.T, s *standIn) *Server {
	t.Helper()
	client, err := NewClient(Access{URL: s.URL + "/", APIKey: "a2V5"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := Connect(context.Background(), client)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func checked(t *testing.T, s *standIn) string {
	t.Helper()
	report, err := connected(t, s).Check(context.Background(), Options{RetentionDays: 365})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(report.Differences, "\n")
}

// both are the two kinds of server.
var both = map[string]bool{"OpenSearch": true, "Elasticsearch": false}

// TestInstall: once puts all, twice changes nothing, and what somebody changed is put right again.
func TestInstall(t *testing.T) {
	puts := map[string][]string{
		"OpenSearch":    {"_plugins/_ism/policies/siphunt-alerts", "_plugins/_security/api/roles/siphunt_writer"},
		"Elasticsearch": {"_ilm/policy/siphunt-alerts", "_security/role/siphunt_writer"},
	}
	for name, openSearch := range both {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, openSearch)
			if _, err := installed(t, s, false); err != nil {
				t.Fatal(err)
			}
			want := []string{
				"PUT " + puts[name][0], "PUT _ingest/pipeline/logs-siphunt.alert", "PUT _ingest/pipeline/siphunt-incidents",
				"PUT _component_template/siphunt.alert-mappings", "PUT _component_template/siphunt.alert-settings",
				"PUT _index_template/logs-siphunt.alert", "PUT _index_template/siphunt-incidents",
				"PUT _data_stream/logs-siphunt.alert-default", "PUT siphunt-incidents", "PUT " + puts[name][1],
			}
			if diff := cmp.Diff(want, s.writes); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
			if s.auth != "ApiKey a2V5" {
				t.Errorf("authorized by %q", s.auth)
			}
			if d := checked(t, s); d != "" {
				t.Errorf("differs after install:\n%s", d)
			}

			s.writes = nil
			out, err := installed(t, s, false)
			if err != nil || len(s.writes) > 0 || strings.Count(out, "unchanged ") != 12 {
				t.Errorf("the second time: %v, writes %q\n%s", err, s.writes, out)
			}

			s.things[puts[name][0]] = object{"policy": object{}}
			if d := checked(t, s); !strings.HasPrefix(d, "lifecycle policy siphunt-alerts: policy.") {
				t.Errorf("a changed policy: %s", d)
			}
			if _, err := installed(t, s, false); err != nil || len(s.writes) != 1 {
				t.Errorf("a changed policy: %v, writes %q", err, s.writes)
			}
			if want := "PUT _plugins/_ism/policies/siphunt-alerts?if_seq_no=7&if_primary_term=1"; openSearch && s.writes[0] != want {
				t.Errorf("got  %s\nwant %s", s.writes[0], want)
			}
		})
	}
}

// TestDryRun: everything is said, and nothing done.
func TestDryRun(t *testing.T) {
	for name, openSearch := range both {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, openSearch)
			out, err := installed(t, s, true)
			if err != nil || len(s.writes) > 0 {
				t.Errorf("%v, writes %q", err, s.writes)
			}
			for _, text := range []string{"PUT /_component_template/siphunt.alert-mappings\n{", "would be   created: role siphunt_writer"} {
				if !strings.Contains(out, text) {
					t.Errorf("no %q in\n%s", text, out)
				}
			}
		})
	}
}

// TestMapped: a template changes nothing in an index that is older. What is missing is added; a wrong type takes a new backing
// index.
func TestMapped(t *testing.T) {
	for name, openSearch := range both {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t, openSearch)
			if _, err := installed(t, s, false); err != nil {
				t.Fatal(err)
			}
			s.writes = nil
			live := mapping()
			delete(live["properties"].(object), "siphunt")
			s.things[Stream+"/_mapping"] = live
			if d := checked(t, s); !strings.Contains(d, ".ds-000001: not mapped: siphunt.") {
				t.Errorf("without siphunt.*: %q", d)
			}
			if _, err := installed(t, s, false); err != nil || !slices.Equal(s.writes, []string{"PUT " + Stream + "/_mapping"}) {
				t.Errorf("without siphunt.*: %v, writes %q", err, s.writes)
			}

			s.writes = nil
			live = mapping()
			live["properties"].(object)["source"] = object{"properties": object{"ip": object{"type": "text"}}}
			live["properties"].(object)["floor"] = object{"type": "keyword"}
			s.things[Stream+"/_mapping"] = live
			if d := checked(t, s); !strings.Contains(d, ".ds-000001: source.ip is mapped as text, should be ip") {
				t.Errorf("text for an address: %q", d)
			}
			if _, err := installed(t, s, false); err != nil || !slices.Equal(s.writes, []string{"POST " + Stream + "/_rollover"}) {
				t.Errorf("text for an address: %v, writes %q", err, s.writes)
			}
			report, err := connected(t, s).Check(context.Background(), Options{RetentionDays: 365})
			if err != nil || !strings.Contains(strings.Join(report.Notes, "\n"), "none of siphunt's: floor") {
				t.Errorf("a field of the user's own: %v, %+v", err, report)
			}
		})
	}
}

// TestRefused: what the server says reaches the user, and a password never does.
func TestRefused(t *testing.T) {
	s := newStandIn(t, true)
	s.refuse = "_index_template/logs-siphunt.alert"
	if _, err := installed(t, s, false); err == nil || !strings.Contains(err.Error(), "status 403: no permissions for [cluster:admin]") {
		t.Errorf("refused: %v", err)
	}
	for _, c := range []struct {
		access Access
		want   string
	}{
		{Access{URL: "opensearch.example.net:9200"}, "is no URL of a server"},
		{Access{URL: "https://user:secret@opensearch.example.net"}, "no password in the URL"},
		{Access{URL: s.URL, APIKey: "k", User: "u"}, "not both"},
		{Access{URL: "http://opensearch.example.net", User: "u", Password: "secret"}, "no password over plain HTTP"},
		{Access{URL: s.URL, CA: []byte("none")}, "no certificate"},
	} {
		if _, err := NewClient(c.access); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c.access, err)
		}
	}
}

// TestGeoIP: with --geoip the server adds place and network, unless it can't, or siphunt has done so.
func TestGeoIP(t *testing.T) {
	s := newStandIn(t, true)
	if _, err := connected(t, s).Check(context.Background(), Options{GeoIP: true}); err == nil || !strings.Contains(err.Error(), "ingest-geoip") {
		t.Errorf("geoip without its processor: %v", err)
	}
	s.processors = append(s.processors, object{"type": "geoip"})
	install := Installer{Server: connected(t, s), Options: Options{RetentionDays: 365, GeoIP: true}, Out: new(bytes.Buffer)}
	if err := install.Install(context.Background()); err != nil {
		t.Fatal(err)
	}
	added := map[any]any{}
	for _, p := range s.things["_ingest/pipeline/logs-siphunt.alert"]["processors"].([]any) {
		if g, ok := p.(object)["geoip"].(object); ok {
			added[g["target_field"]] = g["if"]
		}
	}
	want := map[any]any{"source.geo": "ctx.source?.geo == null", "source.as": "ctx.source?.as == null"}
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("geoip processors (-want +got):\n%s", diff)
	}
}

// TestMapping: every field of an alert has its type, lists of objects are nested, and any status code is a number.
func TestMapping(t *testing.T) {
	m := mapping()
	types := flatten("", m["properties"], map[string]string{})
	nested := 0
	for _, f := range alert.Fields() {
		if strings.HasSuffix(f.Name, ".*") {
			continue
		}
		if types[f.Name] != f.Type {
			t.Errorf("%s: %q, should be %q", f.Name, types[f.Name], f.Type)
		}
		if f.Type == "nested" {
			nested++
		}
	}
	if nested < 4 {
		t.Errorf("%d nested fields", nested)
	}
	if got := dig(m, "dynamic_templates", 0, "siphunt_rejections", "path_match"); got != "siphunt.rejections.*" {
		t.Errorf("status codes: %v", got)
	}
}
