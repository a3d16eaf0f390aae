package dashboard

import (
	"bytes"
	"fmt"

	jsoniter "github.com/json-iterator/go"
)

// json sorts keys, so that a file differs only where a panel does.
var json = jsoniter.ConfigCompatibleWithStandardLibrary

type object = map[string]any

// Flavour is who reads the saved objects. OpenSearch Dashboards and Kibana share their form, up to Kibana 7.10, from which
// later ones migrate; maps are different.
type Flavour int

// The flavours.
const (
	OpenSearch Flavour = iota
	Kibana
)

// SavedObjects returns a file to be imported: a line each for the index patterns, the panels and the dashboard.
func SavedObjects(f Flavour) []byte {
	var out bytes.Buffer
	write := func(o object) {
		line, err := json.Marshal(o)
		if err != nil {
			panic(err) // of maps, lists, text and numbers
		}
		out.Write(append(line, '\n'))
	}
	for _, s := range []Source{Alerts, Incidents} {
		write(object{
			"type": "index-pattern", "id": s.ID, "references": []any{}, "migrationVersion": object{"index-pattern": "7.6.0"},
			"attributes": object{"title": s.Index, "timeFieldName": "@timestamp"},
		})
	}
	for _, p := range Panels {
		write(p.saved(f))
	}
	write(board(f))
	return out.Bytes()
}

func (p *Panel) saved(f Flavour) object {
	switch {
	case p.Kind == List:
		return p.savedSearch()
	case p.Kind == Map && f == Kibana:
		return p.kibanaMap()
	default:
		return p.visualization()
	}
}

// savedType is the type of the saved object of a panel.
func (p *Panel) savedType(f Flavour) string { return p.saved(f)["type"].(string) }

const indexReference = "kibanaSavedObjectMeta.searchSourceJSON.index"

func (p *Panel) savedObject(kind, version string, attributes object) object {
	attributes["title"] = "siphunt: " + p.Title
	attributes["description"] = ""
	attributes["version"] = 1
	attributes["kibanaSavedObjectMeta"] = object{"searchSourceJSON": text(object{
		"query": object{"language": "lucene", "query": p.Query}, "filter": []any{}, "indexRefName": indexReference,
	})}
	return object{
		"type": kind, "id": "siphunt-" + p.ID, "attributes": attributes, "migrationVersion": object{kind: version},
		"references": []any{object{"name": indexReference, "type": "index-pattern", "id": p.Source.ID}},
	}
}

func (p *Panel) savedSearch() object {
	return p.savedObject("search", "7.9.3", object{"columns": p.Columns, "sort": []any{[]any{"@timestamp", "desc"}}, "hits": 0})
}

func (p *Panel) visualization() object {
	return p.savedObject("visualization", "7.10.0", object{"uiStateJSON": "{}", "visState": text(object{
		"title": "siphunt: " + p.Title, "type": visTypes[p.Kind], "aggs": p.aggregations(), "params": p.visParams(),
	})})
}

var visTypes = map[Kind]string{Number: "metric", Table: "table", Bars: "histogram", Map: "tile_map"}

// aggregations are those of a visualization: measures first, then what they are grouped by.
func (p *Panel) aggregations() []any {
	var all []any
	add := func(kind, schema string, params object) {
		all = append(all, object{"id": fmt.Sprint(len(all) + 1), "enabled": true, "type": kind, "schema": schema, "params": params})
	}
	for _, m := range p.measures() {
		params := object{"customLabel": m.Label}
		if m.Field != "" {
			params["field"] = m.Field
		}
		add(m.Of, "metric", params)
	}
	switch p.Kind {
	case Map:
		add("geohash_grid", "segment", object{"field": "source.geo.location", "autoPrecision": true, "isFilteredByCollar": true, "useGeocentroid": true, "precision": 2})
	case Bars:
		add("date_histogram", "segment", object{"field": p.Time, "interval": "auto", "min_doc_count": 1})
		add("terms", "group", object{"field": p.Group, "size": 10, "order": "desc", "orderBy": "1"})
	case Table:
		add("terms", "bucket", object{"field": p.Group, "size": groups, "order": "desc", "orderBy": "1"})
	}
	return all
}

// groups is how many rows a table has.
const groups = 25

func (p *Panel) measures() []Measure {
	if len(p.Measures) == 0 {
		return []Measure{{Of: "count", Label: p.Title}}
	}
	return p.Measures
}

