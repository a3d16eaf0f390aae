package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/state/faulty"
)

// TestEveryFaultOfTheDisk: a process finds half an attack in its folder, and at each call in turn the disk fails, once or
// for good. Detection and alerts go on in any case. What was answered while the disk was well is there after the crash:
// for good, the first half; where the disk failed once, all of it.
func TestEveryFaultOfTheDisk(t *testing.T) {
	all := chunks(t, svcrack, 140)
	for _, fault := range []error{syscall.EIO, syscall.EROFS, faulty.ErrShort} {
		for _, forGood := range []bool{false, true} {
			t.Run(fmt.Sprint(fault, " for good ", forGood), func(t *testing.T) {
				for n, reached := 0, true; reached; n++ {
					l := newLife(t, withState)
					for _, chunk := range all[:3] {
						l.e.Flush(bytes.Clone(chunk))
					}
					l.drop()
					reached = false
					first := l.disk.Calls()
					l.disk.Fail(func(call int, _, _ string) error {
						if call == first+n || forGood && call > first+n {
							reached = true
							return fault
						}
						return nil
					})
					l.open()
					knew := figure(t, l.e, "pairs") == 1
					for _, chunk := range all[3:] {
						l.e.Flush(bytes.Clone(chunk))
						if l.e.checkpoints != nil {
							l.e.checkpoints.sync()
						}
					}
					if got := figure(t, l.e, "rejections_total"); got != 208 {
						t.Fatalf("call %d: %v rejections, want the second half", n, got)
					}
					if collect(l.e) == nil {
						t.Fatalf("call %d: no alert, known before %v", n, knew)
					}
					l.clock.set(recorded.Add(2 * time.Minute))
					if l.e.checkpoints != nil && l.e.checkpoints.isDue() {
						l.e.checkpoints.write()
						l.clock.set(recorded.Add(4 * time.Minute))
						if l.e.checkpoints.isDue() {
							l.e.checkpoints.write()
						}
					}
					whole := figure(t, l.e, "state_whole") == 1
					if reached && !l.log.has("input/output error") && !l.log.has("read-only") && !l.log.has("no space left") && !whole {
						t.Fatalf("call %d: nothing was said: %q", n, l.log.lines)
					}
					l.crash()
					attempts := 0
					for _, record := range events(t, collect(l.e)) {
						if strings.Contains(record, "success") {
							attempts++
						}
					}
					switch {
					case !forGood && (!whole || !knew || attempts == 0):
						t.Fatalf("call %d failed once: whole %v, the first half known %v, success known %v", n, whole, knew, attempts > 0)
					case figure(t, l.e, "pairs") != 1:
						t.Fatalf("call %d failed: the first half was lost", n)
					}
					l.drop()
				}
			})
		}
	}
}

// TestSlowDiskHoldsUpNothing: with a disk that needs for ever, chunks are taken and alerts given.
func TestSlowDiskHoldsUpNothing(t *testing.T) {
	l := newLife(t, withState)
	stuck, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l.disk.Fail(func(_ int, op, _ string) error {
		if op == "sync" {
			once.Do(func() { close(stuck) })
			<-free
		}
		return nil
	})
	rolled := make(chan struct{})
	go func() { l.e.checkpoints.write(); close(rolled) }()
	<-stuck
	for _, chunk := range chunks(t, svcrack, 100) {
		l.e.Flush(chunk)
	}
	l.e.tick()
	if collect(l.e) == nil {
		t.Error("no alert while the disk is stuck")
	}
	close(free)
	<-rolled
	if figure(t, l.e, "state_whole") != 1 {
		t.Error("the state is not whole after the disk went on")
	}
}

