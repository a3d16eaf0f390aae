//go:build linux

package detect_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/siphunt/siphunt/detect"
)

// Ten minutes of spoofed REGISTERs, none with a client or an extension that was there before, fill the detector's memory
// ten times over. They are a distributed scan themselves. A hundred real attacks go on beside them: all are found, with exact
// counts, and nothing else is; memory stays where max_pairs says.
func TestFloodHidesNoAttack(t *testing.T) {
	if !inProcessOfItsOwn(t) {
		return
	}
	spoofed, maxPairs, maxMembers := 10_000_000, detect.DefaultConfig().MaxPairs, detect.DefaultConfig().MaxMembers
	if os.Getenv("SIPHUNT_LONG") == "" {
		spoofed, maxPairs, maxMembers = spoofed/4, maxPairs/4, maxMembers/4
	}
	d := newDetector(t, func(c *detect.Config) { c.MaxPairs, c.MaxMembers = maxPairs, maxMembers })
	settleForFlood(d)
	attacks := realAttacks()
	events := inOrder(attacks)
	before := memory(t, "VmRSS")
	start := cpu()

	var alerts []detect.Alert
	var name [16]byte
	for i := range spoofed {
		now := beginning + int64(i)*(10*time.Minute).Milliseconds()/int64(spoofed)
		for ; len(events) > 0 && events[0].Time <= now; events = events[1:] {
			d.Observe(&events[0])
		}
		var client [4]byte
		binary.BigEndian.PutUint32(client[:], 10<<24|uint32(i))
		extension := strconv.AppendInt(name[:0], int64(10_000_000+i), 10)
		d.Observe(&detect.Flow{
			Time: now, Registrar: netip.MustParseAddr(pbx), Client: netip.AddrFrom4(client), ClientPort: uint16(i), Transport: detect.UDP,
			Status: 401, Extension: unsafe.String(&extension[0], len(extension)),
		})
		if i%1000 == 0 {
			alerts = append(alerts, d.Alerts()...)
		}
	}
	spent, peak, stats := cpu()-start, memory(t, "VmHWM"), d.Stats()
	d.Finish()
	alerts = append(alerts, d.Alerts()...)

	t.Logf("%d answers of %d pairs: %.1f s of CPU, %d pairs evicted, %d B of memory a pair of max_pairs",
		spoofed, spoofed, spent.Seconds(), stats.Evicted, (peak-before)/maxPairs)
	alerts = slices.DeleteFunc(alerts, func(a detect.Alert) bool { // the flood itself
		return a.Kind == detect.DistributedScan && a.Registrar.Addr.String() == pbx
	})
	inside := maxMembers
	for _, a := range attacks {
		inside += a.clients * a.extensions
	}
	if stats.Pairs > maxPairs+inside || stats.Evicted < uint64(spoofed-maxPairs-inside) {
		t.Errorf("%d pairs are remembered and %d were forgotten", stats.Pairs, stats.Evicted)
	}
	if bound := before + bytesPerPair*maxPairs + bytesBeside; peak > bound {
		t.Errorf("%d MB of memory, %d MB before the flood: more than %d B a pair of max_pairs", peak>>20, before>>20, bytesPerPair)
	}
	expectAttacks(t, attacks, alerts)
}

// settleForFlood has the detector know that acceptances are prompt: a new one would wait for longer than pairs live in the flood.
func settleForFlood(d *detect.Detector) {
	for i := range 200 {
		at := beginning - (10 * time.Minute).Milliseconds() + int64(i)*3000
		for _, status := range []uint16{401, 200} {
			d.Observe(&detect.Flow{
				Time: at, Registrar: netip.MustParseAddr("203.0.113.200"), Client: addr4(172, i%20), Transport: detect.UDP,
				Status: status, Extension: fmt.Sprint(i%20) + "@elsewhere",
			})
		}
	}
}

// bytesPerPair is the most that a pair may take that shares neither client nor extension with another one, its place in the
// indices and the timers included (140 bytes and more), and what the garbage collector has not given back (as much again).
const bytesPerPair = 370

// bytesBeside is what does not grow with max_pairs: User-Agents, alerts, the estimates of a scan and its campaign.
const bytesBeside = 4 << 20

// attack is what a real attacker does, and what is to be found of it.
type attack struct {
	flows      []detect.Flow
	kind       detect.Kind
	clients    int
	extensions int
	successes  int
}

