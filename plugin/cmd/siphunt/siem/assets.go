package siem

import (
	"fmt"
	"maps"
	"slices"
)

// asset is one thing that a server has to have.
type asset struct {
	what string // kind and name, for a person
	path string
	body object // nil: it only has to exist
	// found returns the thing in the answer to a GET of the path, to be compared with the body.
	found func(answer object) any
	// revise returns the path at which an existing thing is replaced; nil is the same path.
	revise func(answer object) string
}

// Options are what a setup leaves to its user.
type Options struct {
	GeoIP         bool // add place and network of the attacker in the ingest pipeline
	RetentionDays int  // after which alerts are deleted
}

// assets are in order: what is used stands before what uses it.
func (s *Server) assets(o Options) ([]asset, error) {
	ingest, err := s.ingest(o.GeoIP)
	if err != nil {
		return nil, err
	}
	var all []asset
	if s.lifecycle {
		all = append(all, s.lifecyclePolicy(o.RetentionDays))
	}
	component := func(answer object) any { return dig(answer, "component_templates", 0, "component_template") }
	template := func(answer object) any { return dig(answer, "index_templates", 0, "index_template") }
	all = append(all,
		asset{what: "ingest pipeline " + pipeline, path: "_ingest/pipeline/" + pipeline, body: ingest,
			found: func(answer object) any { return answer[pipeline] }},
		asset{what: "ingest pipeline " + Incidents, path: "_ingest/pipeline/" + Incidents, body: lastState(),
			found: func(answer object) any { return answer[Incidents] }},
		asset{what: "component template " + mappings, path: "_component_template/" + mappings, found: component,
			body: object{"template": object{"mappings": mapping()}}},
		asset{what: "component template " + settings, path: "_component_template/" + settings, found: component,
			body: object{"template": object{"settings": indexSettings(s.streamSettings())}}},
		asset{what: "index template " + pipeline, path: "_index_template/" + pipeline, found: template,
			body: object{
				"index_patterns": []any{streams}, "data_stream": object{}, "composed_of": s.components(mappings, settings),
				"priority": 250, // over the stock template "logs", which has 100
			}},
		asset{what: "index template " + Incidents, path: "_index_template/" + Incidents, found: template,
			body: object{
				"index_patterns": []any{Incidents}, "composed_of": s.components(mappings), "priority": 250,
				"template": object{"settings": indexSettings(liveSettings(Incidents))},
			}},
		asset{what: "data stream " + Stream, path: "_data_stream/" + Stream},
		asset{what: "index " + Incidents, path: Incidents},
		// What was there before its template has other settings.
		asset{what: "settings of " + Stream, path: Stream + "/_settings", found: newestSettings, body: s.streamSettings()},
		asset{what: "settings of " + Incidents, path: Incidents + "/_settings", found: newestSettings, body: liveSettings(Incidents)},
	)
	if s.security {
		all = append(all, s.writer())
	}
	return all, nil
}

// components are templates, later ones over earlier ones: Elastic's own knows what users may add.
func (s *Server) components(own ...any) []any {
	if s.ecs {
		return append([]any{"ecs@mappings"}, own...)
	}
	return own
}

// indexSettings are those of all indices that a template makes. A value of a wrong type is left out of the index, because an
// alert that is refused for it would be tried for ever.
func indexSettings(live object) object {
	index := maps.Clone(live["index"].(object))
	index["mapping"] = object{"ignore_malformed": true}
	return object{"index": index}
}

// liveSettings are those that can be changed in an index that is open.
func liveSettings(pipeline string) object {
	return object{"index": object{"auto_expand_replicas": "0-1", "default_pipeline": pipeline}}
}

// newestSettings are those of the index that is written to.
func newestSettings(answer object) any {
	indices := slices.Sorted(maps.Keys(answer))
	if len(indices) == 0 {
		return nil
	}
	return dig(answer[indices[len(indices)-1]], "settings")
}

func (s *Server) streamSettings() object {
	live := liveSettings(pipeline)
	if s.lifecycle && !s.openSearch { // OpenSearch's policy names its indices itself
		live["index"].(object)["lifecycle"] = object{"name": lifecycle}
	}
	return live
}

// lifecyclePolicy starts a new backing index each month, or at 10 GB, and deletes the old ones.
func (s *Server) lifecyclePolicy(days int) asset {
	age := fmt.Sprintf("%dd", days)
	if !s.openSearch {
		return asset{
			what: "lifecycle policy " + lifecycle, path: "_ilm/policy/" + lifecycle,
			found: func(answer object) any { return answer[lifecycle] },
			body: object{"policy": object{"phases": object{
				"hot":    object{"actions": object{"rollover": object{"max_age": "30d", "max_primary_shard_size": "10gb"}}},
				"delete": object{"min_age": age, "actions": object{"delete": object{}}},
			}}},
		}
	}
	path := "_plugins/_ism/policies/" + lifecycle
	return asset{
		what: "lifecycle policy " + lifecycle, path: path,
		found: func(answer object) any { return answer },
		revise: func(answer object) string {
			return fmt.Sprintf("%s?if_seq_no=%v&if_primary_term=%v", path, answer["_seq_no"], answer["_primary_term"])
		},
		body: object{"policy": object{
			"description":   "siphunt: alerts of SIP attacks",
			"default_state": "hot",
			"states": []any{
				object{"name": "hot", "actions": []any{object{"rollover": object{"min_index_age": "30d", "min_primary_shard_size": "10gb"}}},
					"transitions": []any{object{"state_name": "delete", "conditions": object{"min_rollover_age": age}}}},
				object{"name": "delete", "actions": []any{object{"delete": object{}}}, "transitions": []any{}},
			},
			"ism_template": []any{object{"index_patterns": []any{streams}, "priority": 250}},
		}},
	}
}

// writer is the role for Fluent Bit: add alerts, and keep the incidents up to date. It can neither read nor delete.
func (s *Server) writer() asset {
	if !s.openSearch {
		return asset{
			what: "role " + role, path: "_security/role/" + role,
			found: func(answer object) any { return answer[role] },
			body: object{"indices": []any{
				object{"names": []any{streams}, "privileges": []any{"create_doc", "auto_configure"}},
				object{"names": []any{Incidents}, "privileges": []any{"index", "auto_configure"}},
			}},
		}
	}
	return asset{
		what: "role " + role, path: "_plugins/_security/api/roles/" + role,
		found: func(answer object) any { return answer[role] },
		body: object{
			"cluster_permissions": []any{"indices:data/write/bulk"},
			"index_permissions": []any{
				object{"index_patterns": []any{streams, Incidents}, "allowed_actions": []any{
					"indices:data/write/index", "indices:data/write/bulk*", "indices:admin/mapping/put", "indices:admin/mapping/auto_put"}},
			},
		},
	}
}
