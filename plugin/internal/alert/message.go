package alert

import (
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// message is one sentence for a person: who did what to which server, how often, how fast, with what result, and what
// else to know before acting. It claims no more than is known.
//
//	198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s
//	(11,286 a minute), then BROKE IN: the account is compromised.
func message(o *Options, a *detect.Alert) string {
	s := &sentence{Options: o, Alert: a}
	if a.State == detect.Withdrawn && a.Attempts == 0 {
		return "what was reported as a distributed scan of " + server(a) + " was none: its attempts were logins, or are in incidents of their own."
	}
	return s.subject() + " " + s.action() + s.object() + ": " + s.figures() + s.result() + s.notes() + "."
}

// sentence is what the parts of a sentence are made from.
type sentence struct {
	*Options
	*detect.Alert
}

// subject is the client; of many, their number and the strongest; of an outage, the server.
func (s *sentence) subject() string {
	client := address(s.Client.Addr, s.ClientPrefix)
	switch {
	case s.Kind == detect.Outage:
		return server(s.Alert)
	case !rules[s.Kind].manyClients:
		return client
	}
	return numberOf(s.Clients, "client") + strongest("the strongest", client, s.Clients)
}

// strongest is " (the strongest 198.18.1.30 with 32 rejected attempts)", empty where that is not known.
func strongest(word, name string, m detect.Members) string {
	if len(m.Top) == 0 {
		return ""
	}
	return " (" + word + " " + name + " with " + humanize.Count(m.Top[0].Attempts, "rejected attempt") + ")"
}

// verb is what a kind does: is doing it, did it when it had success, has stopped doing it.
type verb struct{ doing, did, stopped string }

var verbs = [...]verb{
	detect.Scan:            {"scanning ", "scanned ", "scanning "},
	detect.Spray:           {"trying passwords on ", "tried passwords on ", "trying passwords on "},
	detect.Distributed:     {"guessing the password of ", "guessed the password of ", "guessing the password of "},
	detect.BruteForce:      {"guessing the password of ", "guessed the password of ", "guessing the password of "},
	detect.HorizontalScan:  {"trying ", "tried ", "trying "},
	detect.DistributedScan: {"scanning ", "scanned ", "scanning "},
	detect.Outage:          {"rejecting ", "rejected ", "rejecting "},
}

// Where there are other readings than an attack the verbs take no side; nor can a password be guessed where the server
// knows no such account.
var (
	failing = verb{doing: "failing to log in as ", stopped: "trying to log in as "}
	asking  = verb{"asking for ", "asked for ", "asking for "}
)

func (s *sentence) verb() verb {
	switch {
	case s.Kind != detect.Outage && s.isDoubtful() && s.State != detect.Withdrawn:
		return failing
	case !rules[s.Kind].manyExtensions && s.isUnknownAccount():
		return asking
	}
	return verbs[s.Kind]
}

// isDoubtful tells whether it may be no attack at all. A phone may try once in an hour, too.
func (s *sentence) isDoubtful() bool {
	return (s.KnownClient || s.isPhoneLike()) && !brokenInto(s.Alert)
}

func (s *sentence) isPhoneLike() bool { return s.PhoneLike || s.Slow && s.Kind == detect.BruteForce }

// isUnknownAccount tells whether the server has answered 404, and nothing else.
func (s *sentence) isUnknownAccount() bool {
	return len(s.Rejections) == 1 && s.Rejections[0].Status == 404
}

// action is the verb, in the tense of the state.
func (s *sentence) action() string {
	v := s.verb()
	is, was, has := "is ", "was ", "has "
	if rules[s.Kind].manyClients && s.Kind != detect.Outage && s.Clients.Count != 1 {
		is, was, has = "are ", "were ", "have "
	}
	over := s.State == detect.Success || s.State == detect.End
	switch {
	case s.State == detect.Open && s.Changed && s.Kind == detect.Spray && !s.isDoubtful():
		return has + "gone from scanning to " + v.doing
	case s.State == detect.Open && s.Changed:
		return is + "now " + v.doing
	case s.State == detect.Open:
		return is + v.doing
	case s.State == detect.Update:
		return is + "still " + v.doing
	case s.State == detect.Withdrawn:
		return was + "wrongly reported for " + v.doing
	case over && s.Confidence == detect.Confirmed:
		return v.did
	case s.hasStopped() && s.SuccessesN == 0:
		return has + "stopped " + v.stopped
	}
	return was + v.doing
}

// hasStopped tells whether it ended by itself.
func (s *sentence) hasStopped() bool {
	if s.Kind == detect.Outage {
		return s.EndReason == detect.EndRecovered
	}
	return s.EndReason == detect.EndIdle
}

// object is the extensions or the one extension, and the server or the servers.
func (s *sentence) object() string {
	is := rules[s.Kind]
	switch {
	case s.Kind == detect.Outage:
		return numberOf(s.Clients, "client") + " that it had accepted before, on " + numberOf(s.Extensions, "extension")
	case is.manyRegistrars:
		return numberOf(s.Extensions, "extension") + " on " + numberOf(s.Registrars, "SIP server") +
			strongest("the most tried", text(s.Registrar.Addr), s.Registrars)
	case is.manyExtensions:
		return numberOf(s.Extensions, "extension") + " of " + server(s.Alert)
	}
	unknown := ""
	if s.verb() == asking {
		unknown = ", which does not know that account"
	}
	return named(s.Extension) + " on " + server(s.Alert) + unknown
}

func server(a *detect.Alert) string { return "SIP server " + text(a.Registrar.Addr) }

// figures are how often and how fast. Within a second a rate would say more than is known.
func (s *sentence) figures() string {
	f := humanize.Count(s.Attempts, "rejected attempt") + " in " + duration(span(s.Alert))
	if span(s.Alert).Seconds() >= 1 {
		f += " (" + frequency(rate(s.Alert)) + ")"
	}
	return f
}

// numberOf is "about 17,000 clients": how many there are, and whether that is an estimate.
func numberOf(m detect.Members, noun string) string {
	if m.Estimated {
		return "about " + humanize.Count(m.Count, noun)
	}
	return humanize.Count(m.Count, noun)
}

// named is an extension in a sentence. What is more than a plain account is put in quotes that it cannot close, so that
// no extension can pass for a part of the sentence.
func named(extension string) string {
	if extension == "" {
		return "(empty)"
	}
	if strings.IndexFunc(extension, odd) < 0 {
		return extension
	}
	return `"` + strings.ReplaceAll(extension, `"`, "'") + `"`
}

// odd characters are not usual in user@domain.
func odd(r rune) bool {
	plain := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("@.-_+~*#:[]", r)
	return !plain
}
