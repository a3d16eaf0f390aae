// Package network makes a provider's traffic of a day: phones that do what real phones do, attacks that hide among them, seen
// through exporters that lose, delay, double and reorder records. It tells what is in it, and holds that beside the alerts.
//
// A Generator has two heaps. In the first are sources, by the time at which they act: phones (phone.go), planned cause by
// cause in causes.go and troubles.go, and attacks (attack.go), planned kind by kind in the kinds_*.go files. What they send
// goes over a link (link.go), which gives each record the time at which it arrives. In the second heap are the records under way.
package network
