package report

import "time"

// Incident is one as its last alert tells of it.
type Incident struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Severity int       `json:"severity"`
	Risk     int       `json:"risk"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Attempts int       `json:"attempts"`
	Rate     float64   `json:"rate"` // attempts a minute
	Sentence string    `json:"sentence"`
	Reason   string    `json:"reason"`
}

// incidentsOf returns the incidents, the worst first, less those that are told of as a part of others.
func incidentsOf(all []*incident) List[Incident] {
	var list []Incident
	for _, i := range all {
		h := &i.Siphunt
		if h.Incident.State == merged {
			continue
		}
		list = append(list, Incident{h.Incident.ID, h.Incident.Kind, h.Incident.State, i.Event.Severity, i.Event.Risk,
			i.Event.Start.UTC(), i.Event.End.UTC(), h.Attempts, h.Rate, i.Message, i.Event.Reason})
	}
	return firstOf(list, maxIncidents)
}
