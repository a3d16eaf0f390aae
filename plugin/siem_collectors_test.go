package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// TestCollectors: the pipelines of conf/siem for Graylog, syslog and Splunk, all beside each other in one Fluent Bit, reach
// real sockets, and what comes out of them has host, severity and what the lists say.
func TestCollectors(t *testing.T) {
	fluentBitProgram(t)
	graylog, syslog, splunk := listenLines(t, 0), listenLines(t, '\n'), newCollector(t)
	s := oneScenario(t, "distributed-success")
	folder := t.TempDir()
	s.write(t, folder)
	t.Setenv("SPLUNK_TOKEN", "secret")
	for name, address := range map[string]string{
		"graylog.yaml": graylog.address, "syslog.yaml": syslog.address, "splunk.yaml": splunk.Listener.Addr().String(),
	} {
		host, port, _ := net.SplitHostPort(address)
		text := regexp.MustCompile(`host: \w+\.example\.net\n(\s+)port: \d+`).ReplaceAllString(read(t, "../conf/siem/"+name), "host: "+host+"\n${1}port: "+port)
		text = strings.NewReplacer("tls: on", "tls: off", "script: flat.lua", "script: "+folder+"/flat.lua").Replace(text)
		write(t, filepath.Join(folder, name), text)
	}
	write(t, filepath.Join(folder, "flat.lua"), read(t, "../conf/siem/flat.lua"))
	config := yaml("  inputs:\n", fmt.Sprintf(tailInput, folder, s.name), "    - name: siphunt_alerts\n      tag: siphunt.alert\n      detector: "+s.name+"\n",
		"  outputs:\n", fmt.Sprintf(siphuntOutput, folder, s.name))
	config = "includes:\n  - graylog.yaml\n  - syslog.yaml\n  - splunk.yaml\n" + strings.Replace(config, "service:\n", "service:\n  storage.path: "+folder+"/storage\n", 1)
	p := startFluentBit(t, "-c", write(t, filepath.Join(folder, "fluent-bit.yaml"), config))
	n := len(s.alerts)
	p.until("all alerts everywhere", func() bool { return len(graylog.all()) >= n && len(syslog.all()) >= n && len(splunk.all()) >= n })
	p.stop()

	compareAlerts(t, s.alerts, splunk.all())
	for i, line := range s.alerts {
		checkGELF(t, parsed(t, line), parsed(t, graylog.all()[i]))
		checkSyslog(t, parsed(t, line), syslog.all()[i])
	}
}

// levels of RFC 5424 that alerts should have.
func level(alert alertDocument) int {
	if text(alert, "event.kind") != "alert" {
		return 6
	}
	return map[float64]int{21: 5, 47: 4, 73: 3, 99: 2}[number(one(alert, "event.severity"))]
}

func checkGELF(t *testing.T, alert, got alertDocument) {
	t.Helper()
	var top []string
	for _, c := range at(alert, "siphunt.clients.top") {
		top = append(top, fmt.Sprintf("%v=%v", one(c, "ip"), one(c, "attempts")))
	}
	for key, want := range map[string]any{
		"short_message": text(alert, "message"), "level": level(alert), "_event_severity": one(alert, "event.severity"),
		"_source_ip": text(alert, "source.ip"), "_siphunt_incident_id": text(alert, "siphunt.incident.id"),
		"_siphunt_attempts": one(alert, "siphunt.attempts"), "_siphunt_clients_top": strings.Join(top, " "),
	} {
		if fmt.Sprint(got[key]) != fmt.Sprint(want) {
			t.Errorf("GELF: %s is %v, should be %v", key, got[key], want)
		}
	}
	if host := text(got, "host"); host == "" || host == "unknown" {
		t.Errorf("GELF: host is %q", host)
	}
}

var rfc5424 = regexp.MustCompile(`^<(\d+)>1 (\S+) (\S+) siphunt - (\S+) \[siphunt@32473 ([^\]]*)\] (?:\x{FEFF})?(.*)$`)

func checkSyslog(t *testing.T, alert alertDocument, line string) {
	t.Helper()
	m := rfc5424.FindStringSubmatch(line)
	if m == nil {
		t.Errorf("no syslog message: %s", line)
		return
	}
	if want := fmt.Sprint(10*8 + level(alert)); m[1] != want {
		t.Errorf("syslog: priority %s, should be %s", m[1], want)
	}
	if m[3] == "-" || m[4] != text(alert, "event.action") || m[6] != text(alert, "message") {
		t.Errorf("syslog: host %s, id %s, message %s", m[3], m[4], m[6])
	}
	if !strings.Contains(m[2], "T") || !strings.HasPrefix(m[2], text(alert, "event.created")[:19]) {
		t.Errorf("syslog: time %s, should be %s", m[2], text(alert, "event.created"))
	}
	for _, want := range []string{`client="` + text(alert, "source.ip") + `"`, `kind="` + text(alert, "siphunt.incident.kind") + `"`, fmt.Sprintf(`severity="%v"`, one(alert, "event.severity"))} {
		if !strings.Contains(m[5], want) {
			t.Errorf("syslog: no %s in %s", want, m[5])
		}
	}
}

// received is what came, in order.
type received struct {
	mu    sync.Mutex
	texts []string
}

func (r *received) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.texts = append(r.texts, text)
}

func (r *received) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.texts[:len(r.texts):len(r.texts)]
}

// lineListener takes messages that end with a byte, by TCP.
type lineListener struct {
	received
	address string
}

func listenLines(t *testing.T, end byte) *lineListener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &lineListener{address: listener.Addr().String()}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go l.take(c, end)
		}
	}()
	return l
}

func (l *lineListener) take(c net.Conn, end byte) {
	defer c.Close()
	var waiting []byte
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.Read(buffer)
		waiting = append(waiting, buffer[:n]...)
		for {
			line, rest, ok := bytes.Cut(waiting, []byte{end})
			if !ok {
				break
			}
			l.add(string(line))
			waiting = rest
		}
		if err != nil {
			return // what is cut off is no message
		}
	}
}

// collector is Splunk's HTTP Event Collector, and keeps the events as JSON.
type collector struct {
	*httptest.Server
	received
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a short one is no JSON
		if r.URL.Path != "/services/collector/event" || r.Header.Get("Authorization") != "Splunk secret" {
			http.Error(w, r.URL.Path, http.StatusForbidden)
			return
		}
		for d := json.NewDecoder(bytes.NewReader(body)); d.More(); {
			var event map[string]any
			if err := d.Decode(&event); err != nil || text(event, "sourcetype") != "siphunt:alert" || text(event, "host") == "" || number(event["time"]) < 1.7e9 {
				http.Error(w, fmt.Sprint(err, event), http.StatusBadRequest)
				return
			}
			line, err := json.MarshalToString(event["event"])
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			c.add(line)
		}
		_, _ = io.WriteString(w, `{"text":"Success","code":0}`) // Fluent Bit tries again
	}))
	t.Cleanup(c.Close)
	return c
}
