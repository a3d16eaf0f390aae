package report

import (
	"fmt"
	"time"
)

// BreakIn is an attack by which accounts were entered, surely or probably.
type BreakIn struct {
	Incident   string    `json:"incident"`
	Confidence string    `json:"confidence"` // that of its surest account
	Kind       string    `json:"kind"`
	Attacker   string    `json:"attacker"` // of many, the strongest
	Attackers  int       `json:"attackers"`
	Place      string    `json:"place,omitempty"`
	Server     string    `json:"server"`
	Asset      Asset     `json:"asset"`
	First      time.Time `json:"first"`
	Attempts   int       `json:"attempts"`
	Tools      []string  `json:"tools,omitempty"`
	Sentence   string    `json:"sentence"`
	Sure       string    `json:"sure"`
	Entered    []Entered `json:"entered"`
	More       int       `json:"more"` // successes that the alert does not list
	Todo       []string  `json:"todo"`
}

// Asset is whose server it is.
type Asset struct {
	Name    string `json:"name,omitempty"`
	Owner   string `json:"owner,omitempty"`
	Contact string `json:"contact,omitempty"`
}

// Entered is one account that was entered.
type Entered struct {
	Account    string    `json:"account"`
	Server     string    `json:"server"`
	Client     string    `json:"client"`
	At         time.Time `json:"at"`
	Attempts   int       `json:"attempts"` // before it
	Confidence string    `json:"confidence"`
}

// entered are the successes that are no owner's.
func (i *incident) entered() []success {
	if !i.isBreakIn() {
		return nil
	}
	var list []success
	for _, s := range i.Siphunt.Successes {
		if s.Confidence == confirmed || s.Confidence == probable {
			list = append(list, s)
		}
	}
	return list
}

// breakInsOf returns the break-ins, the worst first.
func breakInsOf(all []*incident) List[BreakIn] {
	var list []BreakIn
	for _, inc := range all {
		if inc.isBreakIn() {
			list = append(list, breakIn(inc))
		}
	}
	return firstOf(list, maxBreakIns)
}

func breakIn(i *incident) BreakIn {
	h := &i.Siphunt
	b := BreakIn{
		Incident: h.Incident.ID, Confidence: h.Incident.Confidence, Kind: h.Incident.Kind, Attacker: i.client(), Attackers: max(h.Clients.Count, 1),
		Place: i.place(), Server: i.Destination.IP, Asset: h.Asset, First: i.Event.Start.UTC(), Attempts: h.Attempts, Tools: h.Tools,
		Sentence: i.Message, More: max(h.SuccessN-len(h.Successes), 0),
		Sure: "An attacker, unless a phone looks like one by chance.",
	}
	if b.Confidence == confirmed {
		b.Sure = "Sure: it was fast, took many attempts, or comes from one who attacks other accounts too."
	}
	for _, s := range i.entered() {
		b.Entered = append(b.Entered, Entered{s.Extension, s.Registrar, s.Client, s.Timestamp.UTC(), s.Attempts, s.Confidence})
	}
	b.Todo = i.todo(&b)
	return b
}

// todo is what to do about a break-in, in order.
func (i *incident) todo(b *BreakIn) []string {
	n := len(b.Entered) + b.More
	it, accounts := plural(n, "it", "them"), plural(n, "the account", "the accounts")
	var list []string
	if b.Confidence == confirmed {
		list = append(list, fmt.Sprintf("Lock %s or give %s a new, long random password now.", accounts, it),
			fmt.Sprintf("End the registrations and the calls of %s.", accounts))
	} else {
		list = append(list, fmt.Sprintf("Ask the %s whether somebody has changed the password there. If not, lock %s now, and end registrations and calls.",
			plural(n, "owner", "owners"), accounts))
	}
	if len(b.Entered) > 0 {
		first := b.Entered[0].At
		for _, e := range b.Entered {
			if e.At.Before(first) {
				first = e.At
			}
		}
		list = append(list, fmt.Sprintf("Look at all calls of %s since %s UTC: to expensive destinations first.", accounts, moment(first)))
	}
	switch {
	case b.Attackers > 1:
		list = append(list, fmt.Sprintf("Block the %d clients that took part, but do not rely on it: there may be others.", b.Attackers))
	case i.Siphunt.Incident.KnownClient:
		list = append(list, fmt.Sprintf("Do not block %s before you have looked: phones that were good before share the address.", b.Attacker))
	case i.Siphunt.Incident.Forgeable:
		list = append(list, fmt.Sprintf("Do not block %s unseen: over UDP the sender may be forged.", b.Attacker))
	default:
		list = append(list, fmt.Sprintf("Block %s at the edge.", b.Attacker))
	}
	if b.Asset.Contact != "" {
		list = append(list, "Tell "+b.Asset.Contact+".")
	}
	return list
}

// place is where the client is, and in whose network.
func (i *incident) place() string {
	s := &i.Source
	text := s.Geo.Country
	if s.Geo.City != "" && text != "" {
		text = s.Geo.City + ", " + text
	}
	if s.AS.Number > 0 {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("AS%d", s.AS.Number)
		if s.AS.Organization.Name != "" {
			text += " " + s.AS.Organization.Name
		}
	}
	return text
}