// TestStuckWriteHoldsUpNothing: with a disk on which a write of the journal hangs, one Flush waits for a second, and all that
// follows goes on: chunks, figures and alerts.
func TestStuckWriteHoldsUpNothing(t *testing.T) {
	l := newLife(t, withState)
	free := make(chan struct{})
	l.disk.Fail(func(_ int, op, _ string) error {
		if op == "write" {
			<-free
		}
		return nil
	})
	all := chunks(t, svcrack, 100)
	begin := time.Now()
	l.e.Flush(all[0])
	if waited := time.Since(begin); waited > 3*journal.Patience {
		t.Errorf("the first Flush waited for %v", waited)
	}
	begin = time.Now()
	for _, chunk := range all[1:] {
		l.e.Flush(chunk)
	}
	l.e.tick()
	if figure(t, l.e, "rejections_total") != 418 || figure(t, l.e, "state_whole") != 0 || collect(l.e) == nil {
		t.Error("detection did not go on")
	}
	if waited := time.Since(begin); waited > journal.Patience {
		t.Errorf("what followed waited for %v", waited)
	}
	if !l.log.has("the disk does not take what is written") {
		t.Errorf("log %q", l.log.lines)
	}
	close(free)
	l.disk.Fail(nil)
	l.clock.set(recorded.Add(2 * time.Minute))
	eventually(t, "the state is whole again", func() bool {
		if l.e.checkpoints.isDue() {
			l.e.checkpoints.write()
		}
		return figureNow(t, l.e, "state_whole") == 1
	})
	if !l.log.has("whole again") {
		t.Errorf("nobody says that the disk is well: %q", l.log.lines)
	}
}

