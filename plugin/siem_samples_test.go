package main

import (
	"maps"
	"net/http"
	"testing"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/siem/dashboard"
)

// sampleAlerts are what recorded traffic does not end with: an attacker with a place, an incident that is open, figures that were
// scaled, alerts that were left out.
func sampleAlerts(t *testing.T) map[string]alertDocument {
	t.Helper()
	samples := map[string]alertDocument{}
	for _, name := range []string{"enriched", "folded", "outage-open", "sampled"} {
		a := parsed(t, read(t, "internal/alert/testdata/ecs/"+name+".json"))
		a["event"].(alertDocument)["id"] = name // samples have ids in common
		if incident, ok := one(a, "siphunt.incident").(alertDocument); ok {
			incident["id"] = name
		}
		a["@timestamp"] = one(a, "event.created")
		samples[name] = a
	}
	return samples
}

// addSamples adds the samples to the alerts that are on the server, and to those that are expected.
func addSamples(t *testing.T, server *searchServer, alerts map[string]alertDocument) {
	t.Helper()
	for name, a := range sampleAlerts(t) {
		document, err := json.MarshalToString(a)
		if err != nil {
			t.Fatal(err)
		}
		paths := []string{alertStream + "/_create/" + name}
		if one(a, "siphunt.incident.id") != nil {
			paths = append(paths, incidentIndex+"/_doc/"+name)
		}
		for _, path := range paths {
			if status, answer := server.do(http.MethodPut, path+"?refresh=true", document); status != http.StatusCreated {
				t.Fatalf("%s: %d %v", path, status, answer)
			}
		}
		alerts[name] = a
	}
}

// TestQuestionsHaveAnswers: no query, rule or panel that TestSIEM runs is to find nothing, for that would prove little. It needs no
// server: what is expected is worked out in Go.
func TestQuestionsHaveAnswers(t *testing.T) {
	_, alerts := distinctAlerts(t)
	for name, rule := range sigmaRules() { // without the samples
		if len(matching(alerts, rule)) == 0 {
			t.Errorf("Sigma rule %s has nothing to find", name)
		}
	}
	maps.Copy(alerts, sampleAlerts(t))
	for _, q := range analystQueries() {
		if len(matching(q.documents(alerts), q.want)) == 0 {
			t.Errorf("query %q has nothing to find", q.name)
		}
	}
	several := false
	for i := range dashboard.Panels {
		p := &dashboard.Panels[i]
		shown := expected(t, p, alerts)
		if len(shown) == 0 || p.Kind == dashboard.Number && shown[""][0] == 0 {
			t.Errorf("panel %s has nothing to show", p.ID)
		}
		for _, figures := range shown {
			several = several || p.ID == "campaigns" && figures[0] > 1
		}
	}
	if !several {
		t.Error("no campaign has several incidents")
	}
}
