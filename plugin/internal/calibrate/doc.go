// Package calibrate estimates thresholds from a network's own traffic, as section 4 of "Hunting SIP Authentication Attacks
// Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) did for one network.
//
// A Collector watches a detector at work and keeps distributions of all that thresholds judge, told apart by the detector's own verdict:
// what phones do, what attackers do, and what is neither explained nor an attack. Result is what it knows, with what should be
// configured, and why.
package calibrate
