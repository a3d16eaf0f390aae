package detect

// MaxTime is the latest time that a record may have, Unix milliseconds: the end of the year 9999.
const MaxTime = 253402300799_999

const (
	maxJump      = 3600_000 // milliseconds: in a replay, a record further ahead of the clock than this needs company
	jumpCompany  = 10       // records in a row that agree that time has moved on
	maxWallPause = 60_000   // milliseconds: a wall clock that jumps further than this was set, or the machine slept
)

// clock says which times of records are believed. It keeps one bad clock among the exporters, or on this machine, from
// ending every incident.
type clock struct {
	newest   int64 // newest time of any accepted record
	accepted int   // accepted records
	future   int64 // time of the last record that was rejected
	streak   int   // records in a row that were rejected and agree on a time

	wall    int64 // last told, 0 in a replay
	arrived int64 // wall clock at which newest was accepted
}

// Advance moves the clock to that of n records in a row that are no answers to be counted; t is the newest of their
// times, Unix milliseconds.
func (d *Detector) Advance(t int64, n int) { d.moveClock(t, n) }

// moveClock judges the time of n records and moves the clock. It tells whether they are to be looked at.
func (d *Detector) moveClock(t int64, n int) bool {
	if d.isFuture(t, n) {
		d.stats.TimeRejected += uint64(n)
		return false
	}
	if d.accepted == 1 && t < d.newest-maxJump {
		d.reset()
	}
	if t < d.now-d.idleTimeout {
		d.stats.Late += uint64(n)
		return false
	}
	d.accepted += n
	if t > d.newest+d.wall-d.arrived || d.nextCheck == 0 { // a late one moves nothing; the first may be 0
		if d.nextCheck == 0 {
			d.graces.since, d.graces.hour = t, t/hour
		}
		d.newest, d.arrived = t, d.wall
		d.runTo(t)
	}
	return true
}

func (d *Detector) isFuture(t int64, n int) bool {
	if t < 0 || t > MaxTime {
		return true
	}
	if d.wall != 0 {
		return t > d.wall+d.cfg.MaxFuture.Milliseconds()
	}
	if d.accepted == 0 || t <= d.now+maxJump {
		d.streak = 0
		return false
	}
	if d.streak > 0 && max(t-d.future, d.future-t) > maxJump {
		d.streak = 0
	}
	d.future = t
	d.streak += n
	if d.streak < jumpCompany {
		return true
	}
	d.stats.TimeRejected += uint64(n - 1)
	d.streak = 0
	return false
}

// Tick tells a detector on a live link the wall clock, Unix milliseconds: before records, as the bound of their times,
// and at least once a second while there are none. A detector that is never told takes its clock from the flows alone.
func (d *Detector) Tick(wall int64) {
	if pause := wall - d.wall; pause < 0 || pause > maxWallPause {
		d.arrived += pause // as if no time had passed
	}
	d.wall = wall
	if d.accepted > 0 {
		d.runTo(d.newest + wall - d.arrived)
	}
}

// Due tells whether a Tick with this wall clock (0 for none) and then records up to a time, Unix milliseconds, bring a check,
// so that they may take longer than others do.
func (d *Detector) Due(wall, newest int64) bool {
	if wall != 0 && d.accepted > 0 {
		newest = max(newest, d.newest+wall-d.arrived)
	}
	return d.nextCheck != 0 && newest >= d.nextCheck
}

// Finish ends the input of a replay: the clock runs on until all incidents have ended.
func (d *Detector) Finish() {
	if d.nextCheck == 0 {
		return
	}
	d.runTo(d.nextCheck)
	for d.openIncidents > 0 || d.waiting.Waiting+d.hurried.Waiting > 0 {
		d.runTo(d.nextCheck)
	}
}

// runTo does the checks that are due up to t, and sets the clock to it.
func (d *Detector) runTo(t int64) {
	if t <= d.now && d.nextCheck != 0 {
		return
	}
	if d.nextCheck == 0 {
		d.now = t
		d.startTimers()
		return
	}
	for d.nextCheck <= t {
		d.now = d.nextCheck
		d.nextCheck += d.checkInterval
		d.check()
		if d.nextCheck <= t && d.outside == 0 && d.openIncidents == 0 { // nothing can happen before t
			d.now = t
			d.startTimers()
		}
	}
	d.now = t
}
