package detect

// echo tells whether a registrar's messages are seen twice, by two probes that nobody has named: then most acceptances come twice
// within two seconds, and a login takes twice as many challenges.
type echo struct{ acceptances, repeats uint16 }

const (
	echoWindow = 2000 // milliseconds
	echoLeast  = 5    // acceptances that tell something
	echoMost   = 1000 // acceptances after which earlier ones count half
)

// note counts an acceptance; it is a repeat if the pair was accepted some milliseconds before, or after.
func (e *echo) note(isRepeat bool) {
	if isRepeat {
		e.repeats++
		return
	}
	if e.acceptances++; e.acceptances >= echoMost {
		e.acceptances /= 2
		e.repeats /= 2
	}
}

// factor returns how often each message is seen.
func (e *echo) factor() int {
	if e.acceptances >= echoLeast && 2*e.repeats > e.acceptances {
		return 2
	}
	return 1
}
