package alert

import (
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// message is one sentence for a person: who did what to which server, how often, how fast, with what result.
//
//	198.18.1.13 guessed the password of 300@198.18.0.10 on SIP server 198.18.0.10: 418 rejected attempts in 2.2 s
//	(11,286 a minute), then SUCCEEDED: the account is compromised.
func message(o *Options, a *detect.Alert) string {
	return attacker(o, a) + " " + action(a) + whom(a) + ": " + figures(a) + result(o, a) + note(a) + "."
}

// attacker is the client; of many, their number and the strongest.
func attacker(o *Options, a *detect.Alert) string {
	client := address(a.Client.Addr, o.ClientPrefix)
	if a.Kind != detect.Distributed {
		return client
	}
	s := numberOf(a.Clients, "client")
	if len(a.Clients.Top) > 0 {
		s += " (the strongest " + client + " with " + count(a.Clients.Top[0].Attempts, "rejected attempt") + ")"
	}
	return s
}

// phrases are what a kind does, and did when it had success. The scan's and the spray's objects are many extensions,
// the others' is one password.
var phrases = [...]struct{ doing, did string }{
	detect.Scan:        {"scanning ", "scanned "},
	detect.Spray:       {"trying passwords on ", "tried passwords on "},
	detect.Distributed: {"guessing the password of ", "guessed the password of "},
	detect.BruteForce:  {"guessing the password of ", "guessed the password of "},
}

// action is the verb, in the tense of the state.
func action(a *detect.Alert) string {
	doing, did := phrases[a.Kind].doing, phrases[a.Kind].did
	is, was, has := "is ", "was ", "has "
	if a.Kind == detect.Distributed && a.Clients.Count != 1 {
		is, was, has = "are ", "were ", "have "
	}
	succeeded := a.SuccessesN > 0 && !a.KnownClient
	switch {
	case a.State == detect.Open && a.Changed && a.Kind == detect.Spray:
		return has + "gone from scanning to " + doing
	case a.State == detect.Open:
		return is + doing
	case a.State == detect.Update:
		return is + "still " + doing
	case succeeded && (a.State == detect.Success || a.State == detect.End):
		return did
	case a.State == detect.End && a.EndReason == detect.EndIdle && a.SuccessesN == 0:
		return has + "stopped " + doing
	}
	return was + doing
}

// whom are the extensions or the one extension, and the server.
func whom(a *detect.Alert) string {
	server := "SIP server " + text(a.Registrar.Addr)
	if a.Kind == detect.Scan || a.Kind == detect.Spray {
		return numberOf(a.Extensions, "extension") + " of " + server
	}
	return named(a.Extension) + " on " + server
}

// figures are how often and how fast. Within a second a rate would say more than is known.
func figures(a *detect.Alert) string {
	s := count(a.Attempts, "rejected attempt") + " in " + duration(span(a))
	if span(a).Seconds() >= 1 {
		s += " (" + frequency(rate(a)) + ")"
	}
	return s
}

// result is what came of it. Of a client that was known good before nobody can tell whether it broke in.
func result(o *Options, a *detect.Alert) string {
	if a.SuccessesN == 0 {
		if a.State == detect.End {
			return ", without success"
		}
		return ""
	}
	and := ", and "
	if a.State == detect.Success {
		and = ", then "
	}
	times := ""
	if a.SuccessesN > 1 {
		times = " " + count(a.SuccessesN, "time")
	}
	if a.KnownClient {
		return and + "was ACCEPTED" + times + who(o, a)
	}
	return and + "SUCCEEDED" + times + who(o, a) + ": " + lost(a)
}

// lost says whether one account fell or several.
func lost(a *detect.Alert) string {
	for _, s := range a.Successes {
		if s.Extension != a.Successes[0].Extension {
			return "the accounts are compromised"
		}
	}
	return "the account is compromised"
}

// who is the part of a success that the kind leaves open, of the newest one: which client, or which extension.
func who(o *Options, a *detect.Alert) string {
	if len(a.Successes) == 0 {
		return ""
	}
	newest := a.Successes[len(a.Successes)-1]
	last := ""
	if a.SuccessesN > 1 {
		last = ", last"
	}
	switch a.Kind {
	case detect.Scan, detect.Spray:
		return last + " on " + named(newest.Extension)
	case detect.Distributed:
		return last + " from " + address(newest.Client, o.ClientPrefix)
	}
	return ""
}

// note is what else to know before acting.
func note(a *detect.Alert) string {
	s := ""
	if a.KnownClient {
		s = "; this client was known good before: " + innocent(a) + " like this"
	}
	switch {
	case a.State == detect.Merged:
		s += "; now part of incident " + a.MergedInto
	case a.EndReason == detect.EndAllowed:
		s += "; no longer counted, as the allowlist covers it now"
	case a.EndReason == detect.EndLimit:
		s += "; no longer watched, as there were more than max_incidents"
	case a.EndReason == detect.EndIdle && a.SuccessesN > 0:
		s += "; the attack is over"
	}
	return s
}

// innocent is what else a known client may be. One with many extensions is a NAT, a proxy or a gateway.
func innocent(a *detect.Alert) string {
	many := a.Kind == detect.Scan || a.Kind == detect.Spray
	switch {
	case many && a.SuccessesN > 0:
		return "phones behind one address, some of them put right, look"
	case many:
		return "phones behind one address with stale passwords look"
	case a.SuccessesN > 0:
		return "a phone whose password was put right looks"
	}
	return "a phone with a stale password looks"
}

// numberOf is "about 17,000 clients": how many there are, and whether that is an estimate.
func numberOf(m detect.Members, noun string) string {
	if m.Estimated {
		return "about " + count(m.Count, noun)
	}
	return count(m.Count, noun)
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
