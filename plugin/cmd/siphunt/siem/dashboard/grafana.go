package dashboard

import "fmt"

// The data sources that Grafana asks for when the file is imported.
const (
	alertsInput    = "DS_SIPHUNT_ALERTS"
	incidentsInput = "DS_SIPHUNT_INCIDENTS"
	metricsInput   = "DS_PROMETHEUS"
	searchPlugin   = "grafana-opensearch-datasource"
)

// Grafana returns a dashboard to be imported. Its data sources are two of OpenSearch, one for each index, and Prometheus.
func Grafana() []byte {
	var panels []any
	bottom := 0
	for i, p := range Panels {
		panels = append(panels, p.grafana(i+1))
		bottom = max(bottom, p.Y+p.H)
	}
	for i, f := range Figures {
		panels = append(panels, f.grafana(len(Panels)+i+1, 24*(i%2), bottom+12*(i/2)))
	}
	input := func(name, label, plugin string) object {
		return object{"name": name, "label": label, "type": "datasource", "pluginId": plugin}
	}
	file, err := json.MarshalIndent(object{
		"__inputs": []any{
			input(alertsInput, "index "+Alerts.Index+", time field @timestamp", searchPlugin),
			input(incidentsInput, "index "+Incidents.Index+", time field @timestamp", searchPlugin),
			input(metricsInput, "Prometheus, which reads Fluent Bit's metrics", "prometheus"),
		},
		"title": "siphunt: attacks on SIP accounts", "uid": "siphunt", "schemaVersion": 39, "version": 1, "editable": true,
		"tags": []any{"siphunt", "sip"}, "refresh": "1m", "time": object{"from": "now-7d", "to": "now"}, "panels": panels,
	}, "", " ")
	if err != nil {
		panic(err) // of maps, lists, text and numbers
	}
	return append(file, '\n')
}

var grafanaTypes = map[Kind]string{Number: "stat", List: "table", Table: "table", Bars: "timeseries", Map: "geomap"}

// grid is a place of Grafana's 24 columns, with lower rows.
func grid(x, y, w, h int) object { return object{"x": x / 2, "y": y / 2, "w": w / 2, "h": h / 2} }

func (p *Panel) grafana(id int) object {
	input := incidentsInput
	if p.Source == Alerts {
		input = alertsInput
	}
	source := object{"type": searchPlugin, "uid": "${" + input + "}"}
	panel := object{
		"id": id, "title": p.Title, "type": grafanaTypes[p.Kind], "gridPos": grid(p.X, p.Y, p.W, p.H), "datasource": source,
		"targets": []any{object{
			"refId": "A", "datasource": source, "queryType": "lucene", "query": p.Query, "timeField": p.timeField(),
			"metrics": p.grafanaMetrics(), "bucketAggs": p.grafanaBuckets(),
		}},
		"fieldConfig": object{"defaults": object{}, "overrides": []any{}},
	}
	switch p.Kind {
	case Number:
		panel["options"] = object{"reduceOptions": object{"calcs": []any{"sum"}}, "colorMode": "none", "graphMode": "none"}
	case List:
		panel["transformations"] = []any{object{"id": "filterFieldsByName", "options": object{"include": object{"names": append([]string{"@timestamp"}, p.Columns...)}}}}
	case Bars:
		panel["fieldConfig"] = object{"overrides": []any{}, "defaults": object{"custom": object{
			"drawStyle": "bars", "fillOpacity": 80, "stacking": object{"mode": "normal"}}}}
	}
	return panel
}

func (p *Panel) timeField() string {
	if p.Time != "" {
		return p.Time
	}
	return "@timestamp"
}

func (p *Panel) grafanaMetrics() []any {
	if p.Kind == List {
		return []any{object{"id": "1", "type": "raw_data", "settings": object{"size": "100", "order": "desc", "useTimeRange": true}}}
	}
	var all []any
	for i, m := range p.measures() {
		metric := object{"id": fmt.Sprint(i + 1), "type": m.Of}
		if m.Field != "" {
			metric["field"] = m.Field
		}
		all = append(all, metric)
	}
	return all
}

// grafanaBuckets: a figure is one bucket of all time, because Grafana wants at least one.
func (p *Panel) grafanaBuckets() []any {
	terms := object{"id": "11", "type": "terms", "field": p.Group, "settings": object{"size": fmt.Sprint(groups), "order": "desc", "orderBy": "1", "min_doc_count": "1"}}
	histogram := object{"id": "12", "type": "date_histogram", "field": p.timeField(), "settings": object{"interval": "auto", "min_doc_count": "0"}}
	switch p.Kind {
	case List:
		return []any{}
	case Table:
		return []any{terms}
	case Bars:
		return []any{terms, histogram}
	case Map:
		return []any{object{"id": "13", "type": "geohash_grid", "field": "source.geo.location", "settings": object{"precision": "3"}}}
	default:
		return []any{object{"id": "14", "type": "filters", "settings": object{"filters": []any{object{"label": p.Title, "query": "*"}}}}}
	}
}

func (f *Figure) grafana(id, x, y int) object {
	source := object{"type": "prometheus", "uid": "${" + metricsInput + "}"}
	return object{
		"id": id, "title": "Data quality: " + f.Title, "type": "timeseries", "gridPos": grid(x, y, 24, 12), "datasource": source,
		"targets":     []any{object{"refId": "A", "datasource": source, "expr": f.Query}},
		"fieldConfig": object{"defaults": object{"unit": f.Unit}, "overrides": []any{}},
	}
}
