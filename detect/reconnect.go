package detect

// reconnect makes all that follows from the records: counts, lists and indices. It fails where they contradict.
func (d snapshot) reconnect(in *decoder) {
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
		func(p *pair) *uint32 { return &d.clients.At(p.client).pairs })
	d.reconnectList(in, func(p *pair) *links { return &p.inExtension },
		func(p *pair) *uint32 { return &d.extensions.At(p.extension).pairs })
	for mi := uint32(1); mi <= d.members.Top && in.err == nil; mi++ {
		if m := d.members.At(mi); m.pair != 0 {
			d.reconnectMember(in, mi, m)
		}
	}
	d.reconnectGroups(in)
	for _, inc := range d.incidents {
		if inc != nil && in.err == nil {
			d.reconnectIncident(in, inc)
		}
	}
}

func (d snapshot) reconnectPairs(in *decoder) {
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 {
			continue
		}
		if p.client > d.clients.Top || p.extension > d.extensions.Top || p.extension == 0 ||
			d.clients.At(p.client).registrar == 0 || d.clients.At(p.client).registrar != d.extensions.At(p.extension).registrar {
			in.fail("pair %d has no client, or no extension", pi)
			return
		}
		if p.member == 0 {
			d.outside++
		} else if d.inside++; p.member > d.members.Top || d.members.At(p.member).pair != pi {
			in.fail("pair %d is no member", pi)
			return
		}
	}
}

// reconnectList makes a list of pairs whole that has only its links forward: each pair has one before it, but for one pair a
// group, which is its head.
func (d snapshot) reconnectList(in *decoder, of func(*pair) *links, head func(*pair) *uint32) {
	pairs := 0
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 {
			continue
		}
		pairs++
		next := of(p).next
		if next == 0 {
			continue
		}
		if next > d.pairs.Top || d.pairs.At(next).client == 0 || head(p) != head(d.pairs.At(next)) || of(d.pairs.At(next)).prev != 0 {
			in.fail("pair %d has no next one", pi)
			return
		}
		of(d.pairs.At(next)).prev = pi
	}
	for pi := uint32(1); pi <= d.pairs.Top; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 || of(p).prev != 0 {
			continue
		}
		if *head(p) != 0 {
			in.fail("pair %d begins a second list", pi)
			return
		}
		*head(p) = pi
		for i := pi; i != 0; i = of(d.pairs.At(i)).next {
			pairs--
		}
	}
	if pairs != 0 {
		in.fail("%d pairs in no list", pairs)
	}
}

func (d snapshot) reconnectMember(in *decoder, mi uint32, m *member) {
	inc := d.incidentAt(m.incident)
	if inc == nil || m.pair > d.pairs.Top || d.pairs.At(m.pair).member != mi {
		in.fail("member %d has no pair, or no incident", mi)
		return
	}
	p := d.pairs.At(m.pair)
	if inc.by != byNetwork && inc.client != 0 && inc.client != p.client || inc.extension != 0 && inc.extension != p.extension ||
		inc.by != byHost && d.clients.At(p.client).registrar != inc.registrar {
		in.fail("member %d is none of its incident", mi)
		return
	}
	m.next, inc.members = inc.members, mi
	inc.size++
	if m.guessed {
		inc.guessed++
	}
}

// reconnectIncident makes an incident the one of what its pairs have in common.
func (d snapshot) reconnectIncident(in *decoder, inc *incident) {
	ok := inc.kind != 0 && (inc.size > 0 || inc.kind == DistributedScan && inc.strangers != nil) && len(d.cfg.FailureCodes) > 0
	if ok {
		switch inc.by {
		case byPair:
			ok = inc.client != 0 && inc.extension != 0 && inc.size == 1
		case byClient, byNetwork:
			ok = inc.client != 0 && inc.client <= d.clients.Top && d.clients.At(inc.client).pairs != 0
		case byExtension:
			ok = inc.extension != 0 && inc.extension <= d.extensions.Top && d.extensions.At(inc.extension).pairs != 0
		case byHost:
			first := d.pairs.At(d.members.At(inc.members).pair)
			inc.host, _ = d.ownHost(&d.clients.At(first.client).address)
		}
	}
	if !ok {
		in.fail("incident %d contradicts itself", inc.number)
		return
	}
	d.own(inc, inc.number)
	if inc.kind == DistributedScan {
		d.attacked = append(d.attacked, inc)
	}
}

// reconnectGroups indexes clients and extensions, and counts what is suspicious, dormant and known good.
func (d snapshot) reconnectGroups(in *decoder) {
	for ci := uint32(1); ci <= d.clients.Top && in.err == nil; ci++ {
		if c := d.clients.At(ci); c.registrar != 0 {
			r := &d.registrars[c.registrar]
			r.users++
			hash := hashClient(&r.address, &c.address)
			d.clientIndex.Insert(hash, ci)
			d.indexPairs(c, hash)
			if c.pairs == 0 {
				in.fail("client %d has no pairs", ci)
			}
		}
	}
	for xi := uint32(1); xi <= d.extensions.Top && in.err == nil; xi++ {
		if x := d.extensions.At(xi); x.registrar != 0 {
			r := &d.registrars[x.registrar]
			r.users++
			var buf [maxName]byte
			d.extensionIndex.Insert(hashExtension(&r.address, d.nameOf(x, &buf)), xi)
			if x.pairs == 0 {
				in.fail("extension %d has no pairs", xi)
			}
		}
	}
	for pi := uint32(1); pi <= d.pairs.Top && in.err == nil; pi++ {
		p := d.pairs.At(pi)
		if p.client == 0 {
			continue
		}
		was := p.flags
		p.flags &^= underSuspicion | good | isVouching
		if was&good != 0 {
			d.countGood(p, true)
			if was&isVouching != 0 {
				d.vouch(pi, p)
			}
		}
		d.regroup(pi, p, was&underSuspicion)
	}
	for n := range d.registrars {
		r := &d.registrars[n]
		if n > 0 && r.users == 0 && d.registrarByAddress[r.address] == uint32(n) {
			in.fail("registrar %d has no clients", n)
		}
		for _, pi := range r.failing {
			if pi == 0 || pi > d.pairs.Top {
				in.fail("registrar %d has no pair %d", n, pi)
			}
		}
		for _, sister := range r.sisters {
			if int(sister) >= len(d.registrars) || d.registrars[sister].users == 0 {
				in.fail("registrar %d has no sister %d", n, sister)
				return
			}
			d.registrars[sister].trustedBy = append(d.registrars[sister].trustedBy, uint32(n))
		}
	}
}
