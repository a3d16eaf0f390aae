// Package calibrate estimates thresholds from a network's own traffic, as section 4 of "Hunting SIP Authentication Attacks
// Efficiently" (Jansky, Cejka, Bartos, AIMS 2017) did for one network.
//
// A Collector watches a detector at work and keeps distributions of all that thresholds judge, told apart by the detector's own verdict:
// what phones do, what attackers do, and what is neither explained nor an attack. Result is what it knows, with what should be
// configured, and why.
//
// Measuring, in bounded memory:
//
//   - measures.go, histogram.go: what is measured, and how often which value came
//   - collector.go, alerts.go: what the detector sees and tells, as values
//   - registrars.go, windows.go, peaks.go, candidates.go: the busiest registrars, half an hour of clients, suspicious groups, habits
//   - encoding.go: all of it as bytes
//
// Concluding:
//
//   - result.go: what comes of it
//   - rules.go, durations.go, recommend.go: what a threshold should be
//   - apply.go, file.go: the configuration that follows
//   - misfit.go: what is said in the log
//   - backtest.go, trial.go, curve.go: what configurations make of the same records
package calibrate