func (p *Panel) visParams() object {
	switch p.Kind {
	case Number:
		return object{"addTooltip": true, "addLegend": false, "type": "metric", "metric": object{
			"percentageMode": false, "useRanges": false, "colorSchema": "Green to Red", "metricColorMode": "None",
			"colorsRange": []any{object{"from": 0, "to": 10000}}, "labels": object{"show": true}, "invertColors": false,
			"style": object{"bgFill": "#000", "bgColor": false, "labelColor": false, "subText": "", "fontSize": 48}}}
	case Table:
		return object{"perPage": 10, "showPartialRows": false, "showMetricsAtAllLevels": false, "showTotal": false, "totalFunc": "sum", "percentageCol": ""}
	case Map:
		return object{"mapType": "Scaled Circle Markers", "isDesaturated": true, "addTooltip": true, "heatClusterSize": 1.5,
			"legendPosition": "bottomright", "mapZoom": 2, "mapCenter": []any{0, 0}, "wms": object{"enabled": false}}
	default:
		axis := func(id, kind, position string) object {
			return object{"id": id, "type": kind, "position": position, "show": true, "style": object{}, "scale": object{"type": "linear"},
				"labels": object{"show": true, "filter": true, "truncate": 100}, "title": object{}}
		}
		return object{"type": "histogram", "grid": object{"categoryLines": false}, "addTooltip": true, "addLegend": true, "legendPosition": "right",
			"times": []any{}, "addTimeMarker": false, "categoryAxes": []any{axis("CategoryAxis-1", "category", "bottom")},
			"valueAxes": []any{axis("ValueAxis-1", "value", "left")},
			"seriesParams": []any{object{"show": true, "type": "histogram", "mode": "stacked", "valueAxis": "ValueAxis-1",
				"data": object{"id": "1", "label": p.measures()[0].Label}, "drawLinesBetweenPoints": true, "showCircles": true}}}
	}
}

// kibanaMap is a map of Kibana 7.10 or later, which has no tile maps.
func (p *Panel) kibanaMap() object {
	const reference = "layer_1_source_index_pattern"
	return object{
		"type": "map", "id": "siphunt-" + p.ID, "migrationVersion": object{"map": "7.10.0"},
		"references": []any{object{"name": reference, "type": "index-pattern", "id": p.Source.ID}},
		"attributes": object{
			"title": "siphunt: " + p.Title, "description": "", "uiStateJSON": "{}",
			"mapStateJSON": text(object{"zoom": 1.5, "center": object{"lon": 0, "lat": 20}, "query": object{"language": "lucene", "query": p.Query}, "filters": []any{}}),
			"layerListJSON": text([]any{
				object{"id": "base", "type": "VECTOR_TILE", "sourceDescriptor": object{"type": "EMS_TMS", "isAutoSelect": true}, "style": object{"type": "TILE"}, "visible": true},
				object{"id": "attackers", "type": "VECTOR", "visible": true, "joins": []any{}, "style": object{"type": "VECTOR", "properties": object{}},
					"sourceDescriptor": object{"id": "attackers", "type": "ES_GEO_GRID", "geoField": "source.geo.location", "requestType": "point",
						"resolution": "COARSE", "metrics": []any{object{"type": "count"}}, "indexPatternRefName": reference}},
			}),
		},
	}
}

// board is the dashboard that holds the panels.
func board(f Flavour) object {
	var panels, references []any
	for i, p := range Panels {
		name := fmt.Sprintf("panel_%d", i)
		panels = append(panels, object{
			"version": "7.9.3", "panelIndex": fmt.Sprint(i), "panelRefName": name, "embeddableConfig": object{"title": p.Title}, "title": p.Title,
			"gridData": object{"x": p.X, "y": p.Y, "w": p.W, "h": p.H, "i": fmt.Sprint(i)},
		})
		references = append(references, object{"name": name, "type": p.savedType(f), "id": "siphunt-" + p.ID})
	}
	return object{
		"type": "dashboard", "id": "siphunt", "references": references, "migrationVersion": object{"dashboard": "7.9.3"},
		"attributes": object{
			"title": "siphunt: attacks on SIP accounts", "description": "", "version": 1, "hits": 0,
			"timeRestore": true, "timeFrom": "now-7d", "timeTo": "now", "refreshInterval": object{"pause": false, "value": 60000},
			"optionsJSON": text(object{"hidePanelTitles": false, "useMargins": true}), "panelsJSON": text(panels),
			"kibanaSavedObjectMeta": object{"searchSourceJSON": text(object{"query": object{"language": "lucene", "query": ""}, "filter": []any{}})},
		},
	}
}

// text is JSON in JSON, as saved objects have it.
func text(value any) string {
	s, err := json.MarshalToString(value)
	if err != nil {
		panic(err) // of maps, lists, text and numbers
	}
	return s
}
