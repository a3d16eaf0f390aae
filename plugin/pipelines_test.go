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
	"time"
)

// TestPipelines: what users copy from conf works as it is, but for the places, and for OpenSearch, which is one of ours that
// takes whatever comes.
func TestPipelines(t *testing.T) {
	t.Setenv("SIEM_USER", "u")
	t.Setenv("SIEM_PASSWORD", "p")
	s := oneScenario(t, "svcrack-success")
	flows := strings.Join(s.flows, "\n") + "\n"
	// The collector starts a new file after Fluent Bit.
	newFile := func(t *testing.T, p *pipeline) {
		started := time.Now()
		file := write(t, filepath.Join(p.folder, "json.202611221045"), flows)
		p.until("the file to be seen", func() bool { return strings.Contains(read(t, p.log), "name="+file) })
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("a new file was found after %s", took)
		}
	}
	send := func(t *testing.T, p *pipeline) {
		c, err := net.Dial("tcp", p.tcp)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, flows); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		file string
		feed func(*testing.T, *pipeline)
	}{
		"files YAML": {"fluent-bit.yaml", newFile}, "files classic": {"fluent-bit.conf", newFile},
		"TCP YAML": {"fluent-bit.yaml", send}, "TCP classic": {"fluent-bit.conf", send},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newBulkServer(t)
			p := startPipeline(t, c.file, s.config, server.Listener.Addr().String())
			c.feed(t, p)
			alerts := func() []string {
				b, _ := os.ReadFile(filepath.Join(p.folder, "out", "alerts.json")) // none so far
				return lines(string(b))
			}
			p.until("all alerts", func() bool { return len(alerts()) >= len(s.alerts) && server.documents() >= 2*len(s.alerts) })
			p.stop()
			compareAlerts(t, s.alerts, alerts())
			server.check(t, alerts())
		})
	}
}

// pipeline is a Fluent Bit with a pipeline from conf in a folder.
type pipeline struct {
	*process
	folder string
	tcp    string // where it takes flows
}

// commentedTCP is the input for the output "send" of ipfixcol2, YAML or classic.
var commentedTCP = regexp.MustCompile(`( *)# (- name: tcp|\[INPUT\]\n#     Name         tcp)\n(?: *# {3,}\S.*\n)+`)

func startPipeline(t *testing.T, name, config, server string) *pipeline {
	t.Helper()
	p := &pipeline{folder: t.TempDir(), tcp: freeAddress(t)}
	host, port, _ := net.SplitHostPort(server)
	_, ownPort, _ := net.SplitHostPort(freeAddress(t))
	_, tcpPort, _ := net.SplitHostPort(p.tcp)
	places := strings.NewReplacer(
		"/usr/lib/fluent-bit/siphunt.so", built.plugin,
		"/etc/siphunt", p.folder, "/var/lib/fluent-bit/siphunt", p.folder, "/var/log/siphunt", p.folder+"/out",
		"/var/log/ipfixcol2", p.folder, "2020", ownPort, "4739", tcpPort,
		"opensearch.example.net", host, "port: 9200", "port: "+port, "Port                     9200", "Port "+port,
		"tls: on", "tls: off", "TLS                      on", "TLS off",
	)
	for _, file := range []string{name, "plugins.conf", "parsers.conf"} {
		text := commentedTCP.ReplaceAllStringFunc(read(t, "../conf/"+file), func(block string) string {
			return strings.ReplaceAll(block, "# ", "")
		})
		write(t, filepath.Join(p.folder, file), places.Replace(text))
	}
	write(t, filepath.Join(p.folder, "siphunt.toml"), config)
	p.process = startFluentBit(t, "-c", filepath.Join(p.folder, name))
	p.until("start", func() bool { return strings.Contains(read(t, p.log), "[engine] Shutdown Grace Period") })
	return p
}

// bulkServer stands for OpenSearch: it takes all, and keeps it.
type bulkServer struct {
	*httptest.Server
	mu      sync.Mutex
	paths   []string
	actions map[string][]string // lines of bulk requests, by index, in turn with
	sources map[string][]string
}

var actionIndex = regexp.MustCompile(`"_index":"([^"]*)"`)

func newBulkServer(t *testing.T) *bulkServer {
	b := &bulkServer{actions: map[string][]string{}, sources: map[string][]string{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a short one fails the checks
		b.mu.Lock()
		defer b.mu.Unlock()
		b.paths = append(b.paths, r.URL.Path)
		var index string
		for i, line := range lines(string(body)) {
			if i%2 == 0 {
				index = actionIndex.FindStringSubmatch(line)[1]
				b.actions[index] = append(b.actions[index], line)
			} else {
				b.sources[index] = append(b.sources[index], line)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"errors":false,"items":[]}`)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *bulkServer) documents() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.sources {
		n += len(s)
	}
	return n
}

var (
	eventID    = regexp.MustCompile(`"id":"([0-9a-f]{32})","sequence"`)
	incidentID = regexp.MustCompile(`"incident":{"id":"([0-9a-f]{32})"`)
)

// check sees whether a data stream would have taken the alerts, each under its own id, and the index of incidents each
// under that of its incident.
func (b *bulkServer) check(t *testing.T, alerts []string) {
	t.Helper()
	const stream, incidents = "logs-siphunt.alert-default", "siphunt-incidents"
	for i, alert := range alerts {
		event, incident := eventID.FindStringSubmatch(alert), incidentID.FindStringSubmatch(alert)
		if event == nil || incident == nil {
			t.Fatalf("no event.id or siphunt.incident.id: %.300s", alert)
		}
		for index, want := range map[string]struct{ action, source string }{
			stream:    {fmt.Sprintf(`{"create":{"_index":%q,"_id":%q}}`, stream, event[1]), `{"@timestamp":"`},
			incidents: {fmt.Sprintf(`{"index":{"_index":%q,"_id":%q}}`, incidents, incident[1]), `{"@timestamp":"`},
		} {
			if i >= len(b.actions[index]) || b.actions[index][i] != want.action {
				t.Errorf("action %d of %s\ngot  %s\nwant %s", i, index, b.actions[index], want.action)
			}
			if i >= len(b.sources[index]) || !strings.HasPrefix(b.sources[index][i], want.source) {
				t.Errorf("source %d of %s\ngot  %.200s\nwant %s...", i, index, b.sources[index], want.source)
			}
		}
	}
	if paths := slices.Compact(slices.Sorted(slices.Values(b.paths))); len(paths) != 1 || paths[0] != "/_bulk" {
		t.Errorf("requests to %q", paths)
	}
}
