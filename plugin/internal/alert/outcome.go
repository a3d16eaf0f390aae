package alert

import (
	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// result is what came of it. How much it says depends on how sure that is.
func (s *sentence) result() string {
	if s.SuccessesN == 0 {
		return s.noSuccess()
	}
	list := surestOf(s.Successes)
	if len(list) > 0 && list[0].Confidence != s.Confidence { // the surest is one of those that are not listed any more
		list = nil
	}
	accounts := accountsOf(list)
	then := ", and "
	if s.State == detect.Success {
		then = ", then "
	}
	switch s.Confidence {
	case detect.Confirmed:
		return then + s.brokeIn(list, accounts) + ": " + plural(accounts, "the account is", "the accounts are") + " compromised"
	case detect.Probable:
		return then + s.accepted("ACCEPTED", list, accounts) + ": " + plural(accounts, "the account is", "the accounts are") + " probably compromised"
	}
	return then + s.accepted("accepted", list, accounts) + ": most likely " + s.owner(accounts)
}

func plural(n int, one, many string) string {
	if n > 1 {
		return many
	}
	return one
}

// brokeIn is what an attacker did for sure, where and from where, as far as the kind leaves that open.
func (s *sentence) brokeIn(list []detect.Succeeded, accounts int) string {
	did := "BROKE IN"
	if where := s.entered(list, accounts); where != "" {
		did = "BROKE INTO " + where
	}
	if rules[s.Kind].manyClients && len(list) > 0 {
		did += " from " + address(list[len(list)-1].Client, s.ClientPrefix)
	}
	return did
}

// accepted is who was let in, and where, if it is not sure that this is an attacker.
func (s *sentence) accepted(word string, list []detect.Succeeded, accounts int) string {
	is := rules[s.Kind]
	where := s.entered(list, accounts)
	if where != "" {
		where = " on " + where
	}
	switch {
	case !is.manyClients || len(list) == 0:
		return "was " + word + where
	case accounts > 1:
		return "some were " + word + where + " from " + address(list[len(list)-1].Client, s.ClientPrefix)
	}
	return address(list[len(list)-1].Client, s.ClientPrefix) + " was " + word + where
}

// entered is the accounts of many that were entered, by the newest of the surest successes.
func (s *sentence) entered(list []detect.Succeeded, accounts int) string {
	is := rules[s.Kind]
	if !is.manyExtensions || len(list) == 0 {
		return ""
	}
	newest := list[len(list)-1]
	name := named(newest.Extension)
	if is.manyRegistrars {
		name += " of " + text(newest.Registrar)
	}
	if accounts == 1 {
		return name
	}
	number := humanize.Count(accounts, "account")
	if s.SuccessesN > len(s.Successes) { // of very many only the first are known one by one
		number = "at least " + number
	}
	return number + ", last " + name
}

// owner is who it is, most likely.
func (s *sentence) owner(accounts int) string {
	switch {
	case accounts > 1:
		return "their owners"
	case !rules[s.Kind].manyClients && s.isDoubtful():
		return "its owner, whose password was put right"
	}
	return "its owner"
}

// noSuccess is what can be said without a success: of one client that there was none, of clients that take turns only
// that none was seen.
func (s *sentence) noSuccess() string {
	switch {
	case s.State != detect.End || s.Kind == detect.Outage:
		return ""
	case rules[s.Kind].manyClients:
		return "; no success was seen"
	}
	return ", without success"
}
