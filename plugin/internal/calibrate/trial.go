package calibrate

import (
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// trial is a detector with a configuration that is tried, and what it tells of.
type trial struct {
	detector  *detect.Detector
	open      map[string]float64 // seconds from the first attempt to the first alert, by incident
	incidents []incident         // that are over, and break-ins, the first maxIncidents of them
	entered   map[claim]bool     // break-ins that are among them
	outcome   Outcome
	delays    histogram // of attacks, seconds
}

// incident is one that is over.
type incident struct {
	Attack
	last  int64
	cause string
	stored,
	sought []claim // what others are found by that tell of the same
}

// maxIncidents is how many incidents of a trial are compared with those of another one.
const maxIncidents = 50_000

func newTrial(cfg detect.Config) (*trial, error) {
	d, err := detect.New(cfg)
	return &trial{detector: d, open: map[string]float64{}, entered: map[claim]bool{}, outcome: Outcome{
		Kinds: map[string]int{}, Severities: map[string]int{}, Causes: map[string]int{},
	}}, err
}

// take looks at what the detector tells.
func (t *trial) take() {
	for _, a := range t.detector.Alerts() {
		t.alert(&a)
	}
	t.outcome.Pairs = max(t.outcome.Pairs, t.detector.Stats().Pairs)
}

func (t *trial) alert(a *detect.Alert) {
	o := &t.outcome
	o.Alerts++
	if _, known := t.open[a.ID]; !known {
		t.open[a.ID] = float64(a.Time-a.First) / 1000
	}
	t.noteBreakIns(a)
	delay := t.open[a.ID]
	switch a.State {
	case detect.Merged:
		delete(t.open, a.ID)
	case detect.End, detect.Withdrawn:
		delete(t.open, a.ID)
		cause := Cause(a)
		o.Incidents++
		o.Kinds[a.Kind.String()]++
		o.Severities[strconv.Itoa(a.Severity)]++
		o.Causes[cause]++
		if cause == "attack" {
			t.delays.add(int64(delay + 0.5))
		}
		if a.Confidence >= detect.Probable {
			o.BreakIns += a.SuccessesN
		}
		t.keep(newIncident(a, cause))
	}
}

func (t *trial) keep(x incident) {
	if len(t.incidents) < maxIncidents {
		t.incidents = append(t.incidents, x)
	}
}

// noteBreakIns keeps the accounts that were entered, so that they are compared, too.
func (t *trial) noteBreakIns(a *detect.Alert) {
	for i := range a.Successes {
		s := &a.Successes[i]
		c := claim{of: anEntry, registrar: s.Registrar, client: s.Client, extension: hashText(s.Extension)}
		if s.Confidence < detect.Probable || t.entered[c] || len(t.entered) >= maxIncidents {
			continue
		}
		t.entered[c] = true
		t.keep(incident{
			Attack: Attack{Kind: "break-in", Registrar: s.Registrar, Client: s.Client, Extension: s.Extension,
				First: time.UnixMilli(s.Time).UTC(), Attempts: s.Attempts, Severity: detect.SeverityHigh},
			last: s.Time, cause: "attack", stored: []claim{c}, sought: []claim{c},
		})
	}
}

// conclude completes the outcome when all records were seen.
func (t *trial) conclude() {
	t.detector.Finish()
	t.take()
	t.outcome.AlertMedian, t.outcome.AlertMax = float64(t.delays.exceededBy(2)), float64(t.delays.max())
	t.outcome.MemoryMiB = mebibytes(t.outcome.Pairs)
}

// claim is something that incidents have in common that tell of the same attack.
type claim struct {
	of                claimOf
	registrar, client netip.Addr
	extension         uint64 // hash
}

type claimOf uint8

const (
	aClient      claimOf = iota // at a registrar
	anExtension                 // of a registrar
	aHost                       // a client at many registrars
	aHostAtOne                  // a client at one registrar
	aRegistrar                  // that many attack together
	anyRegistrar                // that is attacked
	anEntry                     // of a client into an account
)

// maxClaims is how many clients of an incident others are found by.
const maxClaims = 3

func newIncident(a *detect.Alert, cause string) incident {
	x := incident{
		Attack: Attack{Kind: a.Kind.String(), Registrar: a.Registrar.Addr, Client: a.Client.Addr, Extension: a.Extension,
			First: time.UnixMilli(a.First).UTC(), Attempts: a.Attempts, Severity: a.Severity},
		last: a.Last, cause: cause,
	}
	both := func(of claimOf, c claim) {
		c.of = of
		x.stored, x.sought = append(x.stored, c), append(x.sought, c)
	}
	registrar := a.Registrar.Addr
	for _, m := range a.Clients.Top[:min(len(a.Clients.Top), maxClaims)] {
		if a.Kind == detect.HorizontalScan {
			both(aHost, claim{client: m.Client})
			x.sought = append(x.sought, claim{of: aHostAtOne, client: m.Client})
			continue
		}
		both(aClient, claim{registrar: registrar, client: m.Client})
		x.stored = append(x.stored, claim{of: aHostAtOne, client: m.Client})
		x.sought = append(x.sought, claim{of: aHost, client: m.Client})
	}
	if a.Kind == detect.Distributed || a.Kind == detect.BruteForce {
		both(anExtension, claim{registrar: registrar, extension: hashText(a.Extension)})
	}
	x.stored = append(x.stored, claim{of: anyRegistrar, registrar: registrar})
	x.sought = append(x.sought, claim{of: aRegistrar, registrar: registrar})
	if a.Kind == detect.DistributedScan || a.Kind == detect.Outage {
		both(aRegistrar, claim{registrar: registrar})
		x.sought = append(x.sought, claim{of: anyRegistrar, registrar: registrar})
	}
	return x
}

// missing returns the incidents of a trial that another one tells nothing of, within idle milliseconds.
func (t *trial) missing(other *trial, idle int64) (all []*incident) {
	index := other.index()
	for i := range t.incidents {
		x := &t.incidents[i]
		if !x.isToldIn(index, idle) {
			all = append(all, x)
		}
	}
	return all
}

// index finds the incidents of a trial.
func (t *trial) index() map[claim][]*incident {
	index := map[claim][]*incident{}
	for i := range t.incidents {
		x := &t.incidents[i]
		for _, c := range x.stored {
			index[c] = append(index[c], x)
		}
	}
	return index
}

// isToldIn tells whether one of those that an index finds tells of the same attack.
func (x *incident) isToldIn(index map[claim][]*incident, idle int64) bool {
	for _, c := range x.sought {
		for _, y := range index[c] {
			if y.First.UnixMilli() <= x.last+idle && x.First.UnixMilli() <= y.last+idle {
				return true
			}
		}
	}
	return false
}

// panel is several trials over the same records. They are judged at the same time.
type panel []*trial

// feed gives the next records to each of the trials; records must be safe to be called at the same time for several detectors.
func (p panel) feed(records func(*detect.Detector)) {
	p.each(func(t *trial) {
		records(t.detector)
		t.take()
	})
}

func (p panel) each(do func(*trial)) {
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(len(p), runtime.GOMAXPROCS(0)) {
		running.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(p); i = next.Add(1) - 1 {
				do(p[i])
			}
		})
	}
	running.Wait()
}
