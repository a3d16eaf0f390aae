package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFullDisk: a file system that is really full, and then has room again. Detection goes on and says what is lost; once
// there is room it says that all is well, and the next start knows all.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	disk := filepath.Join(folder, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("NOT TESTED: a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	file, c := filepath.Join(folder, "siphunt.toml"), &clock{time: recorded}
	write(t, file, fmt.Sprintf("[state]\nstate_dir = %q\n", disk))
	var log logged
	o := Options{ConfigFile: file, Log: log.logger(), now: c.now}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	all := chunks(t, svcrack, 100)
	for _, chunk := range all[:3] {
		e.Flush(bytes.Clone(chunk))
	}
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	for _, chunk := range all[3:] {
		e.Flush(bytes.Clone(chunk))
		c.set(c.now().Add(time.Second))
	}
	if n := figure(t, e, "rejections_total"); n != 418 || waiting(e) == nil {
		t.Errorf("%v rejections and %d bytes of alerts, want all", n, len(waiting(e)))
	}
	eventually(t, "the fault is noticed", func() bool { return figureNow(t, e, "state_whole") == 0 && log.has("no space left on device") })
	c.set(recorded.Add(2 * time.Minute)) // a snapshot is tried, and fails
	eventually(t, "a second fault", func() bool { return figureNow(t, e, "state_faults_total") >= 2 })
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	c.set(recorded.Add(4 * time.Minute))
	eventually(t, "there is room again", func() bool { return figureNow(t, e, "state_whole") == 1 && log.has("whole again") })
	e.Close()
	if e, err = Open(o); err != nil {
		t.Fatal(err)
	}
	if n := figure(t, e, "incidents"); n != 1 || len(events(t, collect(e))) != 2 {
		t.Errorf("%v incidents and %d alerts after the next start, want 1 and 2", n, len(events(t, collect(e))))
	}
	left, err := os.ReadDir(filepath.Join(disk, "main"))
	if err != nil || len(left) > 8 {
		t.Errorf("%d files are left: %v, %v", len(left), left, err)
	}
}
