package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// searchServer is a real OpenSearch. Version 2 has users.
type searchServer struct {
	t      *testing.T
	url    string
	secure bool
}

// Who may do all, and who has the role siphunt_writer: Fluent Bit.
const adminPassword, writer, writerPassword = "admin", "fluent-bit", "a-long-Password-of-8-words"

// startSearchServer starts the version that SIPHUNT_OPENSEARCH names (make test-siem), 2 or 3, on a free port. It ends with the
// test. SIPHUNT_OPENSEARCH_URL names one that is there already; it must have no alerts.
func startSearchServer(t *testing.T) *searchServer {
	t.Helper()
	if url := os.Getenv("SIPHUNT_OPENSEARCH_URL"); url != "" {
		s := &searchServer{t: t, url: strings.TrimSuffix(url, "/")}
		if status, _ := s.do(http.MethodGet, "logs-siphunt.alert-default,siphunt-incidents/_search", ""); status == http.StatusOK {
			t.Fatalf("%s has alerts already: the test needs an empty server", url)
		}
		return s
	}
	version := os.Getenv("SIPHUNT_OPENSEARCH")
	if version == "" {
		t.Skip("NOT TESTED against a SIEM: make test-siem starts an OpenSearch, and SIPHUNT_OPENSEARCH_URL names one")
	}
	// It may have to come from Maven Central first.
	const patience = 5 * time.Minute
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	folder := t.TempDir()
	logFile := filepath.Join(folder, "log")
	log, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("../testdata/opensearch/run.sh", version, filepath.Join(folder, "node"), port)
	command.Stdout, command.Stderr = log, log
	alive, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // a server that ends early answers nothing
		_ = log.Close()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = alive.Close()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = command.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("OpenSearch's log ends with:\n%s", tailOf(read(t, logFile), 4000))
		}
	})
	s := &searchServer{t: t, url: "http://" + address, secure: version == "2"}
	for end := time.Now().Add(patience); !s.ready(); time.Sleep(500 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatal("OpenSearch ended before it was ready")
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("OpenSearch was not ready within %s", patience)
		}
	}
	return s
}

func tailOf(text string, n int) string { return text[max(0, len(text)-n):] }

func (s *searchServer) ready() bool {
	response, err := http.DefaultClient.Do(s.request(http.MethodGet, "_cluster/health", ""))
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

func (s *searchServer) request(method, path, body string) *http.Request {
	r, err := http.NewRequest(method, s.url+"/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if s.secure {
		r.SetBasicAuth("admin", adminPassword)
	}
	return r
}

// do makes a request, and returns what is answered.
func (s *searchServer) do(method, path, body string) (status int, answer map[string]any) {
	s.t.Helper()
	return s.send(s.request(method, path, body))
}

func (s *searchServer) send(r *http.Request) (status int, answer map[string]any) {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatalf("%s %s: %v: %.300s", r.Method, r.URL, err, text)
	}
	return response.StatusCode, answer
}

// search runs a query that has to succeed.
func (s *searchServer) search(index, body string) map[string]any {
	s.t.Helper()
	status, answer := s.do(http.MethodPost, index+"/_search", body)
	if status != http.StatusOK {
		s.t.Fatalf("%s\nis answered with status %d: %v", body, status, answer)
	}
	return answer
}

// documents are those of an index by their ids, with what the server added.
func (s *searchServer) documents(index string) map[string]map[string]any {
	s.t.Helper()
	s.do(http.MethodPost, index+"/_refresh", "")
	all := map[string]map[string]any{}
	for _, hit := range at(s.search(index, `{"size": 10000}`), "hits.hits") {
		h := hit.(map[string]any)
		all[h["_id"].(string)] = h["_source"].(map[string]any)
	}
	return all
}

// siem runs the command siphunt siem on the server.
func (s *searchServer) siem(action string) (string, error) {
	arguments := []string{"run", "./cmd/siphunt", "siem", action, "--url", s.url}
	if s.secure {
		arguments = append(arguments, "--user", "admin", "--password-file", write(s.t, filepath.Join(s.t.TempDir(), "password"), adminPassword+"\n"))
	}
	out, err := exec.Command("go", arguments...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("siphunt siem %s: %w\n%s", action, err, out)
	}
	return string(out), err
}

// at returns all values at a dotted path; lists are gone through.
func at(value any, path string) []any {
	if list, ok := value.([]any); ok {
		var all []any
		for _, v := range list {
			all = append(all, at(v, path)...)
		}
		return all
	}
	if path == "" {
		if value == nil {
			return nil
		}
		return []any{value}
	}
	o, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	first, rest, _ := strings.Cut(path, ".")
	return at(o[first], rest)
}
