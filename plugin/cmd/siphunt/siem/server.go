package siem

import (
	"context"
	"fmt"
	"net/http"
)

// Server is an OpenSearch or an Elasticsearch, and what it has of what a setup can use.
type Server struct {
	client     *Client
	name       string // with its version
	openSearch bool
	processors map[string]bool // of ingest pipelines
	lifecycle  bool            // ISM or ILM
	security   bool            // roles
	ecs        bool            // Elastic's ecs@mappings
}

// Connect asks a server what it is.
func Connect(ctx context.Context, client *Client) (*Server, error) {
	status, about, err := client.call(ctx, http.MethodGet, "", nil)
	if err != nil {
		return nil, err
	}
	number, _ := dig(about, "version", "number").(string)
	if status != http.StatusOK || number == "" {
		return nil, fmt.Errorf("%s is neither OpenSearch nor Elasticsearch", client.url)
	}
	s := &Server{client: client, name: "Elasticsearch " + number, processors: map[string]bool{}}
	if dig(about, "version", "distribution") == "opensearch" {
		s.openSearch, s.name = true, "OpenSearch "+number
	}
	return s, s.explore(ctx)
}

// explore finds out which parts of a server are there: not every one has every plugin.
func (s *Server) explore(ctx context.Context) error {
	_, nodes, err := s.client.call(ctx, http.MethodGet, "_nodes/ingest?filter_path=nodes.*.ingest.processors", nil)
	if err != nil {
		return err
	}
	all, _ := nodes["nodes"].(object)
	for _, node := range all {
		list, _ := dig(node, "ingest", "processors").([]any)
		for _, p := range list {
			if name, ok := dig(p, "type").(string); ok {
				s.processors[name] = true
			}
		}
	}
	if len(s.processors) == 0 {
		return fmt.Errorf("%s has no node with the role ingest", s.name)
	}
	policies, roles := "_ilm/policy", "_security/role"
	if s.openSearch {
		policies, roles = "_plugins/_ism/policies", "_plugins/_security/api/roles"
	}
	for path, found := range map[string]*bool{policies: &s.lifecycle, roles: &s.security, "_component_template/ecs@mappings": &s.ecs} {
		status, _, err := s.client.call(ctx, http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		*found = status == http.StatusOK
	}
	return nil
}

// String returns name and version.
func (s *Server) String() string { return s.name }
