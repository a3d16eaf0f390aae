package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestPipelines: what users copy from conf works as it is, but for the places, and for Elasticsearch, which is one of ours
// that takes whatever comes.
func TestPipelines(t *testing.T) {
	s := oneScenario(t, "svcrack-success")
	for _, name := range []string{"fluent-bit.yaml", "fluent-bit.conf"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			elastic := newElastic(t)
			host, port, _ := net.SplitHostPort(elastic.Listener.Addr().String())
			_, ownPort, _ := net.SplitHostPort(freeAddress(t))
			places := strings.NewReplacer(
				"/usr/lib/fluent-bit/siphunt.so", built.plugin,
				"/etc/siphunt", folder, "/var/lib/fluent-bit/siphunt", folder, "/var/log/siphunt", folder+"/out",
				"/var/log/ipfixcol2/*.json", folder+"/*.flows", "2020", ownPort,
				"elasticsearch.example.net", host, "9200", port,
				"tls: on", "tls: off", "TLS                on", "TLS off",
			)
			for _, file := range []string{name, "plugins.conf", "parsers.conf"} {
				write(t, filepath.Join(folder, file), places.Replace(read(t, "../conf/"+file)))
			}
			write(t, filepath.Join(folder, "siphunt.toml"), s.config)
			t.Setenv("ELASTIC_USER", "u")
			t.Setenv("ELASTIC_PASSWORD", "p")

			// The tail input reads what comes after its start.
			flows := write(t, filepath.Join(folder, "live.flows"), "")
			p := startFluentBit(t, "-c", filepath.Join(folder, name))
			p.until("the file to be seen", func() bool { return strings.Contains(read(t, p.log), "name="+flows) })
			write(t, flows, strings.Join(s.flows, "\n")+"\n")
			alerts := func() []string {
				b, _ := os.ReadFile(filepath.Join(folder, "out", "alerts.json")) // none so far
				return lines(string(b))
			}
			p.until("all alerts", func() bool { return len(alerts()) >= len(s.alerts) && elastic.documents() >= len(s.alerts) })
			p.stop()
			compareAlerts(t, s.alerts, alerts())
			elastic.check(t, alerts())
		})
	}
}

// elastic stands for Elasticsearch: it takes all, and keeps it.
type elastic struct {
	*httptest.Server
	mu      sync.Mutex
	paths   []string
	actions []string // lines of bulk requests, in turn with
	sources []string
}

func newElastic(t *testing.T) *elastic {
	e := &elastic{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a short one fails the checks
		e.mu.Lock()
		defer e.mu.Unlock()
		e.paths = append(e.paths, r.URL.Path)
		for i, line := range lines(string(body)) {
			if i%2 == 0 {
				e.actions = append(e.actions, line)
			} else {
				e.sources = append(e.sources, line)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"errors":false,"items":[]}`)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *elastic) documents() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.sources)
}

var eventID = regexp.MustCompile(`"id":"([0-9a-f]{32})","sequence"`)

// check sees whether a data stream would have taken the alerts, each under its own id.
func (e *elastic) check(t *testing.T, alerts []string) {
	t.Helper()
	for i, source := range e.sources {
		if !strings.Contains(source, `"@timestamp":"`) {
			t.Errorf("no @timestamp: %.100s", source)
		}
		id := eventID.FindStringSubmatch(alerts[i])
		if id == nil {
			t.Fatalf("no event.id: %.300s", alerts[i])
		}
		if want := fmt.Sprintf(`{"create":{"_index":"logs-siphunt.alert-default","_id":%q}}`, id[1]); e.actions[i] != want {
			t.Errorf("got  %s\nwant %s", e.actions[i], want)
		}
	}
	if paths := slices.Compact(slices.Sorted(slices.Values(e.paths))); len(paths) != 1 || paths[0] != "/_bulk" {
		t.Errorf("requests to %q", paths)
	}
}
