package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// TestOpenIncidents: the most severe come first, of equals the newest, as they stand, and to look at them changes nothing.
func TestOpenIncidents(t *testing.T) {
	s, unwatched := newPlot(t), newPlot(t)
	story := func(s *plot, look func()) []detect.Alert {
		look()
		s.guess("192.0.2.66", "300@pbx", 25, time.Second)
		look()
		for i := range 15 {
			s.answer("192.0.2.67", fmt.Sprintf("%d@pbx", 100+i), 404)
		}
		look()
		s.guess("192.0.2.68", "301@pbx", 25, time.Second)
		look()
		alerts := s.d.Alerts()
		s.d.Finish()
		return append(alerts, s.d.Alerts()...)
	}
	looks := 0
	seen := story(s, func() {
		open := s.d.OpenIncidents(100)
		if len(open) != s.d.Stats().Incidents || len(open) != looks {
			t.Errorf("look %d: %d incidents, the figures say %d", looks, len(open), s.d.Stats().Incidents)
		}
		looks++
		if looks < 4 {
			return
		}
		got := ""
		for _, a := range open {
			got += fmt.Sprintf("%d %v %v %d; ", a.Severity, a.Kind, a.Client.Addr, a.Attempts)
		}
		if want := "47 brute-force 192.0.2.68 25; 47 brute-force 192.0.2.66 25; 21 extension-scan 192.0.2.67 15; "; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if first := s.d.OpenIncidents(1); len(first) != 1 || first[0].ID != open[0].ID {
			t.Errorf("the first is %+v", first)
		}
	})
	if a, b := fmt.Sprint(seen), fmt.Sprint(story(unwatched, func() {})); a != b {
		t.Errorf("looking has changed what is told:\n%s\n%s", a, b)
	}
}
