package network

import "github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"

const (
	ms     = 1
	second = traffic.Second
	minute = traffic.Minute
	hour   = traffic.Hour
)

// scans ask which numbers are accounts.
var scans = []kind{
	{"svwar at 100/s (404)", func(a *attack) { a.svwar(a.server(unknownIs(404)), a.some(300, 2000), 10*ms) }},
	{"svwar at 20/s (401)", func(a *attack) { a.svwar(a.server(unknownIs(401)), a.some(100, 1000), 50*ms) }},
	{"svwar at 1/min", func(a *attack) { a.svwar(a.server(), a.some(40, 200), minute) }},
	{"svwar at 1 in 10 min", func(a *attack) { a.svwar(a.server(), a.room(a.some(90, 140), 10*minute), 10*minute) }},
}

// svwar asks for numbers in a row.
func (a *attack) svwar(r *registrar, n int, pause int64) {
	a.agent = traffic.Scanner
	host := a.host(r)
	a.ask(host, r, n, pause)
}

func (a *attack) ask(host int, r *registrar, n int, pause int64) {
	first := firstNumber - 10 + a.plan.IntN(50)
	for i := range n {
		a.probe(ask, host, r, first+i)
		a.wait(pause)
	}
}

// guesses are on one account by one client.
var guesses = []kind{
	{"svcrack at 80/s", func(a *attack) { a.svcrack(a.server(wrongIs(401)), a.some(400, 5000), 12*ms, false) }},
	{"svcrack at 80/s, with success", func(a *attack) { a.svcrack(a.server(wrongIs(401)), a.some(100, 5000), 12*ms, true) }},
	{"svcrack at 80/s with 403, with success", func(a *attack) { a.svcrack(a.server(wrongIs(403)), a.some(100, 3000), 12*ms, true) }},
	{"svcrack at 1/s with 403", func(a *attack) { a.svcrack(a.server(wrongIs(403)), a.some(100, 1500), second, false) }},
	{"svcrack at 1/s with 403, with success", func(a *attack) { a.svcrack(a.server(wrongIs(403)), a.some(60, 1500), second, true) }},
	{"a guess in 10 min", func(a *attack) { a.slowly(10 * minute) }},
	{"a guess in 29 min", func(a *attack) { a.slowly(29 * minute) }},
	{"a guess in 31 min", func(a *attack) { a.slowly(31 * minute) }},
	{"a guess in 60 min", func(a *attack) { a.slowly(60 * minute) }},
	{"9 guesses within a second, then in", func(a *attack) {
		r := a.server()
		host, account := a.host(r), a.owner(r)
		for range 9 {
			a.do(crack, host, r, account)
			a.now += 90 * ms
		}
		a.in(hit, host, r, account)
	}},
}

// svcrack tries one password after the other.
func (a *attack) svcrack(r *registrar, n int, pause int64, success bool) {
	a.agent = traffic.Scanner
	a.brute(a.host(r), r, a.owner(r), n, pause, success)
}

func (a *attack) brute(host int, r *registrar, account string, n int, pause int64, success bool) {
	for range n {
		a.do(crack, host, r, account)
		a.wait(pause)
	}
	if success {
		a.in(hit, host, r, account)
	}
}

// slowly guesses all day with the same pause; every attempt starts anew.
func (a *attack) slowly(pause int64) {
	r := a.server()
	host, account := a.host(r), a.owner(r)
	for range a.room(120, pause) {
		a.do(guess, host, r, account)
		a.wait(pause)
	}
}

// sweeps are of one client at many registrars.
var sweeps = []kind{
	{"1 extension on 200 servers", func(a *attack) { a.sweep(1, 1, 0) }},
	{"2 extensions on 200 servers", func(a *attack) { a.sweep(2, 1, 0) }},
	{"5 extensions on 200 servers", func(a *attack) { a.sweep(5, 1, 0) }},
	{"4 guesses on each of 200 servers", func(a *attack) { a.sweep(1, 4, 0) }},
	{"4 guesses on each of 200 servers, with success", func(a *attack) { a.sweep(1, 4, 3) }},
}

