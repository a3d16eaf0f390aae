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
//   - detector.go: the Detector and its methods
//   - observe.go: taking flows, one by one or together
//   - clock.go: which times are believed, and when checks take place
//   - rules.go: what a status means, what the allowlist takes out, thresholds per registrar
//   - count.go, run.go: a rejection, an acceptance, a request, and the run of a pair
//   - judge.go, candidates.go: when a scan, a distributed brute force, a brute force opens
//   - agents.go: what clients called themselves
//   - incident.go, member.go: what an open incident holds, taking another one in, the end
//   - report.go: from an incident to an Alert
//   - snapshot.go, restore.go, reconnect.go, encoding.go: all that is known, as bytes and back
//
// Below them lies the memory. Pairs, clients and extensions are records without pointers in slabs, found by hash and
// linked by index, so that a million of them cost about 150 bytes each and the garbage collector nothing:
//
//   - slab.go, index.go, keys.go: records by number, by hash, by what they are of
//   - pair.go: the records and how they hang together
//   - names.go: the text of extensions; the domain that most of a server share is kept once
//   - ageing.go, timer.go: what falls due when, and who is forgotten first
package detect
