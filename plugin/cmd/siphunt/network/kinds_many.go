package network

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
)

// botnets are many clients.
var botnets = []kind{
	{"300 bots on the same 3 extensions", func(a *attack) {
		r := a.server()
		accounts := a.accounts(r, 3)
		for _, bot := range a.bots(r, 300) {
			for _, e := range accounts {
				a.do(guess, bot, r, e)
				a.wait(4 * second)
			}
		}
	}},
	{"300 bots on 3 other extensions each", func(a *attack) {
		r := a.server()
		for i, bot := range a.bots(r, 300) {
			for k := range 3 {
				a.miss(guess, bot, r, a.fresh(r, 3*i+k))
				a.wait(4 * second)
			}
		}
	}},
	{"2,000 bots on one extension each (404)", func(a *attack) {
		r := a.server(unknownIs(404))
		for i, bot := range a.bots(r, 2000) {
			a.miss(ask, bot, r, a.fresh(r, i))
			a.wait(2 * second)
		}
	}},
	{"40 bots on 15 extensions", func(a *attack) {
		r := a.server()
		bots, accounts := a.bots(r, 40), a.accounts(r, 15)
		for i := range 40 * 15 {
			a.do(guess, bots[i%40], r, accounts[(i/40+i)%15])
			a.wait(10 * second)
		}
	}},
	{"60 bots, each a guess in 10 min", func(a *attack) {
		r := a.server()
		bots, account := a.bots(r, 60), a.owner(r)
		for i := range 60 * 12 {
			a.do(guess, bots[i%60], r, account)
			a.wait(10 * second)
		}
	}},
	{"60 bots, together a guess in 10 min", func(a *attack) {
		r := a.server()
		bots, account := a.bots(r, 60), a.owner(r)
		for i := range a.room(120, 10*minute) {
			a.do(guess, bots[i%60], r, account)
			a.wait(10 * minute)
		}
	}},
	{"one account from 40 addresses in turn, with success", func(a *attack) {
		r := a.server()
		bots, account, n := a.bots(r, 40), a.owner(r), a.some(200, 800)
		for i := range n {
			a.do(guess, bots[i%40], r, account)
			a.wait(5 * second)
		}
		a.in(enter, bots[n%40], r, account)
	}},
	{"a new address each guess", func(a *attack) { a.rotate(a.server(), false) }},
	{"a new address each guess, with success", func(a *attack) { a.rotate(a.server(), true) }},
}

// rotate guesses one account, never twice from an address; nor does it enter from one that has guessed.
func (a *attack) rotate(r *registrar, success bool) {
	account := a.owner(r)
	for range a.some(150, 500) {
		a.do(guess, a.host(r), r, account)
		a.wait(5 * second)
	}
	if success {
		a.in(enter, a.host(r), r, account)
	}
}

// accounts are n that exist; every fourth has a phone.
func (a *attack) accounts(r *registrar, n int) []string {
	list := make([]string, n)
	for i := range list {
		if i%4 == 0 && i < 40 {
			list[i] = a.owner(r)
		} else {
			list[i] = r.target()
		}
	}
	return list
}

// fresh is the i-th of the numbers that this attack alone asks for.
func (a *attack) fresh(r *registrar, i int) string {
	return r.number(1_000_000 + 10_000*len(a.plan.truth.Attacks) + i)
}

// accountLists are one client with a list of accounts.
var accountLists = []kind{
	{"one password on 1,000 users at 1/min", func(a *attack) { a.spray(a.room(1000, minute), minute) }},
	{"one password on 300 users at 1 in 4 min", func(a *attack) { a.spray(a.room(300, 4*minute), 4*minute) }},
	{"stuffing: 100 accounts, each right after 1 or 2 tries", func(a *attack) { a.stuff(100, 0, 0) }},
	{"stuffing: 200 accounts, 20 of them right after 1 or 2 tries", func(a *attack) { a.stuff(10, 190, 0) }},
	{"stuffing: five entered before the scan opens", func(a *attack) { a.stuff(5, 95, 5) }},
}

func (a *attack) spray(n int, pause int64) {
	r := a.server()
	host := a.host(r)
	for _, e := range a.accounts(r, n) {
		a.do(guess, host, r, e)
		a.wait(pause)
	}
}

