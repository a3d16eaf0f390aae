// Package siem sets up an OpenSearch or an Elasticsearch for the alerts, and says what is different from that setup later.
//
// What is set up is a list of assets (assets.go): templates made from alert.Fields, so that they cannot differ from what
// alerts hold, a data stream, an ingest pipeline, a lifecycle, a role that may write alerts and nothing else, and an index
// with one document an incident. Install puts in place what is missing or different, and is idempotent. Check compares, also
// with what is mapped in fact, because a template says nothing about indices that are older than it.
package siem

import jsoniter "github.com/json-iterator/go"

// The names on the server.
const (
	Stream    = "logs-siphunt.alert-default" // append only: each alert is a document
	Incidents = "siphunt-incidents"          // each incident is a document, its last state

	streams   = "logs-siphunt.alert-*"
	pipeline  = "logs-siphunt.alert"
	mappings  = "siphunt.alert-mappings"
	settings  = "siphunt.alert-settings"
	lifecycle = "siphunt-alerts"
	role      = "siphunt_writer"
)

// object is a JSON object.
type object = map[string]any

var json = jsoniter.ConfigCompatibleWithStandardLibrary
