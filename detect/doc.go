// Package detect is the judgement: it counts the rejections that SIP registrars send, per registrar, client and
// extension, and tells which of them are attacks, after "Hunting SIP Authentication Attacks Efficiently" (Jansky,
// Cejka, Bartos, AIMS 2017). RULES.md beside this file says exactly what counts and when an incident opens, succeeds
// and ends; the words here are the words there.
//
// It is pure: the clock is an argument, there is no I/O, no goroutine, no lock. The same flows and the same Config
// give the same alerts.
//
// A reader finds, in the order in which a flow passes through:
//
//   - flow.go, config.go, alert.go: what goes in and what comes out
//   - layers.go: what the Detector is built of, from what it remembers to what it concludes; each type is declared there
//   - detector.go, observe.go: the Detector, and taking flows, one by one or together
//   - clock.go: which times are believed, and when checks take place
//   - rules.go: what a status means, what the allowlist takes out, thresholds per registrar
//   - dedup.go, echo.go: messages that several probes have seen, named and unnamed
//   - explain.go: a rejection, an acceptance
//   - run.go, burst.go, grace.go, sister.go, vouching.go, outage.go: what explains a run
//   - groupings.go, gather.go, opening.go: the kinds of attack, a row each, what an incident takes when it opens
//   - between.go: guesses between the logins of an owner
//   - incident.go, member.go, campaign.go: what an open incident holds, taking another one in, what belongs together
//   - conclude.go, phones.go: whose acceptance it was, and how sure that is
//   - agents.go, tools.go: what clients called themselves
//   - report.go, tally.go: from an incident to an Alert; overview.go: of all that are open
//   - observer.go: what is told to whoever measures a network
//   - snapshot.go, restore.go, reconnect.go, encoding.go, campaign_encoding.go: all that is known, as bytes and back
//
// Below them lies the memory. Pairs, clients and extensions are records without pointers in slabs, found by hash and
// linked by index, so that a million of them cost about 170 bytes each and the garbage collector nothing:
//
//   - records.go, memory.go: the records and how they hang together
//   - suspects.go, host.go, network.go, recent.go: the groups of those that are suspicious or dormant, and what is new
//   - keys.go, names.go: finding records by what they are of; the text of extensions
//   - ageing.go: what lapses when, and who is forgotten first
//   - internal/store: slabs, indices, texts and timers
package detect
