package siem

import "fmt"

// Elastic's detection rules look for what has been ingested since their last run.
var ingested = object{"set": object{"field": "event.ingested", "value": "{{_ingest.timestamp}}"}}

// lastState returns the ingest pipeline of the index of incidents. A retry may bring an older report after a newer one: the
// number of the report is the document's version, so that the server refuses the older one, and the same one again: Fluent Bit
// is done with a chunk once all of it is stored or all of it is refused as known.
func lastState() object {
	return object{
		"description": "siphunt: an incident as it was reported last",
		"processors": []any{
			object{"drop": object{"if": "ctx.siphunt?.incident?.id == null"}}, // alerts that were folded
			ingested,
			object{"script": object{"source": "ctx._version = ctx.event.sequence; ctx._version_type = 'external'"}},
		},
	}
}

// ingest returns the ingest pipeline of the data stream. What fails in it is no reason to lose an alert: the alert is stored
// as it came, with a tag that says so.
func (s *Server) ingest(geoIP bool) (object, error) {
	processors := []any{
		ingested,
		object{"set": object{"field": "data_stream.type", "value": "logs"}},
		object{"set": object{"field": "data_stream.dataset", "value": "siphunt.alert"}},
		object{"set": object{"field": "data_stream.namespace", "value": "default"}},
	}
	if s.processors["community_id"] {
		processors = append(processors, s.communityID())
	}
	if geoIP {
		if !s.processors["geoip"] {
			return nil, fmt.Errorf("%s has no ingest processor geoip: install its plugin ingest-geoip, or leave --geoip out and set [enrich] in siphunt.toml", s.name)
		}
		processors = append(processors, location()...)
	}
	return object{
		"description": "siphunt: alerts of SIP attacks, made ready to be searched",
		"processors":  processors,
		"on_failure": []any{
			object{"append": object{"field": "tags", "value": []any{"siphunt_pipeline_failure"}}},
			object{"set": object{"field": "error.message", "value": "{{_ingest.on_failure_message}}"}},
		},
	}, nil
}

// communityID joins alerts with the flows of Zeek, Suricata and others. The two servers name its settings differently.
func (s *Server) communityID() object {
	if s.openSearch {
		return object{"community_id": object{
			"source_ip_field": "source.ip", "source_port_field": "source.port",
			"destination_ip_field": "destination.ip", "destination_port_field": "destination.port",
			"protocol_field": "network.transport", "target_field": "network.community_id",
			"ignore_missing": true, "ignore_failure": true,
		}}
	}
	return object{"community_id": object{"ignore_missing": true, "ignore_failure": true}} // its defaults are the fields of ECS
}

// location adds country, place and network of the attacker, where siphunt has not done so itself.
func location() []any {
	const unknown = "ctx.source?.geo == null"
	return []any{
		object{"geoip": object{"field": "source.ip", "target_field": "source.geo", "ignore_missing": true, "if": unknown}},
		object{"geoip": object{"field": "source.ip", "target_field": "source.as", "database_file": "GeoLite2-ASN.mmdb",
			"properties": []any{"asn", "organization_name"}, "ignore_missing": true, "if": "ctx.source?.as == null"}},
		object{"rename": object{"field": "source.as.asn", "target_field": "source.as.number", "ignore_missing": true}},
		object{"rename": object{"field": "source.as.organization_name", "target_field": "source.as.organization.name", "ignore_missing": true}},
	}
}
