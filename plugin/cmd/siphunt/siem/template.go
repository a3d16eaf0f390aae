package siem

import (
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/alert"
)

// added are the fields that outputs and the ingest pipeline add to those of an alert.
var added = []alert.Field{
	{Name: "@timestamp", Type: "date"},
	{Name: "event.ingested", Type: "date"},
	{Name: "data_stream.type", Type: "keyword"},
	{Name: "data_stream.dataset", Type: "keyword"},
	{Name: "data_stream.namespace", Type: "keyword"},
	{Name: "network.community_id", Type: "keyword"},
	{Name: "source.geo.location", Type: "geo_point"},
	{Name: "source.geo.country_iso_code", Type: "keyword"},
	{Name: "source.geo.country_name", Type: "keyword"},
	{Name: "source.geo.city_name", Type: "keyword"},
	{Name: "source.as.number", Type: "long"},
	{Name: "source.as.organization.name", Type: "keyword"},
	{Name: "error.message", Type: "keyword"},
	{Name: "tags", Type: "keyword"},
}

// fields are all that a document may have, an alert's own first.
func fields() []alert.Field {
	all := alert.Fields()
	have := map[string]bool{}
	for _, f := range all {
		have[f.Name] = true
	}
	for _, f := range added {
		if !have[f.Name] {
			all = append(all, f)
		}
	}
	return all
}

// ignoreAbove keeps a keyword within Lucene's limit of 32,766 bytes for a term: no text may get an alert refused.
const ignoreAbove = 8191

// mapping returns the mappings of a document. A field named "*" stands for whatever name: it becomes a dynamic template. What
// users add is mapped, too: text as keywords, so that it can be counted.
func mapping() object {
	properties := object{}
	var dynamic []any
	for _, f := range fields() {
		if path, isAny := strings.CutSuffix(f.Name, ".*"); isAny {
			insert(properties, path, object{"type": "object"})
			dynamic = append(dynamic, object{strings.ReplaceAll(path, ".", "_"): object{"path_match": f.Name, "mapping": object{"type": f.Type}}})
			continue
		}
		insert(properties, f.Name, typed(f.Type))
	}
	insert(properties, "@timestamp", object{"ignore_malformed": false}) // data streams insist on it
	dynamic = append(dynamic, object{"text_as_keyword": object{"match_mapping_type": "string", "mapping": typed("keyword")}})
	return object{
		"dynamic":           true,
		"date_detection":    false,
		"dynamic_templates": dynamic,
		"properties":        properties,
	}
}

func typed(kind string) object {
	m := object{"type": kind}
	if kind == "keyword" {
		m["ignore_above"] = ignoreAbove
	}
	return m
}

// insert puts a mapping where its path leads.
func insert(properties object, path string, m object) {
	first, rest, below := strings.Cut(path, ".")
	if !below {
		if parent, ok := properties[first].(object); ok { // its own fields came first
			for k, v := range m {
				parent[k] = v
			}
			return
		}
		properties[first] = m
		return
	}
	parent, ok := properties[first].(object)
	if !ok {
		parent = object{}
		properties[first] = parent
	}
	children, ok := parent["properties"].(object)
	if !ok {
		children = object{}
		parent["properties"] = children
	}
	insert(children, rest, m)
}

// flatten returns the type of each field of a mapping by its path.
func flatten(prefix string, properties any, into map[string]string) map[string]string {
	o, _ := properties.(object)
	for name, m := range o {
		children := dig(m, "properties")
		kind, _ := dig(m, "type").(string)
		if kind != "" && (children == nil || kind != "object") {
			into[prefix+name] = kind
		}
		flatten(prefix+name+".", children, into)
	}
	return into
}
