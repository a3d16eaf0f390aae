package judge

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/quota"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// recorded is when all of it happens.
var recorded = time.Date(2026, 11, 22, 9, 40, 40, 0, time.UTC)

func sampleFlow(n int) detect.Flow {
	return detect.Flow{
		Time: recorded.UnixMilli() + int64(n), Registrar: netip.MustParseAddr("198.18.0.10"), Client: netip.MustParseAddr("2001:db8::1"),
		RegistrarPort: 5060, ClientPort: uint16(n), Transport: detect.SCTP, Status: 401, Extension: "300@198.18.0.10",
		UserAgent: "friendly-scanner", Probe: "probe-a",
	}
}

// written is a snapshot, as it is on the disk.
func written(r *Restored) ([]byte, error) {
	var b bytes.Buffer
	j := &Judge{Outbox: r.Outbox, Memory: r.Memory}
	err := j.WriteSnapshot(&b, r.Dedup.Known())
	return b.Bytes(), err
}

// example is something that is known.
func example(source *rules.Source) (*Restored, error) {
	then, err := source.Parse("[detector]\nattempts = 2\n")
	if err != nil {
		return nil, err
	}
	r, err := Unknown(then)
	if err != nil {
		return nil, err
	}
	for i := range 5 {
		flow := sampleFlow(i)
		r.Detector.Observe(&flow)
		r.Dedup.Counted(journal.Fingerprint{byte(i)})
	}
	r.Outbox.SetLimit(10)
	for _, record := range []string{"open", "update", "success"} {
		r.Outbox.Add(record == "update", []byte(record))
	}
	r.quota = quota.Quota{Limit: 2}
	r.quota.Summary(60_000)
	for range 9 {
		r.quota.Pass(&detect.Alert{Kind: detect.Scan, State: detect.Open})
	}
	return r, nil
}

// FuzzSnapshot: any bytes as a snapshot. It is taken or refused; what is taken is the same when it is written again.
func FuzzSnapshot(f *testing.F) {
	source := &rules.Source{}
	parse := func(text string, wall bool) (*rules.Rules, error) {
		r, err := source.Parse(text)
		if err == nil {
			r.Config.WallClock = wall
		}
		return r, err
	}
	known, err := example(source)
	if err != nil {
		f.Fatal(err)
	}
	payload, err := written(known)
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{0, 1, 20, 60, len(payload) / 2, len(payload)} {
		f.Add(payload[:n])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		known, err := readSnapshot(bytes.NewReader(payload), parse)
		if err != nil {
			return
		}
		first, err := written(known)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readSnapshot(bytes.NewReader(first), parse)
		if err != nil {
			t.Fatal(err)
		}
		second, err := written(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("a snapshot of %d bytes comes back as one of %d that differs: %v", len(first), len(second), err)
		}
	})
}