// TestRemovedFolderIsNoticed: within a second the state is not whole; with the next snapshot it is, and somebody says so.
func TestRemovedFolderIsNoticed(t *testing.T) {
	folder := t.TempDir()
	file, c := folder+"/siphunt.toml", &clock{time: recorded}
	write(t, file, fmt.Sprintf("[state]\nstate_dir = %q\n", folder+"/state"))
	var log logged
	e := open(t, Options{ConfigFile: file, Log: log.logger(), now: c.now})
	e.Flush(chunks(t, svcrack, 1000)[0])
	if err := os.RemoveAll(folder + "/state"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the folder is missed", func() bool { return figureNow(t, e, "state_whole") == 0 })
	if !log.has("somebody has removed it") {
		t.Errorf("log %q", log.lines)
	}
	c.set(recorded.Add(2 * time.Minute))
	eventually(t, "it is made anew", func() bool { return figureNow(t, e, "state_whole") == 1 && log.has("whole again") })
	if _, err := os.Stat(folder + "/state/main/lock"); err != nil {
		t.Error(err)
	}
}

// TestFailedStartGivesTheStateBack: a state that cannot be read, be it for the disk or for a fault of siphunt, keeps attacks
// from being forgotten, not from being found; the folder is left as it was and unlocked, and the next start knows all.
func TestFailedStartGivesTheStateBack(t *testing.T) {
	all := chunks(t, svcrack, 140)
	for what, fault := range map[string]func(op string) error{
		"the disk":     func(op string) error { return syscall.EIO },
		"a panic":      func(op string) error { panic("a fault in " + op) },
		"wrong rights": func(op string) error { return syscall.EACCES },
	} {
		op := "list"
		if what == "wrong rights" {
			op = "open"
		}
		l := newLife(t, withState)
		l.e.Flush(bytes.Clone(all[0]))
		l.e.Close()
		before, lists := l.disk.Files(), 0
		l.disk.Fail(func(_ int, o, _ string) error {
			if o == "list" {
				lists++
			}
			if o == op && (op != "list" || lists > 1) { // the first one is of the folder's opening
				return fault(op)
			}
			return nil
		})
		l.open()
		if !l.log.has("state.state_dir cannot be used") {
			t.Errorf("%s: log %q", what, l.log.lines)
		}
		if remedy := "have to belong to the user that Fluent Bit runs as"; l.log.has(remedy) != (what == "wrong rights") {
			t.Errorf("%s: log %q", what, l.log.lines)
		}
		for _, chunk := range all {
			l.e.Flush(bytes.Clone(chunk))
		}
		if collect(l.e) == nil {
			t.Errorf("%s: no alert", what)
		}
		l.e.Close()
		l.disk.Fail(nil)
		if files := l.disk.Files(); !slices.Equal(files, before) {
			t.Errorf("%s: the files were %q and are %q", what, before, files)
		}
		l.open()
		if n := figure(t, l.e, "pairs"); n != 1 {
			t.Errorf("%s: %v pairs are known after the next start", what, n)
		}
		l.drop()
	}
}

// TestCloseTwice: the second does nothing.
func TestCloseTwice(t *testing.T) {
	l := newLife(t, withState)
	l.e.Close()
	l.e.Close()
	l.e.Flush(chunks(t, svcrack, 1000)[0]) // nor does a chunk that comes too late
}

// TestAlwaysMeansAlways: with fsync = "always", what was answered outlives the machine; with "none" it does not, or the
// test is no test.
func TestAlwaysMeansAlways(t *testing.T) {
	for fsync, want := range map[string]float64{"always": 1, "none": 0} {
		l := newLife(t, withState+"fsync = \""+fsync+"\"\n")
		for _, chunk := range chunks(t, svcrack, 100)[:3] {
			l.e.Flush(chunk)
		}
		disk := l.disk
		l.drop()
		disk.LosePower()
		l.open()
		if got := figure(t, l.e, "pairs"); got != want {
			t.Errorf("%s: %v pairs are known, want %v", fsync, got, want)
		}
	}
}

// TestPoisonIsNotTakenTwice: an entry that makes the detector fail, or that nobody understands, does not keep the next
// process from starting, nor the entries behind it from being used.
func TestPoisonIsNotTakenTwice(t *testing.T) {
	l := newLife(t, withState)
	all := chunks(t, svcrack, 100)
	l.e.Flush(bytes.Clone(all[0]))
	for _, poison := range [][]byte{{99}, {byte(journal.Chunk), 1, 2, 3}, {byte(journal.Rules)}, {}} {
		entry := journal.NewItem()
		entry.Head = poison
		l.e.intake.journal.Append(entry)
	}
	l.e.Flush(bytes.Clone(all[1]))
	l.crash()
	for i := range 31 * 6 {
		l.clock.set(recorded.Add(time.Duration(i) * 10 * time.Second))
		l.e.tick()
	}
	l.collect(true)
	if last := l.alerts[len(l.alerts)-1]; !strings.Contains(last, "100 rejected attempts") {
		t.Errorf("%q", l.alerts)
	}
	if !l.log.has("4 entries were left out") {
		t.Errorf("log %q", l.log.lines)
	}
	if err := guard.Call(func() error { panic("poison") }); err == nil || !strings.Contains(err.Error(), "poison") {
		t.Errorf("a panic gives %v", err)
	}
}

// TestBadNames: a detector's name is a folder's name, and leads nowhere else.
func TestBadNames(t *testing.T) {
	config := t.TempDir() + "/siphunt.toml"
	write(t, config, withState)
	for _, name := range []string{".", "..", "a/b", "../a", "/"} {
		if _, err := Open(Options{Name: name, ConfigFile: config, fs: &faulty.FS{}}); err == nil || !strings.Contains(err.Error(), "another name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestTwoProcesses: the second is refused, and says why; when the first is killed, it may go on.
func TestTwoProcesses(t *testing.T) {
	if folder := os.Getenv("SIPHUNT_TEST_STATE"); folder != "" { // the other process
		e, err := Open(Options{ConfigFile: folder + "/siphunt.toml", now: (&clock{time: recorded}).now})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		e.Flush(chunks(t, svcrack, 100)[0])
		fmt.Println("open")
		time.Sleep(time.Hour)
	}
	folder := t.TempDir()
	config := folder + "/siphunt.toml"
	write(t, config, fmt.Sprintf("[state]\nstate_dir = %q\n", folder+"/state"))
	other := func() (*exec.Cmd, string) {
		c := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
		c.Env = append(os.Environ(), "SIPHUNT_TEST_STATE="+folder)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 1000)
		n, _ := out.Read(said)
		return c, string(said[:n])
	}
	first, said := other()
	if said != "open\n" {
		t.Fatalf("the first process says %q", said)
	}
	second, said := other()
	_ = second.Wait()
	if !strings.Contains(said, folder+"/state/main is in use by another siphunt") {
		t.Errorf("the second process says %q", said)
	}
	if _, err := Open(Options{ConfigFile: config}); err == nil {
		t.Error("a third is not refused")
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := first.Wait(); !errors.As(err, &exit) {
		t.Errorf("the first ended with %v", err)
	}
	e := open(t, Options{ConfigFile: config, now: (&clock{time: recorded}).now})
	if figure(t, e, "pairs") != 1 {
		t.Error("what the killed process knew is lost")
	}
}
