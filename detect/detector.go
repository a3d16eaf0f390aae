package detect

// Detector counts and judges. It is not safe for concurrent use; its clock is the flows' and what Tick is told.
type Detector struct {
	alerts []Alert
}

// New makes a detector. It fails where cfg.Validate does.
func New(cfg Config) (*Detector, error) { return &Detector{}, nil }

// Advance moves the clock to that of n records in a row that are no SIP answers to be counted; t is the newest of
// their times, Unix milliseconds.
func (d *Detector) Advance(t int64, n int) {}

// Observe takes one answer, or the evidence of one request.
func (d *Detector) Observe(f *Flow) {}

// Tick tells a detector on a live link the wall clock, Unix milliseconds: before records, as the bound of their times,
// and at least once a second while there are none. A detector that is never told takes its clock from the flows alone.
func (d *Detector) Tick(wall int64) {}

// Finish ends the input of a replay: the clock runs on until all incidents have ended.
func (d *Detector) Finish() {}

// Alerts gives the reports since the last call, oldest first. The caller owns them.
func (d *Detector) Alerts() []Alert {
	a := d.alerts
	d.alerts = nil
	return a
}

// SetConfig puts new rules in force: thresholds, overrides, allowlist, times and bounds. Open incidents that the
// allowlist covers end; all else goes on. It fails, and changes nothing, where cfg.Validate does.
func (d *Detector) SetConfig(cfg Config) error { return nil }

// Stats gives the counters.
func (d *Detector) Stats() Stats { return Stats{} }

// Stats are the figures of a detector. Those that are no totals say so.
type Stats struct {
	Rejections   uint64 // counted or belated
	Acceptances  uint64
	Late         uint64 // dropped: older than the clock by more than idle_timeout
	TimeRejected uint64 // dropped: from the future
	Allowed      uint64 // answers that the allowlist covers
	Evicted      uint64 // pairs forgotten for max_pairs
	EndedEarly   uint64 // incidents ended for max_incidents
	Pairs        int    // now, outside incidents and inside
	Incidents    int    // open now
	Clock        int64  // now, Unix milliseconds, 0 before the first record
}
