package detect_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

const flowsPerMix = 4000

// mixes is how many random mixes a run compares: a few; SIPHUNT_MIXES of them (make test-mixes: 200); SIPHUNT_LONG=1 (make
// test-long) asks for many.
func mixes() int {
	if n, err := strconv.Atoi(os.Getenv("SIPHUNT_MIXES")); err == nil {
		return n
	}
	if os.Getenv("SIPHUNT_LONG") != "" {
		return 5000
	}
	return 8
}

// mix gives the rules and the records of a seed: a town once in twenty, else a brawl.
func mix(seed uint64) (detect.Config, []record) {
	if seed%20 != 7 {
		b := newBrawl(seed)
		records := b.fight(flowsPerMix)
		if b.chance(8) {
			records = b.brokenClocks(records)[:flowsPerMix]
		}
		return b.cfg, records
	}
	w := newTown(seed, 6*time.Hour)
	w.plant()
	w.settle(3 * flowsPerMix)
	if w.chance(2) {
		w.delayed(40 * time.Second)
	}
	return detect.DefaultConfig(), interrupt(w.traffic, w.inOrderOfArrival())
}

// The detector and the reference, written apart from the same page, come to the same incidents.
func TestDetectorAgreesWithReference(t *testing.T) {
	for _, seed := range seeds() {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(seed)
			agree(t, cfg, records)
		})
	}
}

// seeds are as many as there is time for, and those of mixes about which the judges once disagreed.
func seeds() []uint64 {
	all := []uint64{3778, 3855, 4050, 4236, 4557}
	for seed := range uint64(mixes()) {
		if !slices.Contains(all, seed) {
			all = append(all, seed)
		}
	}
	return all
}

// They do so over months, where pauses are longer than compact times can tell.
func TestDetectorAgreesWithReferenceOverMonths(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			b := newBrawl(6000 + seed)
			records := b.slow(b.fight(500))
			agree(t, b.cfg, records)
		})
	}
}

// agree fails, with as few records as show it, where the judges differ.
func agree(t *testing.T, cfg detect.Config, records []record) {
	t.Helper()
	if disagreement(cfg, records) == "" {
		return
	}
	few := minimised(records, func(some []record) bool { return disagreement(cfg, some) != "" })
	t.Errorf("the judges disagree under %s\non these %d records:\n%s\n%s",
		rules(cfg), len(few), describe(few), disagreement(cfg, few))
}

