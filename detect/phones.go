package detect

// A phone with a wrong password tries again every 20 to 120 seconds, with two rejections each time, or twice as many where two
// probes see them. Several phones behind one address do so at the same time, each at its own pace: who tries a list tries few
// times on each account, or one after the other.
const (
	phonePace     = 18    // rejections a minute, on average
	phonePeak     = 24    // in any minute
	knownPeak     = 60    // in any minute, of a phone that is known: once a second
	phoneBurst    = 6     // at once: three tries
	phoneAttempts = 250   // of an account that registers from elsewhere: by then somebody has put the password right
	deadAttempts  = 2_000 // of an account that nobody registers: a phone that was forgotten
	fewPhones     = 3     // that are set up wrong behind one address, whatever their pace is each
	maxPhones     = 256   // that are looked at one by one
)

// isPhoneLike tells whether a brute force, or a scan, is no faster and no longer than phones with wrong passwords. A phone that
// is known may try for ever; where there is no such account, no password is guessed.
func (d *evidence) isPhoneLike(inc *incident) bool {
	if inc.isOfKnown() {
		return inc.pace.peak <= knownPeak && d.clients.At(inc.client).flags&isTool == 0
	}
	phones := uint64(d.phonesOf(inc))
	if phones == 0 || uint64(inc.pace.peak) > phonePeak*phones {
		return false
	}
	limit := uint64(deadAttempts)
	if inc.kind == BruteForce && d.isOwnedElsewhere(d.pairs.At(d.members.At(inc.members).pair)) {
		limit = phoneAttempts
	}
	return inc.attempts < limit*phones || inc.attempts == d.notFound(inc)
}

// phonesOf returns how many phones with wrong passwords an incident may be, at their pace on average; 0 if it is none.
func (d *evidence) phonesOf(inc *incident) int {
	switch {
	case inc.kind == Distributed:
		return d.roamer(inc)
	case inc.kind != DistributedScan && inc.kind != HorizontalScan && (inc.client == 0 || inc.by == byNetwork || d.clients.At(inc.client).flags&isTool != 0):
		return 0
	case inc.attempts*60_000 > phonePace*uint64(inc.size)*uint64(inc.last-inc.first):
		return 0
	case inc.kind == BruteForce, inc.few && inc.size <= fewPhones:
		return inc.size
	}
	if inc.size > maxPhones {
		return 0
	}
	for _, m := range d.membersOf(inc) {
		if !d.isPatient(inc, d.pairs.At(m.pair)) {
			return 0
		}
	}
	return inc.size
}

// isPatient tells whether a pair of many is tried by no tool, as often on average as a phone tries, and no faster.
func (d *evidence) isPatient(inc *incident, p *pair) bool {
	c := d.clients.At(p.client)
	enough := uint64(phoneBurst * d.registrars[c.registrar].echo.factor() * inc.size)
	beyond := int64(p.count() - phoneBurst)
	return inc.attempts >= enough && c.flags&isTool == 0 && (beyond <= 0 || 60_000*beyond <= phonePace*(d.full(p.last)-d.full(p.first)))
}

// roamer returns 1 if a distributed brute force may be one phone with an old password whose address changes, as behind a carrier's NAT: its extension
// is known good from as many clients as make an attack, and the pace is that of one phone; else 0.
func (d *evidence) roamer(inc *incident) int {
	known := int(d.extensions.At(inc.extension).good)
	if known < d.registrars[inc.registrar].thresholds.DistributedClients || inc.attempts*60_000 > phonePace*uint64(inc.last-inc.first) {
		return 0
	}
	return 1
}

// phoneConfidence is that of a phone whose password seems to have been put right. Of many phones most are, in the end.
func (d *evidence) phoneConfidence(inc *incident, p *pair) Confidence {
	patience := phoneAttempts * uint64(inc.size*d.serverOf(p).echo.factor())
	if d.isOwnedElsewhere(p) || inc.attempts >= patience || inc.size > fewPhones && 2*d.acceptedMembers(inc) <= inc.size {
		return Probable
	}
	return Unlikely
}

func (d *evidence) acceptedMembers(inc *incident) (n int) {
	for _, m := range d.membersOf(inc) {
		if m.accepted || d.pairs.At(m.pair).has(runClosed) {
			n++
		}
	}
	return n
}

// notFound returns how many rejections of an incident said that there is no such account.
func (d *settings) notFound(inc *incident) (n uint64) {
	for code, count := range inc.codes {
		if (d.hardCodes&^d.refusedCodes)&(1<<code) != 0 {
			n += count
		}
	}
	return n
}
