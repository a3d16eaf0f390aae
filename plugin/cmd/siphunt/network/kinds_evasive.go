package network

import (
	"slices"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// evasions turn the rules against themselves.
var evasions = []kind{
	{"an own registrar vouches", func(a *attack) {
		r := a.server()
		own := &registrar{addr: a.plan.attacker(false), domain: r.domain, weight: 0}
		bots, account := a.bots(r, 20), a.owner(r)
		for _, bot := range bots {
			a.do(use, bot, own, account)
			a.wait(10 * second)
		}
		a.now = 10 * minute
		for range 40 {
			for _, bot := range bots[:3] {
				a.do(guess, bot, r, account)
				a.wait(3 * second)
			}
		}
		a.in(enter, bots[1], r, account)
	}},
	{"an account of its own, then guesses on others", func(a *attack) { a.member(1) }},
	{"ten accounts of its own, then guesses on others", func(a *attack) { a.member(10) }},
	{"at a phone's pace, owner elsewhere, with success", func(a *attack) {
		r := a.server()
		host, account := a.host(r), a.owner(r)
		pause := a.plan.Between(30*second, 90*second)
		for range a.some(20, 40) {
			a.do(guess, host, r, account)
			a.wait(pause)
		}
		a.in(enter, host, r, account)
	}},
	{"9 extensions of 18 rejections", func(a *attack) {
		r := a.server()
		host, accounts := a.host(r), a.accounts(r, 9)
		for i := range 9 * 18 {
			a.do(crack, host, r, accounts[i%9])
			a.wait(5 * second)
		}
	}},
	{"19 rejections, and again after a pause", func(a *attack) { a.under(19, 8) }},
	{"7 challenges, and again after a pause", func(a *attack) { a.under(7, 18) }},
	{"a flood of made-up clients beside a success", func(a *attack) {
		r := a.server()
		host, account := a.host(r), a.owner(r)
		for i, bot := range a.bots(r, 300) {
			for range 3 {
				a.miss(ask, bot, r, a.fresh(r, i))
				a.wait(300 * ms)
			}
		}
		a.now = minute
		a.brute(host, r, account, 150, second, true)
	}},
	{"known clients made to fail beside a success", func(a *attack) {
		r := a.server()
		for range 60 {
			ph := a.victim(r, a.plan.address(), 10*minute)
			bot := a.behind(ph.client)
			a.now = a.plan.Int64N(minute)
			for range 6 {
				a.do(forge, bot, r, ph.extension)
				a.wait(minute)
			}
		}
		host, account := a.host(r), a.owner(r)
		a.now = 2 * minute
		a.brute(host, r, account, 150, second, true)
	}},
	{"acceptances made late, then a scan by challenges", func(a *attack) {
		r := a.server(unknownIs(401))
		a.late = a.plan.Between(5*minute, 15*minute)
		for range 8 {
			for _, bot := range a.bots(r, 5) {
				a.do(use, bot, r, r.target())
				a.wait(20 * second)
			}
		}
		a.ask(a.host(r), r, a.some(30, 100), 10*second)
	}},
	{"a tool with the name of a phone", func(a *attack) {
		r := a.server()
		a.agent = traffic.PhoneAgents[0]
		a.ask(a.host(r), r, a.some(60, 200), second)
	}},
	{"a botnet that names good phones' addresses", func(a *attack) {
		r := a.server()
		hosts, account := a.bots(r, 10), a.owner(r)
		for range 10 {
			ph := a.victim(r, a.plan.address(), 10*minute)
			hosts = append(hosts, a.behind(ph.client))
		}
		for i := range 400 {
			what := guess
			if i%len(hosts) >= 10 {
				what = forge
			}
			a.do(what, hosts[i%len(hosts)], r, account)
			a.wait(2 * second)
		}
	}},
	{"beside a migration, with success", func(a *attack) {
		r := a.plan.migrations[a.instance%len(a.plan.migrations)]
		a.start = a.plan.truth.Outages[r.addr].From + a.plan.Between(5*minute, 40*minute)
		a.brute(a.host(r), r, r.target(), a.some(60, 300), second, true)
	}},
}

// member has accounts and uses them for an hour; then it guesses others.
func (a *attack) member(own int) {
	r := a.server()
	host := a.host(r)
	for range own {
		account := r.target()
		for i := range 6 {
			a.now = int64(i)*10*minute + a.plan.Int64N(minute)
			a.do(use, host, r, account)
		}
	}
	a.now = hour
	accounts := a.accounts(r, 30)
	for range 3 {
		for _, e := range accounts {
			a.do(guess, host, r, e)
			a.wait(2 * second)
		}
	}
	for _, e := range slices.Clip(accounts[7:9]) {
		a.in(enter, host, r, e)
		a.wait(2 * second)
	}
}

// under stays below a threshold, pauses until it is forgotten, and goes on.
func (a *attack) under(n, times int) {
	r := a.server()
	host, account := a.host(r), a.owner(r)
	for range a.room(times, 40*minute) {
		for range n {
			a.do(ask, host, r, account)
			a.wait(4 * second)
		}
		a.wait(40 * minute)
	}
}
