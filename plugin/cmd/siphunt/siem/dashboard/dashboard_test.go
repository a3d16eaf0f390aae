package dashboard

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the files of conf/siem anew")

// TestFiles: the files that are shipped are those of these panels. `make golden` writes them.
func TestFiles(t *testing.T) {
	for name, want := range map[string][]byte{
		"opensearch-dashboards.ndjson": SavedObjects(OpenSearch),
		"kibana.ndjson":                SavedObjects(Kibana),
		"grafana.json":                 Grafana(),
	} {
		path := filepath.Join("../../../../../conf/siem", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the panels say: make golden writes it anew", name)
		}
	}
}

// TestReferences: a dashboard that names a panel that is not there shows nothing at all.
func TestReferences(t *testing.T) {
	for _, f := range []Flavour{OpenSearch, Kibana} {
		have := map[string]bool{}
		var references []any
		for _, line := range bytes.Split(bytes.TrimSpace(SavedObjects(f)), []byte("\n")) {
			var o object
			if err := json.Unmarshal(line, &o); err != nil {
				t.Fatal(err)
			}
			if key := o["type"].(string) + " " + o["id"].(string); have[key] {
				t.Errorf("%s is there twice", key)
			} else {
				have[key] = true
			}
			references = append(references, o["references"].([]any)...)
		}
		for _, r := range references {
			if key := r.(object)["type"].(string) + " " + r.(object)["id"].(string); !have[key] {
				t.Errorf("there is no %s", key)
			}
		}
	}
}

// TestLayout: panels lie side by side, within the width.
func TestLayout(t *testing.T) {
	for i, a := range Panels {
		if a.X+a.W > 48 || a.W == 0 || a.H == 0 || a.X%2+a.Y%2+a.W%2+a.H%2 > 0 {
			t.Errorf("%s: %d %d %d %d", a.ID, a.X, a.Y, a.W, a.H)
		}
		for _, b := range Panels[:i] {
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s lies over %s", a.ID, b.ID)
			}
		}
	}
}