// disagreement says where the judges differ, and what is wrong with the list of alerts; empty if nothing.
func disagreement(cfg detect.Config, records []record) (diff string) {
	defer func() {
		if p := recover(); p != nil {
			diff = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	r := newReference(cfg)
	play(r, records, nil)
	alerts := detected(cfg, records)
	return differences(r.alerts, alerts) + malformed(cfg, alerts)
}

// judge is what the detector and the reference have in common.
type judge interface {
	Advance(t int64, n int)
	Observe(f *detect.Flow)
	Finish()
}

// tell tells a judge one record.
func tell(j judge, r *record) {
	if r.n > 0 {
		j.Advance(r.flow.Time, r.n)
		return
	}
	f := r.flow
	j.Observe(&f)
}

// play tells a judge all records, calling between after each, and ends the input.
func play(j judge, records []record, between func(i int)) {
	for i := range records {
		tell(j, &records[i])
		if between != nil {
			between(i)
		}
	}
	j.Finish()
}

// detected gives the detector's alerts. It is told all flows up to the next mark at once, as those of a chunk are.
func detected(cfg detect.Config, records []record) []detect.Alert {
	d, err := detect.New(cfg)
	if err != nil {
		panic(err)
	}
	var flows []detect.Flow
	for i := range records {
		if r := &records[i]; r.n == 0 {
			flows = append(flows, r.flow)
			continue
		}
		d.ObserveAll(flows)
		flows = flows[:0]
		tell(d, &records[i])
	}
	d.ObserveAll(flows)
	d.Finish()
	return d.Alerts()
}

// minimised looks for few records that fail as well: first the shortest prefix, then without a client, a registrar, an
// extension, then without ever smaller pieces.
func minimised(records []record, fails func([]record) bool) []record {
	low, high := 0, len(records)
	for low < high {
		if mid := (low + high) / 2; fails(records[:mid]) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	records = slices.Clone(records[:high])
	without := func(drop func(i int, r *record) bool) {
		var left []record
		for i := range records {
			if !drop(i, &records[i]) {
				left = append(left, records[i])
			}
		}
		if len(left) < len(records) && fails(left) {
			records = left
		}
	}
	for _, name := range []func(r *record) string{
		func(r *record) string { return r.flow.Registrar.String() },
		func(r *record) string { return r.flow.Client.String() },
		func(r *record) string { return r.flow.Extension },
	} {
		var names []string
		for i := range records {
			names = append(names, name(&records[i]))
		}
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			without(func(_ int, r *record) bool { return name(r) == n })
		}
	}
	for piece := len(records) / 2; piece > 0; piece /= 2 {
		for from := len(records) - piece; from >= 0; from -= piece {
			without(func(i int, _ *record) bool { return i >= from && i < from+piece })
		}
	}
	for from := len(records) - 1; from >= 0; from-- { // what became superfluous meanwhile
		without(func(i int, _ *record) bool { return i == from })
	}
	return records
}

// rules tells what of a configuration the rules depend on.
func rules(cfg detect.Config) string {
	return fmt.Sprintf("%+v, T %s, check %s, grace %s, ttl %s, overrides %+v",
		cfg.Thresholds, cfg.IdleTimeout, cfg.CheckInterval, cfg.ChallengeGrace, cfg.KnownGoodTTL, cfg.Overrides)
}

// malformed says what is wrong with a list of alerts, whatever they report.
func malformed(cfg detect.Config, alerts []detect.Alert) string {
	var b strings.Builder
	last := map[string]detect.Alert{}
	wrong := func(a *detect.Alert, format string, args ...any) {
		fmt.Fprintf(&b, "  alert %d of incident %s (%s, %s): %s\n", a.Sequence, a.ID, a.Kind, a.State, fmt.Sprintf(format, args...))
	}
	for i := range alerts {
		a := &alerts[i]
		before, seen := last[a.ID]
		if a.Sequence == 1 { // its id may be that of one that began in the same millisecond
			before, seen = detect.Alert{}, false
		}
		over := before.State == detect.End || before.State == detect.Merged || before.State == detect.Withdrawn
		first := !seen
		if a.Sequence != before.Sequence+1 {
			wrong(a, "follows %d", before.Sequence)
		}
		if first != (a.State == detect.Open && !a.Changed) && !cfg.ReportEnd {
			wrong(a, "an incident opens once, in its first alert")
		}
		if over {
			wrong(a, "the incident was over")
		}
		if a.SuccessesN < before.SuccessesN || a.Time < before.Time || seen && a.First > before.First || a.Last < before.Last {
			wrong(a, "less than before: %d successes after %d", a.SuccessesN, before.SuccessesN)
		}
		if a.State == detect.Update && (a.Attempts < 2*before.Attempts || a.Time-before.Time < ms(cfg.UpdateInterval)) {
			wrong(a, "too early: %d attempts after %d, after %d ms", a.Attempts, before.Attempts, a.Time-before.Time)
		}
		bar := a.Crossed.Threshold
		if a.Crossed.Key == "spray_attempts" {
			bar = a.Thresholds.ScanExtensions // the value is on how many pairs passwords were tried
		}
		if !a.Changed && a.Crossed.Value < bar || a.State == detect.Open && a.Crossed.Time > a.Time {
			wrong(a, "crossed nothing: %+v at %d", a.Crossed, a.Time)
		}
		if a.SuccessesN <= detect.MaxSuccesses && len(a.Successes) != a.SuccessesN || a.State == detect.Success && a.SuccessesN <= before.SuccessesN {
			wrong(a, "%d successes listed of %d, after %d", len(a.Successes), a.SuccessesN, before.SuccessesN)
		}
		sum, status := 0, uint16(0)
		for _, c := range a.Rejections {
			sum += c.Attempts
			if c.Status <= status || c.Attempts <= 0 {
				wrong(a, "rejections are out of order: %v", a.Rejections)
			}
			status = c.Status
		}
		if sum != a.Attempts {
			wrong(a, "%d attempts, but %d rejections by status", a.Attempts, sum)
		}
		for _, m := range []detect.Members{a.Clients, a.Extensions, a.Registrars} {
			if len(m.Top) > m.Count || a.Attempts > 0 && len(m.Top) == 0 && a.Kind != detect.DistributedScan {
				wrong(a, "%d members, %d at the top", m.Count, len(m.Top))
			}
		}
		ended := a.State == detect.End || a.State == detect.Merged || a.State == detect.Withdrawn
		if a.Attempts > 0 && a.First > a.Last || ended != (a.EndReason != detect.NotEnded) || (a.State == detect.Merged) != (a.MergedInto != "") {
			wrong(a, "first %d, last %d, end %q, merged into %q", a.First, a.Last, a.EndReason, a.MergedInto)
		}
		last[a.ID] = *a
	}
	for _, a := range last {
		if a.EndReason == detect.NotEnded {
			wrong(&a, "the incident never ended")
		}
	}
	return b.String()
}

// ---- More properties

// Alerts are the same however often they are fetched.
func TestAlertsDoNotDependOnWhenTheyAreFetched(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(2000 + seed)
			d, err := detect.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			tr := newTraffic(seed)
			var piecewise []detect.Alert
			often := 1 + tr.IntN(1000)
			play(d, records, func(int) {
				if tr.chance(often) {
					piecewise = append(piecewise, d.Alerts()...)
				}
			})
			piecewise = append(piecewise, d.Alerts()...)
			sameAlerts(t, detected(cfg, records), piecewise)
		})
	}
}

// With report = "end" there is one alert an incident: its last, and none of those that were merged.
func TestReportEndTellsTheSameIncidents(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			cfg, records := mix(5000 + seed)
			var want []detect.Alert
			for _, a := range detected(cfg, records) {
				if a.State == detect.End {
					a.Sequence, a.Campaign.Severity = 1, 0 // nothing was reported before
					want = append(want, a)
				}
			}
			cfg.ReportEnd = true
			got := detected(cfg, records)
			for i := range got {
				got[i].Campaign.Severity = 0
			}
			sameAlerts(t, want, got)
		})
	}
}

func sameAlerts(t *testing.T, want, got []detect.Alert) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("there is nothing to compare")
	}
	for i := range min(len(want), len(got)) {
		if w, g := fmt.Sprintf("%+v", want[i]), fmt.Sprintf("%+v", got[i]); w != g {
			t.Fatalf("alert %d\n want %s\n got  %s", i, w, g)
		}
	}
	if len(want) != len(got) {
		t.Fatalf("want %d alerts, got %d", len(want), len(got))
	}
}
