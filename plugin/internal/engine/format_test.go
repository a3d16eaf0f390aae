package engine

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/state"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

var golden = flag.Bool("golden", false, "write testdata/state of the present version anew (only before it is released)")

// goldenFolder has a snapshot and the journal after it, of one version: svcrack, of which the snapshot knows three chunks
// and the journal the rest.
func goldenFolder(version string) string { return filepath.Join("testdata", "state", version) }

const goldenConfig = "[detector]\nattempts = 20\n" + withState

func writeGolden(t *testing.T) {
	t.Helper()
	l := newLife(t, goldenConfig)
	for i, chunk := range chunks(t, svcrack, 100) {
		if i == 3 {
			settled(l.e)
			l.e.checkpoints.write()
		}
		l.e.Flush(chunk)
	}
	settled(l.e)
	if err := os.MkdirAll(goldenFolder("1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"snapshot", "journal"} {
		write(t, filepath.Join(goldenFolder("1"), kind), string(l.disk.Read("/state/main/"+kind+"-2")))
	}
}

// put puts golden files of a version into the folder of a detector.
func put(t *testing.T, disk *faulty.FS, version string) {
	t.Helper()
	for _, kind := range []string{"snapshot", "journal"} {
		b, err := os.ReadFile(filepath.Join(goldenFolder(version), kind))
		if err != nil {
			t.Fatal(err)
		}
		disk.Put("/state/main/"+kind+"-2", b)
	}
}

// TestGoldenState: what an earlier siphunt has written is read.
func TestGoldenState(t *testing.T) {
	if *golden {
		writeGolden(t)
	}
	versions, err := os.ReadDir("testdata/state")
	if err != nil || len(versions) != len(judge.Formats)-1 {
		t.Fatalf("golden files of %d versions, want %d: %v", len(versions), len(judge.Formats)-1, err)
	}
	for _, v := range versions {
		l := newLife(t, goldenConfig)
		l.drop()
		l.disk = &faulty.FS{}
		put(t, l.disk, v.Name())
		l.open()
		l.collect(true)
		if got := figure(t, l.e, "pairs"); got != 1 || figure(t, l.e, "incidents") != 1 || len(l.alerts) < 2 || !strings.Contains(l.alerts[len(l.alerts)-1], "success") {
			t.Errorf("version %s: %v pairs, alerts %q", v.Name(), got, l.alerts)
		}
		if l.log.has("cannot be used") || l.log.has("left out") || l.log.has("cut after") {
			t.Errorf("version %s: log %q", v.Name(), l.log.lines)
		}
	}
}

// later are the formats of a siphunt to come: in version 2, all begins with a byte more.
func later() []judge.Format {
	return append(slices.Clone(judge.Formats), judge.Format{
		Snapshot: func(in io.Reader, parse judge.Parser) (*judge.Restored, error) {
			var more [1]byte
			if _, err := io.ReadFull(in, more[:]); err != nil {
				return nil, err
			}
			return judge.Formats[1].Snapshot(in, parse)
		},
		Entry: func(e *journal.Entry, payload []byte) error { return e.Read(payload[1:]) },
	})
}

// written is a snapshot, as it is on the disk.
func written(r *judge.Restored) ([]byte, error) {
	var b bytes.Buffer
	j := &judge.Judge{Outbox: r.Outbox, Memory: r.Memory}
	err := j.WriteSnapshot(&b, r.Dedup.Known())
	return b.Bytes(), err
}

// TestUpgrade: a siphunt with another format reads what this one has written; this one leaves alone what that one has.
func TestUpgrade(t *testing.T) {
	disk, c := &faulty.FS{}, &clock{time: recorded}
	put(t, disk, "1")
	o := Options{now: c.now}
	o.complete()
	r, err := o.source().Parse(goldenConfig)
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	open := func(version byte) *state.Store {
		t.Helper()
		disk.Kill()
		s, err := state.Open(state.Options{FS: disk, Folder: "/state/main", Version: version, Limit: 1 << 20, Log: func(msg string) { log = append(log, msg) }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	knows := func(got *judge.Restored, err error, rejections uint64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if n := got.Detector.Stats().Rejections; n != rejections {
			t.Errorf("%d rejections are known, want %d; log %q", n, rejections, log)
		}
	}

	s := open(2)
	got, err := judge.Restore(s, o.Name, o.source(), r, later())
	knows(got, err, 418)
	snapshot, err := written(got)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(bytes.NewReader(append([]byte{2}, snapshot...))); err != nil {
		t.Fatal(err)
	}
	if err := s.Append([]byte{2}, journal.AppendHead(nil, journal.Tick, recorded.UnixMilli(), 0)); err != nil {
		t.Fatal(err)
	}
	got, err = judge.Restore(open(2), o.Name, o.source(), r, later())
	knows(got, err, 418)
	if len(log) != 0 {
		t.Errorf("log %q", log)
	}

	got, err = judge.Restore(open(1), o.Name, o.source(), r, judge.Formats)
	knows(got, err, 418) // from the files of version 1, which were kept
	if text := strings.Join(log, "\n"); !strings.Contains(text, "snapshot-3.corrupt: it has version 2") || !strings.Contains(text, "it was written by a newer one") {
		t.Errorf("log %q", log)
	}
}
