// Command plugin is siphunt.so, the two plugins that Fluent Bit loads: the output "siphunt", which takes flow records,
// and the input "siphunt_alerts", which gives alerts back to the pipeline. Both live in this one library, and share its
// one Go runtime, because the library is listed twice with the same path; Fluent Bit's Go proxy knows no filters.
//
// The package is the edge to C and no more. A file an idea:
//
//	exports.go    what Fluent Bit calls: recover, look up, make one call, return one code
//	pair.go       which of the two halves a registration gets
//	detectors.go  which halves make a detector, and how long its engine lives
//	delivery.go   what Fluent Bit was given, until it is known to have taken it
//	overlaps.go   outputs that feed one detector the same records
//	messages.go   what waits to be written to Fluent Bit's log
//	garbage.go    how often the garbage collector runs in this process
//	host.go       Fluent Bit as it is seen from here: properties, log, stop (host.c, host.h)
//	library.go    this library as a file, and copies of it (library.c, library.h)
//	metrics.go    the figures, on Fluent Bit's Prometheus endpoint (metrics.c, metrics.h)
//	metriclog.go  the figures, in the log of a Fluent Bit that cannot show a plugin's metrics
//
// Three rules hold throughout. No panic crosses into C. C keeps no Go pointer: an instance is known there by a number.
// Flush never asks for a retry: the records of the chunk may have been counted.
package main

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

// A c-shared library has a main function that nobody calls.
func main() {}
