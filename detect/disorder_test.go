package detect_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// attacks is half an hour with an attack of each kind among phones, in the order of time.
func attacks() (flows []detect.Flow) {
	say := func(at time.Duration, registrar, client, extension string, statuses ...int) {
		for i, status := range statuses {
			flows = append(flows, detect.Flow{
				Time: beginning + (at + time.Duration(i)*40*time.Millisecond).Milliseconds(), Registrar: netip.MustParseAddr(registrar),
				Client: netip.MustParseAddr(client), Transport: detect.UDP, Status: uint16(status), Extension: extension,
			})
		}
	}
	for round := range 12 {
		for phone := range 40 {
			say(time.Duration(round)*5*time.Minute+time.Duration(phone)*time.Second, pbx, fmt.Sprintf("10.0.0.%d", phone), fmt.Sprintf("phone%d@pbx", phone), 401, 200)
		}
	}
	at := func(i int, pause time.Duration) time.Duration { return 20*time.Minute + time.Duration(i)*pause }
	for i := range 418 {
		say(at(i, 100*time.Millisecond), pbx, "192.0.2.1", "300@pbx", 401)
	}
	say(at(418, 100*time.Millisecond)+4*time.Second, pbx, "192.0.2.1", "300@pbx", 200)
	for i := range 250 {
		say(at(i, 200*time.Millisecond), pbx, "192.0.2.2", fmt.Sprintf("%d@scanned", i), 404)
	}
	for i := range 60 {
		say(at(i, 5*time.Second), pbx, "192.0.2.3", fmt.Sprintf("%d@sprayed", i), 401, 403)
	}
	for i := range 120 {
		say(at(i, 3*time.Second), pbx, bot(i%12), "301@pbx", 403)
	}
	for i := range 60 {
		say(at(i, 4*time.Second), server(i), "192.0.2.4", "admin@pbx", 401, 403)
	}
	slices.SortStableFunc(flows, func(a, b detect.Flow) int { return cmp.Compare(a.Time, b.Time) })
	return flows
}

// outcome lists what has ended, one line each: who attacks whom, and how much of it there was.
func outcome(t *testing.T, flows []detect.Flow, figures bool) (lines []string) {
	d := newDetector(t, func(*detect.Config) {})
	d.ObserveAll(flows)
	d.Finish()
	for _, a := range d.Alerts() {
		if a.State != detect.End {
			continue
		}
		line := fmt.Sprintf("%v on %v: %d clients, %d extensions of %v", a.Kind, a.Registrars.Count, a.Clients.Count, a.Extensions.Count, a.Client.Addr)
		if a.Kind == detect.Distributed {
			line = fmt.Sprintf("%v on %v: %d clients, %s", a.Kind, a.Registrar.Addr, a.Clients.Count, a.Extension)
		}
		if figures {
			line += fmt.Sprintf(", %d attempts, %d successes", a.Attempts, a.SuccessesN)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// shuffled lets each record arrive up to some time late.
func shuffled(flows []detect.Flow, late time.Duration, seed uint64) []detect.Flow {
	rng := rand.New(rand.NewPCG(seed, 1))
	type arrival struct {
		at   int64
		flow detect.Flow
	}
	arrivals := make([]arrival, len(flows))
	for i, f := range flows {
		arrivals[i] = arrival{f.Time + rng.Int64N(late.Milliseconds()+1), f}
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	out := make([]detect.Flow, len(flows))
	for i, a := range arrivals {
		out[i] = a.flow
	}
	return out
}

func TestAttacksInOrder(t *testing.T) {
	want := []string{
		"brute-force on 1: 1 clients, 1 extensions of 192.0.2.1, 418 attempts, 1 successes",
		"distributed-brute-force on 198.51.100.10: 12 clients, 301@pbx, 120 attempts, 0 successes",
		"extension-scan on 1: 1 clients, 250 extensions of 192.0.2.2, 250 attempts, 0 successes",
		"horizontal-scan on 60: 1 clients, 60 extensions of 192.0.2.4, 120 attempts, 0 successes",
		"password-spray on 1: 1 clients, 60 extensions of 192.0.2.3, 120 attempts, 0 successes",
	}
	if got := outcome(t, attacks(), true); !slices.Equal(got, want) {
		t.Errorf("ended\n%q\nwant\n%q", got, want)
	}
}

// Records that are out of order by up to two seconds change neither counts nor successes.
func TestTwoSecondsOfDisorderChangeNothing(t *testing.T) {
	flows := attacks()
	want := outcome(t, flows, true)
	for seed := range uint64(30) {
		if got := outcome(t, shuffled(flows, 2*time.Second, seed), true); !slices.Equal(got, want) {
			t.Errorf("seed %d: ended\n%q\nwant\n%q", seed, got, want)
		}
	}
}

// Records that are up to forty seconds out of order: the same incidents.
func TestFortySecondsOfDisorderHideNothing(t *testing.T) {
	flows := attacks()
	want := outcome(t, flows, false)
	for seed := range uint64(30) {
		if got := outcome(t, shuffled(flows, 40*time.Second, seed), false); !slices.Equal(got, want) {
			t.Errorf("seed %d: ended\n%q\nwant\n%q", seed, got, want)
		}
	}
}

// Each message twice, in one place or some time apart: the same incidents, and the same successes.
func TestDoubledRecordsHideNothing(t *testing.T) {
	flows := attacks()
	want := outcome(t, flows, false)
	var doubled []detect.Flow
	for _, f := range flows {
		doubled = append(doubled, f, f)
	}
	for seed := range uint64(10) {
		for _, late := range []time.Duration{0, time.Second} {
			if got := outcome(t, shuffled(doubled, late, seed), false); !slices.Equal(got, want) {
				t.Errorf("seed %d, %v apart: ended\n%q\nwant\n%q", seed, late, got, want)
			}
		}
	}
}

// A twentieth of the records is lost: the same incidents.
func TestLossHidesNothing(t *testing.T) {
	flows := attacks()
	kinds := func(flows []detect.Flow) map[string]bool {
		found := map[string]bool{}
		d := newDetector(t, func(*detect.Config) {})
		d.ObserveAll(flows)
		d.Finish()
		for _, a := range d.Alerts() {
			if a.State == detect.End {
				found[fmt.Sprint(a.Kind, " ", a.Client.Addr)] = true
			}
		}
		return found
	}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 2))
		left := slices.DeleteFunc(slices.Clone(flows), func(detect.Flow) bool { return rng.IntN(20) == 0 })
		found := kinds(left)
		for _, want := range []string{"brute-force 192.0.2.1", "extension-scan 192.0.2.2", "password-spray 192.0.2.3", "horizontal-scan 192.0.2.4"} {
			if !found[want] {
				t.Errorf("seed %d: no %s in %v", seed, want, found)
			}
		}
	}
}
