package detect

// reconnect makes all that follows from the records: counts, lists and indices. It fails where they contradict.
func (d *Detector) reconnect(in *decoder) {
	if in.err != nil {
		return
	}
	if len(d.registrars) == 0 || len(d.incidents) == 0 || d.incidents[0] != nil {
		in.fail("no place 0")
		return
	}
	d.reconnectPairs(in)
	if in.err != nil {
		return
	}
	d.reconnectList(in, func(p *pair) *links { return &p.inClient },
		func(p *pair) *uint32 { return &d.clients.at(p.client).pairs })
	d.reconnectList(in, func(p *pair) *links { return &p.inExtension },
		func(p *pair) *uint32 { return &d.extensions.at(p.extension).pairs })
	for mi := uint32(1); mi <= d.members.top && in.err == nil; mi++ {
		if m := d.members.at(mi); m.pair != 0 {
			d.reconnectMember(in, mi, m)
		}
	}
	for _, inc := range d.incidents {
		if inc != nil && in.err == nil {
			d.reconnectIncident(in, inc)
		}
	}
	d.reconnectGroups(in)
}

func (d *Detector) reconnectPairs(in *decoder) {
	for pi := uint32(1); pi <= d.pairs.top; pi++ {
		p := d.pairs.at(pi)
		if p.client == 0 {
			continue
		}
		if p.client > d.clients.top || p.extension > d.extensions.top || p.extension == 0 ||
			d.clients.at(p.client).registrar == 0 || d.clients.at(p.client).registrar != d.extensions.at(p.extension).registrar {
			in.fail("pair %d has no client, or no extension", pi)
			return
		}
		c, x := d.clients.at(p.client), d.extensions.at(p.extension)
		if p.has(isSuspicious) {
			c.suspicious++
			x.suspicious++
		}
		if p.member == 0 {
			d.outside++
		} else if d.inside++; p.member > d.members.top || d.members.at(p.member).pair != pi {
			in.fail("pair %d is no member", pi)
			return
		}
	}
}

// reconnectList makes a list of pairs whole that has only its links forward: each pair has one before it, but for one pair a
// group, which is its head.
func (d *Detector) reconnectList(in *decoder, of func(*pair) *links, head func(*pair) *uint32) {
	pairs := 0
	for pi := uint32(1); pi <= d.pairs.top; pi++ {
		p := d.pairs.at(pi)
		if p.client == 0 {
			continue
		}
		pairs++
		next := of(p).next
		if next == 0 {
			continue
		}
		if next > d.pairs.top || d.pairs.at(next).client == 0 || head(p) != head(d.pairs.at(next)) || of(d.pairs.at(next)).prev != 0 {
			in.fail("pair %d has no next one", pi)
			return
		}
		of(d.pairs.at(next)).prev = pi
	}
	for pi := uint32(1); pi <= d.pairs.top; pi++ {
		p := d.pairs.at(pi)
		if p.client == 0 || of(p).prev != 0 {
			continue
		}
		if *head(p) != 0 {
			in.fail("pair %d begins a second list", pi)
			return
		}
		*head(p) = pi
		for i := pi; i != 0; i = of(d.pairs.at(i)).next {
			pairs--
		}
	}
	if pairs != 0 {
		in.fail("%d pairs in no list", pairs)
	}
}

func (d *Detector) reconnectMember(in *decoder, mi uint32, m *member) {
	inc := d.incidentAt(m.incident)
	if inc == nil || m.pair > d.pairs.top || d.pairs.at(m.pair).member != mi {
		in.fail("member %d has no pair, or no incident", mi)
		return
	}
	p := d.pairs.at(m.pair)
	if inc.client != 0 && inc.client != p.client || inc.extension != 0 && inc.extension != p.extension ||
		d.clients.at(p.client).registrar != inc.registrar {
		in.fail("member %d is none of its incident", mi)
		return
	}
	m.next, inc.members = inc.members, mi
	inc.size++
}

func (d *Detector) reconnectIncident(in *decoder, inc *incident) {
	known := inc.kind != 0 && inc.size > 0 && len(d.cfg.FailureCodes) > 0
	switch inc.kind {
	case Scan, Spray:
		known = known && inc.client != 0 && inc.extension == 0 && d.scans[inc.client] == nil
		if known {
			d.scans[inc.client] = inc
			d.clients.at(inc.client).flags |= underAttack
		}
	case Distributed:
		known = known && inc.client == 0 && inc.extension != 0 && d.distributed[inc.extension] == nil
		if known {
			d.distributed[inc.extension] = inc
			d.extensions.at(inc.extension).flags |= underAttack
		}
	default:
		known = known && inc.client != 0 && inc.extension != 0 && inc.size == 1
	}
	if !known {
		in.fail("incident %d contradicts itself", inc.number)
	}
}

// reconnectGroups indexes clients and extensions, and looks that the candidates are the ones that are marked.
func (d *Detector) reconnectGroups(in *decoder) {
	marked := [3]int{}
	for ci := uint32(1); ci <= d.clients.top && in.err == nil; ci++ {
		if c := d.clients.at(ci); c.registrar != 0 {
			r := &d.registrars[c.registrar]
			r.users++
			hash := hashClient(&r.address, &c.address)
			d.clientIndex.insert(hash, ci)
			d.indexPairs(c, hash)
			if c.pairs == 0 {
				in.fail("client %d has no pairs", ci)
			}
			if _, ok := d.scanCandidates[ci]; ok && c.flags&waiting != 0 {
				marked[0]++
			}
		}
	}
	for xi := uint32(1); xi <= d.extensions.top && in.err == nil; xi++ {
		if x := d.extensions.at(xi); x.registrar != 0 {
			r := &d.registrars[x.registrar]
			r.users++
			var buf [maxName]byte
			d.extensionIndex.insert(hashExtension(&r.address, d.nameOf(x, &buf)), xi)
			if x.pairs == 0 {
				in.fail("extension %d has no pairs", xi)
			}
			if _, ok := d.distributedCandidates[xi]; ok && x.flags&waiting != 0 {
				marked[1]++
			}
		}
	}
	for pi := range d.bruteForceCandidates {
		if pi <= d.pairs.top && pi != 0 && d.pairs.at(pi).client != 0 && d.pairs.at(pi).has(isCandidate) {
			marked[2]++
		}
	}
	if marked != [3]int{len(d.scanCandidates), len(d.distributedCandidates), len(d.bruteForceCandidates)} {
		in.fail("candidates that are not there")
	}
	for n := range d.registrars {
		if d.registrars[n].users == 0 && d.registrarByAddress[d.registrars[n].address] == uint32(n) && n > 0 {
			in.fail("registrar %d has no clients", n)
		}
	}
}