// stuff tries what was stolen elsewhere: most of it is wrong, some is right after one or two tries, and of that some comes first.
func (a *attack) stuff(right, wrong, first int) {
	r := a.server()
	host := a.host(r)
	rights := make([]bool, right+wrong)
	for i := range right {
		rights[i] = true
	}
	if first == 0 {
		a.plan.Shuffle(len(rights), func(i, j int) { rights[i], rights[j] = rights[j], rights[i] })
	}
	for i, e := range a.accounts(r, len(rights)) {
		for range 1 + a.plan.IntN(2) {
			a.do(guess, host, r, e)
			a.wait(2 * second)
		}
		if rights[i] {
			a.do(enter, host, r, e)
		}
		a.wait(3 * second)
	}
}

// spellings are one client that asks for one user in many forms.
var spellings = []kind{
	{"one user under 60 domains", func(a *attack) { a.domains(60, 3) }},
	{"one user under 8 domains", func(a *attack) { a.domains(8, 12) }},
	{"one user in upper and lower case", func(a *attack) {
		const name = "manager"
		a.spell(60, 2, func(r *registrar, i int) string {
			b := []byte(name)
			for k := range b {
				if i>>k&1 == 1 {
					b[k] -= 'a' - 'A'
				}
			}
			return r.account(string(b))
		})
	}},
	{"one user with URI parameters, ports and escapes", func(a *attack) {
		account := "" // all forms come down to it
		a.spell(60, 2, func(r *registrar, _ int) string {
			if account == "" {
				account = r.target()
			}
			return account
		})
		for i := range a.tries {
			a.tries[i].spelling = spelled(account, i)
		}
	}},
}

// spelled writes an account in one of many forms that are the same (RFC 3261 section 19.1.4).
func spelled(account string, i int) string {
	user, domain, _ := strings.Cut(account, "@")
	escaped := i % len(user)
	if i%2 == 1 {
		domain = strings.ToUpper(domain)
	}
	if i%3 > 0 {
		domain += ":" + strconv.Itoa(5060+i)
	}
	if i%5 > 0 {
		domain += ";transport=udp"
	}
	domain += "?x=" + strconv.Itoa(i)
	return fmt.Sprintf("%s%%%02x%s@%s", user[:escaped], user[escaped], user[escaped+1:], domain)
}

func (a *attack) domains(n, tries int) {
	a.spell(n, tries, func(_ *registrar, i int) string {
		return "admin@d" + strconv.Itoa(len(a.plan.truth.Attacks)) + "-" + strconv.Itoa(i) + ".example.com"
	})
}

// spell tries each of n forms some times, in turn.
func (a *attack) spell(n, tries int, form func(r *registrar, i int) string) {
	r := a.server()
	host := a.host(r)
	for range tries {
		for i := range n {
			a.miss(guess, host, r, form(r, i))
			a.wait(2 * second)
		}
	}
}

// ipv6Kinds are attackers that have more addresses than anybody could list.
var ipv6Kinds = []kind{
	{"IPv6 privacy addresses", func(a *attack) {
		r := a.six()
		account, prefix := a.owner(r), a.plan.attacker(true)
		for range a.some(100, 400) {
			a.do(guess, a.at(traffic.Within(prefix, a.plan.Rand)), r, account)
			a.wait(3 * second)
		}
	}},
	{"IPv6, a /48 in turn, one account", func(a *attack) {
		r := a.six()
		account := a.owner(r)
		for _, host := range a.prefixes(a.some(100, 400)) {
			a.do(guess, host, r, account)
			a.wait(3 * second)
		}
	}},
	{"IPv6, a /48 in turn, one account each", func(a *attack) {
		r := a.six()
		for i, host := range a.prefixes(a.some(100, 400)) {
			a.miss(guess, host, r, a.fresh(r, i))
			a.wait(3 * second)
		}
	}},
}

func (a *attack) six() *registrar { return a.plan.six[a.instance%len(a.plan.six)] }

// prefixes are hosts in as many /64 of one /48.
func (a *attack) prefixes(n int) []int {
	const block = 1 << 16 // /64s in a /48
	a.plan.attackerPrefixes = (a.plan.attackerPrefixes/block + 1) * block
	first := a.plan.attacker(true)
	a.plan.attackerPrefixes += block
	list := make([]int, n)
	for i := range list {
		list[i] = a.at(traffic.Within(traffic.Subnet(first, uint32(i)), a.plan.Rand))
	}
	return list
}
