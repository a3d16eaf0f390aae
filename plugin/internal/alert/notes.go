package alert

import (
	"fmt"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// notes are what else to know before acting.
func (s *sentence) notes() string {
	var b strings.Builder
	for _, note := range []string{s.innocence(), s.ending(), s.slowness(), s.names(), s.forgery(), s.company()} {
		if note != "" {
			b.WriteString("; " + note)
		}
	}
	return b.String()
}

// innocence is the other reading. A success that is most likely the owner's has said it already.
func (s *sentence) innocence() string {
	before := "this client was accepted before"
	if rules[s.Kind].manyClients {
		before = "some of them were accepted before"
	}
	switch {
	case s.State == detect.Withdrawn:
		return ""
	case s.Kind == detect.Outage && s.State == detect.End:
		return ""
	case s.Kind == detect.Outage:
		return "this looks like an outage, not an attack: look at its accounts"
	case s.KnownClient && (s.Confidence == detect.Confirmed || s.Confidence == detect.Unlikely):
		return before
	case s.Confidence == detect.Confirmed:
		return ""
	case s.Confidence == detect.Probable && (s.KnownClient || s.isPhoneLike()):
		return s.phones("whose password was put right", "whose passwords were put right") + " like this too"
	case s.KnownClient && s.isUnknownAccount():
		return before + ": " + s.phones("whose account is gone", "whose accounts are gone") + " like this"
	case s.KnownClient:
		return before + ": " + s.phones("with a stale password", "with stale passwords") + " like this"
	case s.isPhoneLike() && s.SuccessesN == 0:
		return "at this pace it may be guessing, but " + s.phones("with a wrong password", "with wrong passwords") + " the same"
	}
	return ""
}

// phones is what else one client may be, or many, and that it looks (like this).
func (s *sentence) phones(one, many string) string {
	is := rules[s.Kind]
	switch {
	case is.manyClients:
		return "phones " + many + " look"
	case is.manyExtensions:
		return "phones behind one address " + many + " look"
	}
	return "a phone " + one + " looks"
}

// ending is why the incident is over.
func (s *sentence) ending() string {
	switch {
	case s.State == detect.Merged:
		return "now part of incident " + s.MergedInto
	case s.EndReason == detect.EndAccepted:
		return s.phonesAfterAll() + ", not an attack"
	case s.State == detect.Withdrawn:
		return "it was no attack"
	case s.EndReason == detect.EndAllowed:
		return "no longer counted, as the allowlist covers it now"
	case s.EndReason == detect.EndLimit:
		return "no longer watched, as there were more than max_incidents"
	case s.EndReason == detect.EndRecovered:
		return "it accepts its clients again"
	case s.EndReason == detect.EndIdle && s.Kind == detect.Outage:
		return "its clients have stopped trying"
	case s.EndReason == detect.EndIdle && s.SuccessesN > 0:
		return "the attempts have stopped"
	}
	return ""
}

// phonesAfterAll is what an incident was, most of whose attempts were accepted in the end.
func (s *sentence) phonesAfterAll() string {
	is := rules[s.Kind]
	switch {
	case is.manyExtensions && is.manyClients:
		return "most of the extensions were accepted: phones"
	case is.manyExtensions:
		return "most of the extensions were accepted: phones behind one address"
	case is.manyClients:
		return "most of them were accepted: phones"
	}
	return "it was accepted: a phone"
}

func (s *sentence) slowness() string {
	if !s.Slow {
		return ""
	}
	return "slow: with long pauses, found by the sums of a day"
}

func (s *sentence) names() string {
	who := "it calls itself "
	if rules[s.Kind].manyClients {
		who = "some call themselves "
	}
	switch len(s.Tools) {
	case 0:
		return ""
	case 1:
		return who + named(s.Tools[0]) + ", an attack tool"
	}
	return fmt.Sprintf("%sby the names of %d attack tools, such as %s", who, len(s.Tools), named(s.Tools[0]))
}

func (s *sentence) forgery() string {
	switch {
	case !s.Forgeable || s.Kind == detect.Outage:
		return ""
	case rules[s.Kind].manyClients:
		return "the senders may be forged (UDP)"
	}
	return "the sender may be forged (UDP)"
}

// company is the campaign that the incident is in, if it is not alone there.
func (s *sentence) company() string {
	if s.Campaign.Incidents < 2 {
		return ""
	}
	return "part of a campaign of " + humanize.Count(s.Campaign.Incidents, "incident") + " on " + humanize.Count(s.Campaign.Registrars, "SIP server")
}
