// Package network makes what a provider's registrars and exporters see of a day: good phones with all that goes wrong with
// them, and attacks of all kinds; and holds what a detector told beside what was truly in it.
//
// A Generator is a heap of sources, ordered by the time at which each acts next: phones (phone.go, planned in population.go and
// troubles.go) and attacks (attack.go, planned in campaign.go and the kinds_*.go). What they send goes through a link (link.go),
// which loses, delays, doubles and reorders records as the exporter models say. While they run they write down what they did: the
// Truth, which Judge holds beside what was told (incident.go, match.go, judge.go, report.go). An Encoder writes the same records
// as a collector does, so that decoder and replay can be in between.
//
// # What is no part of the truth
//
//   - A rejection that no probe recorded is none. The first half of a login that succeeded, rejections of an attacked account's
//     owner and those forged in the name of a good phone may count or not (Attack.Perhaps): no detector can tell. Nor can it tell
//     two of svcrack's guesses that one of two named probes has recorded each from one that both have: they have the same CSeq.
//   - A break-in whose acceptance was lost is none. Nor is one before which no rejection of the account was recorded in this
//     attack: what is left of it is a login that is right at the first try, as its owner's is. One rejection is enough, even of
//     another client; and so is an acceptance without the challenge before it, which was lost.
//   - Uses of an account that was entered, or is the attacker's own, are no break-ins.
//
// # What is simpler than in a provider's network
//
//   - Every phone has an account of its own, but for the six devices of one. Phones at a conference have accounts that nobody
//     has used before they come, at one registrar or another; they do not come back.
//   - A phone keeps its Call-ID all day, and an attack's host the one that it has at a registrar, as SIPVicious does. A challenge
//     that comes twice has a CSeq of its own each time, as if the phone had asked anew.
//   - Phones register at night as often as by day, and are not switched off, but for those of a conference.
//   - Each kind of registrar answer (to a wrong password, to an unknown user) is as common as the others. IPv6 phones use IPv6
//     registrars, which have no other phones.
//   - Losses are independent of each other, 5 % of records.
//   - Of each kind of attack there are five, far more for the number of phones than a provider sees. Attacks by many clients on
//     many accounts hit a registrar one after the other, with an hour between: two at once are one, for all that can be seen. Other
//     attacks overlap as it happens.
//   - Accounts that an attack is after have numbers that no other attack asks for, so that it can be told what belongs to which.
package network