// realAttacks are a hundred, none of which leaves a pair alone for as long as the flood needs to push it out.
func realAttacks() []attack {
	attacks := make([]attack, 100)
	for n := range attacks {
		a := &attacks[n]
		at := beginning + int64(n)*4000 // so that all are over in time
		answer := func(client, extension, status int) {
			a.flows = append(a.flows, detect.Flow{
				Time: at, Registrar: netip.MustParseAddr(pbx), Client: addr4(192, n<<8|client), ClientPort: 5060, Transport: detect.UDP,
				Status: uint16(status), Extension: fmt.Sprintf("%d-%d@attacked", n, extension),
			})
		}
		switch n % 4 {
		case 0:
			a.kind, a.clients, a.extensions = detect.BruteForce, 1, 1
			for range 21 + n {
				answer(1, 1, 401)
				at += 700
			}
		case 1: // challenged only: they count when their grace is over
			a.kind, a.clients, a.extensions = detect.Scan, 1, 30+n
			for extension := range a.extensions {
				answer(1, extension, 401)
				at += 300
			}
		case 2:
			a.kind, a.clients, a.extensions = detect.Distributed, 12, 1
			for i := range 12 * 9 {
				answer(i%12, 1, 403)
				at += 800
			}
		case 3:
			a.kind, a.clients, a.extensions = detect.Spray, 1, 15
			for i := range 15 * 5 {
				answer(1, i%15, []int{401, 403}[i/15%2])
				at += 900
			}
		}
		if n%10 == 0 && a.kind != detect.Scan {
			answer(1, 1, 200)
			a.successes = 1
		}
	}
	return attacks
}

// inOrder gives the flows of all attacks by time.
func inOrder(attacks []attack) []detect.Flow {
	var flows []detect.Flow
	for _, a := range attacks {
		flows = append(flows, a.flows...)
	}
	slices.SortStableFunc(flows, func(a, b detect.Flow) int { return cmp.Compare(a.Time, b.Time) })
	return flows
}

// expectAttacks compares what was reported with what was done: an incident for each attack, which opened once.
func expectAttacks(t *testing.T, attacks []attack, alerts []detect.Alert) {
	t.Helper()
	line := func(kind detect.Kind, first, last int64, attempts, clients, extensions, successes int) string {
		return fmt.Sprintf("%s from %s to %s: %d attempts, %d clients, %d extensions, %d successes",
			kind, clockFace(first), clockFace(last), attempts, clients, extensions, successes)
	}
	var want, got []string
	for _, a := range attacks {
		rejections := len(a.flows) - a.successes
		want = append(want, line(a.kind, a.flows[0].Time, a.flows[rejections-1].Time, rejections, a.clients, a.extensions, a.successes))
	}
	opened := map[string]int{}
	for _, a := range alerts {
		switch {
		case a.State == detect.Open && !a.Changed:
			opened[a.ID]++
		case a.State == detect.End:
			got = append(got, line(a.Kind, a.First, a.Last, a.Attempts, a.Clients.Count, a.Extensions.Count, a.SuccessesN))
		case a.State == detect.Merged:
			t.Errorf("an incident was merged: %+v", a)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not found: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("found, but never done: %s", g)
		}
	}
	if len(opened) != len(attacks) {
		t.Errorf("%d incidents opened, want %d", len(opened), len(attacks))
	}
	for id, n := range opened {
		if n > 1 {
			t.Errorf("incident %s opened %d times", id, n)
		}
	}
	if most := 5 * len(attacks); len(alerts) > most {
		t.Errorf("%d alerts about %d attacks, want at most %d", len(alerts), len(attacks), most)
	}
}

// inProcessOfItsOwn runs a test again in a process that does nothing else, and tells whether this is the one.
func inProcessOfItsOwn(t *testing.T) bool {
	t.Helper()
	const variable = "SIPHUNT_ALONE"
	if os.Getenv(variable) != "" {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "-test.run", "^"+regexp.QuoteMeta(t.Name())+"$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
	c.Env = append(os.Environ(), variable+"=1")
	out, err := c.CombinedOutput()
	t.Logf("in a process of its own:\n%s", out)
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
		t.Errorf("failed: %v", err)
	}
	return false
}

// memory reads a figure of this process, in bytes: VmRSS is what it has now, VmHWM the most that it had.
func memory(t *testing.T, what string) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(what + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no %s in %s", what, status)
	}
	kB, _ := strconv.Atoi(string(m[1]))
	return kB << 10
}
