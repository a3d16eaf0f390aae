package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
)

// truth is what was really in a capture, counted from its packets without any part of this project.
type truth struct {
	Groups []group `json:"groups"`
}

// group is what some clients did to some extensions of one registrar: an attack, or phones at work.
type group struct {
	Incident     string             `json:"incident"`   // its kind; empty where it must raise nothing
	Registrar    netip.Addr         `json:"registrar"`  // the most tried one
	Registrars   map[netip.Addr]int `json:"registrars"` // rejections at each, where there are several
	Clients      []netip.Addr       `json:"clients"`
	Users        []string           `json:"users"`
	Rejections   map[string]int     `json:"rejections"`
	First        time.Time          `json:"first"`         // rejection
	Last         time.Time          `json:"last"`          // rejection
	RecordedLast time.Time          `json:"recorded_last"` // set where the exporter dated the last rejection otherwise
	Success      *successfulGuess   `json:"success"`
}

type successfulGuess struct {
	Client     netip.Addr `json:"client"`
	User       string     `json:"user"`
	Time       time.Time  `json:"time"`
	Rejections int        `json:"rejections_before"` // of this client, before it was let in
	Recorded   int        `json:"recorded_before"`   // of them, before its acceptance was recorded; set where some came later
}

// finding is an incident in the words that an alert and the truth share.
type finding struct {
	Kind        string
	Registrar   string
	Registrars  int
	MostTried   []string // registrars, the most tried first
	ClientCount int
	Clients     []string
	UserCount   int
	Users       []string // the strongest, then by name, as many as an alert names
	Attempts    int
	Rejections  map[string]int
	First, Last string
	Successes   []string
}

// TestScenariosHoldTheTruth compares the final incidents of each scenario with what was in the packets: every attack is
// found, once, with all its figures, and nothing else raises an incident.
func TestScenariosHoldTheTruth(t *testing.T) {
	for _, folder := range scenarios(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, "truth.json"))
			if err != nil {
				t.Fatal(err)
			}
			var really truth
			if err := jsoniter.Unmarshal(text, &really); err != nil {
				t.Fatal(err)
			}
			var want, got []finding
			for _, g := range really.Groups {
				if g.Incident != "" {
					want = append(want, g.finding())
				}
			}
			for _, a := range lines[reportedAlert](t, replayed(t, folder)) {
				if a.Siphunt.Incident.State == "end" {
					got = append(got, a.finding())
				}
			}
			byFirst := func(a, b finding) int { return strings.Compare(a.First, b.First) }
			slices.SortFunc(want, byFirst)
			slices.SortFunc(got, byFirst)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("incidents differ from what was in the packets (-packets +found):\n%s", diff)
			}
		})
	}
}

func (g *group) finding() finding {
	users := slices.Sorted(slices.Values(g.Users)) // in each recorded attack all of them got equally many rejections, or have one name
	f := finding{
		Kind: g.Incident, Registrar: g.Registrar.String(), ClientCount: len(g.Clients), UserCount: len(g.Users),
		Rejections: g.Rejections, First: millis(g.First), Last: millis(g.Last),
	}
	for _, u := range users[:min(len(users), detect.MaxTopExtensions)] {
		f.Users = append(f.Users, userOf(u))
	}
	for _, n := range g.Rejections {
		f.Attempts += n
	}
	tried := g.Registrars
	if tried == nil {
		tried = map[netip.Addr]int{g.Registrar: f.Attempts}
	}
	f.Registrars = len(tried)
	strongest := slices.SortedFunc(maps.Keys(tried), func(a, b netip.Addr) int {
		return cmp.Or(tried[b]-tried[a], a.Compare(b))
	})
	for _, r := range strongest[:min(len(strongest), detect.MaxTopClients)] {
		f.MostTried = append(f.MostTried, fmt.Sprint(r, " ", tried[r]))
	}
	if !g.RecordedLast.IsZero() {
		f.Last = millis(g.RecordedLast)
	}
	for _, c := range g.Clients {
		f.Clients = append(f.Clients, clientOf(c))
	}
	if s := g.Success; s != nil {
		f.Successes = []string{succeeded(clientOf(s.Client), s.User, millis(s.Time), cmp.Or(s.Recorded, s.Rejections))}
	}
	return f
}

// reportedAlert holds the fields of an alert that are compared.
type reportedAlert struct {
	Event       struct{ Start, End string }
	Destination struct{ IP string }
	Siphunt     struct {
		Incident struct{ State, Kind string }
		Attempts int
		Clients  struct {
			Count int
			Top   []struct{ IP string }
		}
		Registrars struct {
			Count int
			Top   []struct {
				IP       string
				Attempts int
			}
		}
		Extensions struct {
			Count int
			Top   []struct{ Name string }
		}
		Rejections map[string]int
		Successes  []struct {
			Extension, Client, Timestamp string
			Attempts                     int
		}
	}
}

func (a *reportedAlert) finding() finding {
	s := &a.Siphunt
	f := finding{
		Kind: s.Incident.Kind, Registrar: a.Destination.IP, Registrars: s.Registrars.Count, ClientCount: s.Clients.Count, UserCount: s.Extensions.Count,
		Attempts: s.Attempts, Rejections: s.Rejections, First: a.Event.Start, Last: a.Event.End,
	}
	for _, r := range s.Registrars.Top {
		f.MostTried = append(f.MostTried, fmt.Sprint(r.IP, " ", r.Attempts))
	}
	for _, c := range s.Clients.Top {
		f.Clients = append(f.Clients, c.IP)
	}
	slices.Sort(f.Clients) // they are by strength in an alert
	for _, e := range s.Extensions.Top {
		f.Users = append(f.Users, userOf(e.Name))
	}
	for _, x := range s.Successes {
		f.Successes = append(f.Successes, succeeded(x.Client, userOf(x.Extension), x.Timestamp, x.Attempts))
	}
	return f
}

func succeeded(client, user, at string, rejections int) string {
	return fmt.Sprintf("%s as %s at %s after %d rejections", client, user, at, rejections)
}

func userOf(extension string) string {
	user, _, _ := strings.Cut(extension, "@")
	return user
}

// clientOf is an address as alerts name it: of IPv6 the first one of its /64.
func clientOf(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().Addr().String()
}

// millis is a time as alerts write it.
func millis(t time.Time) string {
	return t.Truncate(time.Millisecond).Format("2006-01-02T15:04:05.000Z")
}
