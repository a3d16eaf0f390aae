package detect

// Observe takes one answer, or the evidence of one request.
func (d *Detector) Observe(f *Flow) {
	var s subject
	var buf [maxName]byte
	if d.classOf(f).kind != irrelevant {
		s.name = shortName(f.Extension, &buf)
		d.identify(&s, f)
	}
	d.observe(f, &s)
}

// ObserveAll takes flows in order, as Observe takes one. It is faster: most of what a flow takes is waiting for memory, and
// here several of them wait together.
func (d *Detector) ObserveAll(flows []Flow) {
	for len(flows) > 1 {
		n := min(len(flows), together)
		d.observeTogether(flows[:n])
		flows = flows[n:]
	}
	for i := range flows {
		d.Observe(&flows[i])
	}
}

// together is how many flows wait together.
const together = 8

func (d *Detector) observeTogether(flows []Flow) {
	var subjects [together]subject
	var names [together][maxName]byte
	for i := range flows {
		if f := &flows[i]; d.classOf(f).kind != irrelevant {
			subjects[i].name = shortName(f.Extension, &names[i])
			d.identify(&subjects[i], f)
		}
	}
	d.load(subjects[:len(flows)])
	for i := range flows {
		d.observe(&flows[i], &subjects[i])
	}
}

// load reads what the searches for subjects will need, so that it is at hand when their turn comes. It reads in rounds:
// a processor waits at the same time for loads that do not depend on each other. All that is taken from it is a guess, as the
// flows before may change what it reads.
func (d *directory) load(subjects []subject) {
	sum := uint32(0)
	for i := range subjects {
		sum += d.clientIndex.Load(subjects[i].clientHash)
	}
	for i := range subjects {
		s := &subjects[i]
		clients := d.clientIndex.Probe(s.clientHash)
		if s.client = clients.Next(); s.client != 0 {
			sum += d.clients.At(s.client).pairs
		} else {
			sum += d.extensionIndex.Load(s.extensionHash)
		}
	}
	var first [together]*pair
	for i := range subjects {
		s := &subjects[i]
		if s.client == 0 {
			continue
		}
		if c := d.clients.At(s.client); c.flags&isIndexed == 0 {
			first[i] = d.pairs.At(c.pairs)
			sum += first[i].extension
		} else {
			sum += d.pairIndex.Load(hashPair(s.clientHash, s.extensionHash)) + d.extensionIndex.Load(s.extensionHash)
		}
	}
	for i := range subjects {
		if first[i] != nil {
			sum += d.extensions.At(first[i].extension).name
		}
	}
	d.loaded = sum
}

// observe takes a flow; s is its subject if it is an answer that counts.
func (d *Detector) observe(f *Flow, s *subject) {
	if !d.moveClock(f.Time, 1) {
		return
	}
	if f.Status == 0 {
		d.observeRequest(f)
		return
	}
	class := d.classOf(f)
	if class.kind == irrelevant || d.isDuplicate(f) {
		return
	}
	if d.rules.allowed(f, s.name, d.now) {
		d.stats.Allowed++
		return
	}
	d.find(s)
	if class.kind == acceptance {
		d.stats.Acceptances++
		d.accept(s)
		return
	}
	d.stats.Rejections++
	d.reject(s, class.code)
}

func (d *settings) classOf(f *Flow) statusClass {
	return d.statuses[min(int(f.Status), len(d.statuses)-1)]
}
