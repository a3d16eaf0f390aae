package traffic

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
)

// ecs is what is read of an alert in ECS.
type ecs struct {
	Event struct {
		Start, End, Created time.Time
		Severity            int
	}
	Source, Destination struct{ IP netip.Addr }
	Siphunt             struct {
		Incident struct {
			ID, State, Kind string
			KnownClient     bool   `json:"known_client"`
			MergedInto      string `json:"merged_into"`
		}
		Campaign   struct{ ID string }
		Attempts   int
		Rejections map[uint16]int
		Clients    struct {
			Count int
			Top   []struct{ IP netip.Addr }
		}
		Extensions struct {
			Count int
			Top   []struct{ Name string }
		}
		SuccessCount int `json:"success_count"`
		Successes    []struct {
			Extension         string
			Client, Registrar netip.Addr
			Timestamp         time.Time
			Confidence        string
		}
		Crossed struct{ Timestamp time.Time }
	}
}

// ReadAlert reads an alert as siphunt replay writes it, in ECS: what an evaluation needs of it.
func ReadAlert(line []byte) (*detect.Alert, error) {
	a, err := readAlert(line)
	if err != nil {
		return nil, fmt.Errorf("no alert in ECS, as `siphunt replay` writes it: %w", err)
	}
	return a, nil
}

func readAlert(line []byte) (*detect.Alert, error) {
	var e ecs
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(line, &e); err != nil {
		return nil, err
	}
	h := &e.Siphunt
	if h.Incident.ID == "" {
		return nil, errors.New("siphunt.incident.id is missing")
	}
	a := &detect.Alert{
		ID: h.Incident.ID, Time: e.Event.Created.UnixMilli(), Severity: e.Event.Severity,
		Kind:      named(h.Incident.Kind, detect.Scan, detect.Outage),
		State:     named(h.Incident.State, detect.Open, detect.Withdrawn),
		Registrar: detect.Endpoint{Addr: e.Destination.IP}, Client: detect.Endpoint{Addr: e.Source.IP},
		First: e.Event.Start.UnixMilli(), Last: e.Event.End.UnixMilli(), Attempts: h.Attempts,
		Clients: detect.Members{Count: h.Clients.Count}, Extensions: detect.Members{Count: h.Extensions.Count},
		SuccessesN: h.SuccessCount, KnownClient: h.Incident.KnownClient, MergedInto: h.Incident.MergedInto,
		Campaign: detect.Campaign{ID: h.Campaign.ID}, Crossed: detect.Crossing{Time: h.Crossed.Timestamp.UnixMilli()},
	}
	if a.Kind == 0 || a.State == 0 {
		return nil, fmt.Errorf("%q is no kind, or %q no state", h.Incident.Kind, h.Incident.State)
	}
	for status, n := range h.Rejections {
		a.Rejections = append(a.Rejections, detect.StatusCount{Status: status, Attempts: n})
	}
	for _, c := range h.Clients.Top {
		a.Clients.Top = append(a.Clients.Top, detect.Member{Client: c.IP})
	}
	for i, x := range h.Extensions.Top {
		a.Extensions.Top = append(a.Extensions.Top, detect.Member{Extension: x.Name})
		if i == 0 {
			a.Extension = x.Name
		}
	}
	for _, s := range h.Successes {
		a.Successes = append(a.Successes, detect.Succeeded{
			Extension: s.Extension, Client: s.Client, Registrar: s.Registrar, Time: s.Timestamp.UnixMilli(),
			Confidence: named(s.Confidence, detect.Unlikely, detect.Confirmed),
		})
	}
	return a, nil
}

// named returns the one that is written so, or 0 if there is none.
func named[T interface {
	~uint8
	String() string
}](name string, first, last T) T {
	for v := first; v <= last; v++ {
		if v.String() == name {
			return v
		}
	}
	return 0
}
