package detect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
)

// flowsOf makes flows of bytes: four for each, of few registrars, clients and extensions, so that anything comes together.
func flowsOf(data []byte, now int64) (flows []Flow) {
	for ; len(data) >= 4; data = data[4:] {
		who, what, status, pause := data[0], data[1], data[2], data[3]
		f := Flow{
			Registrar: netip.AddrFrom4([4]byte{198, 51, 100, who & 7}), Extension: fmt.Sprint(what&31) + "@pbx",
			Status: []uint16{401, 403, 404, 407, 200, 0, 299, 180}[status&7], Transport: Transport(status >> 6), ClientPort: uint16(who),
		}
		if who&8 == 0 {
			f.Client = netip.AddrFrom4([4]byte{192, 0, 2, who >> 4})
		} else {
			f.Client = netip.AddrFrom16([16]byte{0x20, 1, 5: who >> 6, 7: who >> 4})
		}
		if what&0x80 != 0 {
			f.Probe, f.Message = fmt.Sprint("probe", what>>5&3), uint64(status>>3&7)
		}
		if f.Status == 0 && status&8 != 0 {
			f.UserAgent = "sipvicious"
		}
		now += int64(pause&63) * []int64{1, 100, 1000, 10_000}[pause>>6]
		f.Time = now
		if what&0x40 != 0 {
			f.Time -= int64(status) * 100
		}
		flows = append(flows, f)
	}
	return flows
}

// Whatever flows come, nothing crashes, and what is counted is what there is, before and after a restart.
func FuzzObserve(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for seed := range uint64(10) {
		b := make([]byte, 2000)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(seed, b)
	}
	f.Fuzz(func(t *testing.T, seed uint64, data []byte) {
		s := newScuffle(seed)
		d := s.detector(t)
		d.ObserveAll(flowsOf(data[:min(len(data), 8000)], s.now))
		recount(t, d)
		d = restarted(t, d, s.cfg)
		recount(t, d)
		d.Finish()
		recount(t, d)
		for _, a := range d.Alerts() {
			if a.Attempts < 0 || a.First > a.Last && a.Attempts > 0 || a.Severity < SeverityLow || a.SuccessesN < len(a.Successes) {
				t.Errorf("%+v", a)
			}
		}
	})
}

// A snapshot that somebody has tampered with may be refused or taken; it crashes nothing, and makes no more memory than its size.
func FuzzRestore(f *testing.F) {
	for seed := range uint64(6) {
		s := newScuffle(seed)
		d := s.detector(f)
		d.ObserveAll(s.take(500))
		var b bytes.Buffer
		if err := d.Snapshot(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newScuffle(1)
		d := s.detector(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := d.Restore(bytes.NewReader(b))
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20+2000*uint64(len(b)) {
			t.Errorf("%d bytes of memory for a snapshot of %d", grown, len(b))
		}
		if err != nil {
			if d.Stats() != (Stats{Grace: d.Stats().Grace}) {
				t.Errorf("after %v it knows %+v", err, d.Stats())
			}
			return
		}
		s.now = d.now
		d.ObserveAll(s.take(300))
		d.Advance(d.now+3_000_000, 1)
		d.Alerts()
	})
}

// One byte of a snapshot that is another one: the short way through what the fuzzer tries.
func TestTamperedSnapshotsCrashNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	taken := 0
	for seed := range uint64(2) {
		s := newScuffle(seed)
		d := s.detector(t)
		d.ObserveAll(s.take(700))
		var b bytes.Buffer
		if err := d.Snapshot(&b); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			tampered := bytes.Clone(b.Bytes())
			switch at := rng.IntN(len(tampered)); rng.IntN(3) {
			case 0:
				tampered[at] ^= 1 << rng.IntN(8)
			case 1:
				tampered[at] = byte(rng.Uint32())
			case 2:
				tampered = append(binary.AppendUvarint(bytes.Clone(tampered[:at]), rng.Uint64()), tampered[at+1:]...)
			}
			again := s.detector(t)
			if again.Restore(bytes.NewReader(tampered)) != nil {
				continue
			}
			taken++
			other := newScuffle(seed)
			other.now = again.now
			again.ObserveAll(other.take(200))
			again.Finish()
		}
	}
	t.Logf("%d were taken", taken)
	if taken == 0 {
		t.Error("none was taken")
	}
}
