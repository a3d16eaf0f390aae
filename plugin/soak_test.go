//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// The load of a soak: the paper's week, 718,627,758 records, passes 20 times as fast as it did.
const (
	soakRate   = 20 * 718_627_758 / (7 * 24 * 3600) // records a second
	soakChunks = 4                                  // at once
	soakRound  = 250 * time.Millisecond             // between two times
)

// soakConfig forgets phones soon, so that memory settles within the first minute.
const soakConfig = `
[detector]
clock = "flow"
known_good_ttl = "30m"

[state]
state_dir = %q
snapshot_interval = "1m"
`

// soaked is a process that has siphunt in it, under load.
type soaked interface {
	start()
	reload()
	feed(chunks [][]byte)
	stop(records int) // ends it in good order, once it has shown that it has counted so many since its start
	id() int          // of the process
}

// soakLength is how long a soak lasts: what SIPHUNT_SOAK says (make soak DURATION=10m); else it is only seen to work, for some
// seconds.
func soakLength(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SIPHUNT_SOAK")
	if text == "" {
		return 5 * time.Second
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SIPHUNT_SOAK: %v", err)
	}
	return length
}

// soak feeds a process, with a hot reload after each part of the time but for one restart. What the process has of memory,
// threads and file descriptors is written down ten times, and must be at the end what it was after a fifth of the time
// (2 minutes of 10).
func soak(t *testing.T, s soaked, length time.Duration, parts int) {
	traffic := weekAsChunks(t)
	s.start()
	fmt.Printf("%10s %12s %10s %8s %8s %9s\n", "time", "records", "RSS MiB", "threads", "files", "reloads")
	begin := time.Now()
	var base, last usage
	records, started, reloads := 0, 0, 0
	next := begin
	for n := 1; n <= parts; n++ {
		for end := begin.Add(length * time.Duration(n) / time.Duration(parts)); next.Before(end); next = next.Add(soakRound) {
			time.Sleep(time.Until(next))
			var chunks [][]byte
			for range soakChunks {
				const each = soakRate * int(soakRound/time.Millisecond) / 1000 / soakChunks
				chunks = append(chunks, copyRecords(t, traffic, each))
				records += each
			}
			s.feed(chunks)
		}
		if n%max(parts/10, 1) == 0 {
			last = usageOf(t, s.id())
			fmt.Printf("%10s %12d %10.1f %8d %8d %9d\n", time.Since(begin).Round(time.Second), records,
				float64(last.rss)/(1<<20), last.threads, last.files, reloads)
		}
		switch n {
		case parts / 2:
			s.stop(records - started)
			s.start()
			started = records
		case parts:
			s.stop(records - started)
		default:
			s.reload()
			reloads++
		}
		if n == parts/5 {
			base = last
		}
	}
	if length >= time.Minute { // else memory has not settled
		last.compare(t, base)
	}
}

// weekAsChunks is the paper's week, without an end for a test.
func weekAsChunks(t *testing.T) *msgp.Reader {
	t.Helper()
	command := filepath.Join(t.TempDir(), "siphunt")
	build := exec.Command("go", "build", "-o", command, "./cmd/siphunt")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // no sanitizer needed there
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	week := exec.CommandContext(t.Context(), command, "generate", "week", "-format", "chunks")
	out, err := week.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := week.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = week.Process.Kill()
		_ = week.Wait()
	})
	return msgp.NewReaderSize(out, 1<<20)
}

// copyRecords returns the next n records as a chunk.
func copyRecords(t *testing.T, from *msgp.Reader, n int) []byte {
	t.Helper()
	var chunk bytes.Buffer
	for range n {
		if _, err := from.CopyNext(&chunk); err != nil {
			t.Fatalf("the week is over: %v", err)
		}
	}
	return chunk.Bytes()
}

// usage is what a process has of the machine.
type usage struct{ rss, threads, files int }

func usageOf(t *testing.T, process int) usage {
	t.Helper()
	folder := fmt.Sprintf("/proc/%d/", process)
	status := read(t, folder+"status")
	figure := func(name string) int {
		m := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)`).FindStringSubmatch(status)
		if m == nil {
			t.Fatalf("no %s in %s", name, status)
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	files, err := os.ReadDir(folder + "fd")
	if err != nil {
		t.Fatal(err)
	}
	return usage{figure("VmRSS") << 10, figure("Threads"), len(files)}
}

// compare fails where something has grown.
func (u usage) compare(t *testing.T, base usage) {
	t.Helper()
	if most := base.rss + base.rss/4 + 8<<20; u.rss > most {
		t.Errorf("memory is not flat: %d MiB, and %d MiB after a fifth of the time", u.rss>>20, base.rss>>20)
	}
	if u.threads > base.threads+soakChunks {
		t.Errorf("threads are not flat: %d, and %d after a fifth of the time", u.threads, base.threads)
	}
	if u.files > base.files {
		t.Errorf("file descriptors are not flat: %d, and %d after a fifth of the time", u.files, base.files)
	}
}