// sweep asks each server for the same numbers, or guesses there; at some of them it gets in.
func (a *attack) sweep(extensions, tries, successes int) {
	list := a.plan.general
	list = append(list[:len(list):len(list)], a.plan.migrations...)
	for _, pool := range a.plan.pools {
		list = append(list, pool[0])
	}
	host, number := a.host(list[0]), 300_000+10*len(a.plan.truth.Attacks)
	order := a.plan.Perm(len(list))
	for i, k := range order[:min(200, len(list))] {
		r := list[k]
		enters := i%(1+len(order)/(1+successes)) == 5 && successes > 0
		for e := range extensions {
			account := r.number(number + e)
			for range tries {
				switch {
				case enters:
					a.do(guess, host, r, account)
				case tries > 1:
					a.miss(guess, host, r, account)
				default:
					a.miss(ask, host, r, account)
				}
				a.wait(second / 2)
			}
			if enters {
				a.in(enter, host, r, account)
			}
		}
		a.wait(2 * second)
	}
}

// neighbours are attackers that share an address with good phones, or have accounts.
var neighbours = []kind{
	{"behind the victim's NAT, victim every 60 s", func(a *attack) { a.neighbour(minute, 2*second) }},
	{"behind the victim's NAT, victim every 600 s", func(a *attack) { a.neighbour(10*minute, 5*second) }},
	{"behind the victim's NAT, victim every hour", func(a *attack) { a.neighbour(hour, 20*second) }},
	{"a scanner with an account of its own", func(a *attack) {
		r := a.server()
		host, own := a.host(r), r.target()
		for range 6 {
			a.do(use, host, r, own)
			a.wait(10 * minute)
		}
		a.agent = traffic.Scanner
		a.ask(host, r, a.some(60, 300), second)
		a.do(use, host, r, own)
	}},
	{"200 extensions from a NAT of 100 good phones", func(a *attack) {
		r, client := a.server(), a.plan.address()
		for range 100 {
			a.plan.add(a.plan.phone(NAT, r, client))
		}
		a.settled = true
		host := a.behind(client)
		for i := range 200 {
			a.miss(ask, host, r, r.number(400_000+1000*len(a.plan.truth.Attacks)+i))
			a.wait(second)
		}
	}},
}

// neighbour guesses an account from the address of its owner.
func (a *attack) neighbour(interval, pause int64) {
	r, client := a.server(), a.plan.address()
	victim := a.victim(r, client, interval)
	for range a.some(2, 12) {
		a.plan.add(a.plan.phone(NAT, r, client))
	}
	a.brute(a.behind(client), r, victim.extension, a.some(200, 500), pause, false)
}

// returns are attackers that come again, or with more.
var returns = []kind{
	{"the same attacker again after 2, 4, 6 h", func(a *attack) {
		r := a.server()
		host, account := a.host(r), a.owner(r)
		for i := range 4 {
			a.now = int64(i) * 2 * hour
			a.brute(host, r, account, 100, second, false)
		}
	}},
	{"scan, then crack, then success", func(a *attack) {
		a.agent = traffic.Scanner
		r := a.server()
		host := a.host(r)
		a.ask(host, r, 200, 50*ms)
		a.wait(5 * minute)
		a.brute(host, r, a.owner(r), 200, 100*ms, false)
		a.wait(minute)
		a.brute(host, r, a.owner(r), 300, 100*ms, true)
	}},
	{"4 clients sharing a list", func(a *attack) {
		r := a.server()
		hosts := a.bots(r, 4)
		first := 400_000 + 1000*len(a.plan.truth.Attacks)
		for i := range a.some(100, 300) {
			a.miss(guess, hosts[i%4], r, r.number(first+i))
			a.wait(3 * second)
		}
	}},
}
