package siem

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// standIn keeps what is put, and answers a GET in the shapes of the server it stands for. It has everything: OpenSearch with
// its plugins, or Elasticsearch, which no test can have for real.
type standIn struct {
	*httptest.Server
	openSearch bool
	processors []any             // of its ingest node
	things     map[string]object // by path
	writes     []string          // method and path
	refuse     string            // a path that answers 403
	auth       string            // of the last request
}

func newStandIn(t *testing.T, openSearch bool) *standIn {
	s := &standIn{openSearch: openSearch, processors: []any{object{"type": "community_id"}}, things: map[string]object{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.auth = r.Header.Get("Authorization")
	path := strings.TrimPrefix(r.URL.Path, "/")
	status, answer := http.StatusOK, any(object{"acknowledged": true})
	switch {
	case path == s.refuse && path != "":
		status, answer = http.StatusForbidden, object{"error": object{"reason": "no permissions for [cluster:admin]"}}
	case r.Method == http.MethodGet:
		if answer = s.get(path); answer == nil {
			status, answer = http.StatusNotFound, object{"error": "no such thing"}
		}
	default:
		s.writes = append(s.writes, r.Method+" "+r.URL.RequestURI()[1:])
		body := object{}
		text, _ := io.ReadAll(r.Body) // what is cut off is no JSON
		if len(text) > 0 {
			if err := json.Unmarshal(text, &body); err != nil {
				status, answer = http.StatusBadRequest, object{"error": err.Error()}
				break
			}
		}
		s.put(path, body)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *standIn) put(path string, body object) {
	s.things[path] = body
	if path == Incidents || path == "_data_stream/"+Stream { // it comes with what its template says
		name := strings.TrimPrefix(path, "_data_stream/")
		s.things[name+"/_settings"] = dig(s.things["_component_template/"+settings], "template", "settings").(object)
		if name == Incidents {
			s.things[name+"/_settings"] = dig(s.things["_index_template/"+Incidents], "template", "settings").(object)
		}
		s.things[name+"/_mapping"] = dig(s.things["_component_template/"+mappings], "template", "mappings").(object)
	}
}

func (s *standIn) get(path string) any {
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch path {
	case "":
		version := object{"number": "9.4.0"}
		if s.openSearch {
			version = object{"number": "3.8.0", "distribution": "opensearch"}
		}
		return object{"version": version}
	case "_nodes/ingest":
		return object{"nodes": object{"n": object{"ingest": object{"processors": s.processors}}}}
	case "_ilm/policy", "_security/role":
		if s.openSearch {
			return nil
		}
		return object{}
	case "_plugins/_ism/policies", "_plugins/_security/api/roles":
		if !s.openSearch {
			return nil
		}
		return object{}
	case "_component_template/ecs@mappings":
		if s.openSearch {
			return nil
		}
		return object{}
	}
	thing, ok := s.things[path]
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(path, "_component_template/"):
		return object{"component_templates": []any{object{"name": last, "component_template": thing}}}
	case strings.HasPrefix(path, "_index_template/"):
		return object{"index_templates": []any{object{"name": last, "index_template": thing}}}
	case strings.HasPrefix(path, "_plugins/_ism/policies/"):
		return object{"_id": last, "_seq_no": 7, "_primary_term": 1, "policy": thing["policy"]}
	case last == "_mapping":
		return object{".ds-000001": object{"mappings": thing}}
	case last == "_settings":
		return object{".ds-000001": object{"settings": thing}}
	default:
		return object{last: thing}
	}
}
