package main

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFluentBitCrashes: a real Fluent Bit tails a file that grows, keeps its chunks on disk, and is killed: before a
// chunk is taken, between flush and answer, while alerts are given, and after they were copied.
//
// A witness between the two (testdata/host/witness.c) writes down what goes by. So what siphunt has to do is known
// exactly, whatever Fluent Bit gives twice or never: count each chunk that it took once, and have each alert copied at
// least once. The chunks without those that came again are given to an undisturbed host, which has to report the same.
//
// What Fluent Bit itself repeats or loses is then the difference between the lines of the file and the records in those
// chunks: where tail had not noted yet how far it had read, it reads lines again, into other chunks. That is only told.
func TestFluentBitCrashes(t *testing.T) {
	w := newWitness(t, day(t))
	chance := rand.New(rand.NewPCG(6, 6))
	kills := crashes(t, "SIPHUNT_FLUENT_BIT_CRASHES", 2)
	for i := range kills {
		at := [...]struct {
			call string
			of   int // how many there are for sure
		}{{"A", 4}, {"C", 1}, {"F", 4}, {"D", 1}}[i%4]
		w.run(fmt.Sprint(at.call, 1+chance.IntN(at.of)), len(w.flows)*(i+1)/(kills+1))
	}
	w.run(never, len(w.flows))

	folder := t.TempDir()
	var files, copied []string
	counted := map[string]int{}
	again, given := 0, 0
	for _, p := range w.processes {
		earlier := maps.Clone(counted)
		for _, c := range p.flushed {
			if earlier[c] > 0 {
				earlier[c]--
				again++
				continue
			}
			counted[c]++
			files = append(files, write(t, filepath.Join(folder, fmt.Sprint(len(files))), c))
		}
		copied = append(copied, p.copied...)
		given += p.given
	}
	want := undisturbed(t, files)
	compareReports(t, want, copied)
	lost, repeated := w.ofFluentBit(files)
	t.Logf("%d kills (%s); %d chunks counted, %d that came again were not; %d alerts, given %d times and copied %d times; Fluent Bit itself lost %d records of %d and repeated %d",
		kills, w.ends(), len(files), again, len(want), given, len(copied), lost, len(w.flows), repeated)
}

// witness is a Fluent Bit with the library that looks on.
type witness struct {
	t         *testing.T
	folder    string
	config    string
	flows     []string
	fed       int // lines of the file so far
	processes []observed
}

// observed is what one process has done.
type observed struct {
	flushed []string // chunks that siphunt has taken
	copied  []string // alerts that it gave, and Fluent Bit has copied
	given   int      // alerts that it gave
	last    byte     // what went by last
}

func newWitness(t *testing.T, flows []string) *witness {
	t.Helper()
	fluentBitProgram(t)
	w := &witness{t: t, folder: t.TempDir(), flows: flows}
	library := filepath.Join(w.folder, "witness.so")
	compile := exec.Command("cc", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, "../testdata/host/witness.c", "-ldl", "-lpthread")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, filepath.Join(w.folder, "day.flows"), "")
	if err := os.Rename(stateConfig(t, w.folder), filepath.Join(w.folder, "day.toml")); err != nil {
		t.Fatal(err)
	}
	const onDisk = "      storage.type: filesystem\n"
	config := yaml("  inputs:\n", fmt.Sprintf(tailInput, w.folder, "day"), onDisk, "      db: "+w.folder+"/tail.db\n",
		fmt.Sprintf(alertsInput, w.folder, "day"), onDisk,
		"  outputs:\n", fmt.Sprintf(siphuntOutput, w.folder, "day"), fmt.Sprintf(fileOutput, w.folder))
	config = strings.ReplaceAll(config, built.plugin, library)
	config = strings.Replace(config, "  flush: 0.2\n", "  flush: 0.1\n  storage.path: "+w.folder+"/storage\n", 1)
	w.config = write(t, filepath.Join(w.folder, "fluent-bit.yaml"), config)
	t.Setenv("WITNESS_LIBRARY", built.plugin)
	return w
}

// never is where the witness does not kill.
const never = "-0"

// run starts Fluent Bit and lets the file grow to a number of lines. The witness kills it at a call, or it is stopped
// when all has gone by.
func (w *witness) run(killAt string, lines int) {
	w.t.Helper()
	log := filepath.Join(w.folder, fmt.Sprint("witness-", len(w.processes)))
	w.t.Setenv("WITNESS_LOG", log)
	w.t.Setenv("WITNESS_KILL", killAt)
	p := startFluentBit(w.t, "-c", w.config)
	w.feed(lines, p.ended)
	if killAt != never {
		select {
		case <-p.ended:
		case <-time.After(4 * time.Second): // there were too few calls: it is killed while it has nothing to do
			_ = p.command.Process.Kill()
			<-p.ended
		}
	} else {
		for before, size := int64(-1), int64(0); size != before; time.Sleep(4 * time.Second) {
			before = size
			if info, err := os.Stat(log); err == nil {
				size = info.Size()
			}
		}
		p.stop()
	}
	w.processes = append(w.processes, w.observe(log))
}

// feed appends lines to the file, some at a time, so that there are many chunks.
func (w *witness) feed(to int, ended <-chan struct{}) {
	w.t.Helper()
	f, err := os.OpenFile(filepath.Join(w.folder, "day.flows"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	step := max(1, (to-w.fed)/8)
	for w.fed < to {
		next := min(w.fed+step, to)
		if _, err := f.WriteString(strings.Join(w.flows[w.fed:next], "\n") + "\n"); err != nil {
			w.t.Fatal(err)
		}
		w.fed = next
		select {
		case <-ended: // what is missing comes in one piece, as it does when Fluent Bit was away
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// observe reads the log of a witness. A chunk that was not handed on, since the process was killed before, has an F
// without its A.
func (w *witness) observe(file string) (o observed) {
	w.t.Helper()
	var chunk string
	var alerts []string
	b, err := os.ReadFile(file)
	if err != nil {
		return o // it was killed before anything went by
	}
	for len(b) > 0 {
		n := 9 + binary.LittleEndian.Uint64(b[1:])
		data := b[9:n]
		switch o.last = b[0]; o.last {
		case 'F':
			chunk = string(data)
		case 'A':
			o.flushed = append(o.flushed, chunk)
		case 'C':
			alerts = unpack(w.t, data)
			o.given += len(alerts)
		case 'D':
			o.copied = append(o.copied, alerts...)
		}
		b = b[n:]
	}
	return o
}

// ends says where the processes have ended.
func (w *witness) ends() string {
	n := map[byte]int{}
	for _, p := range w.processes[:len(w.processes)-1] {
		n[p.last]++
	}
	return fmt.Sprintf("%d before a flush, %d after one, %d while alerts were given, %d after they were copied", n['F'], n['A'], n['C'], n['D'])
}

// ofFluentBit compares the records of chunks with the lines of the file.
func (w *witness) ofFluentBit(files []string) (lost, repeated int) {
	w.t.Helper()
	wanted := map[string]int{}
	for _, record := range unpack(w.t, chunk(w.t, w.flows)) {
		wanted[sorted(w.t, record)]++
	}
	for _, file := range files {
		for _, record := range unpack(w.t, []byte(read(w.t, file))) {
			wanted[sorted(w.t, record)]--
		}
	}
	for _, n := range wanted {
		lost += max(n, 0)
		repeated += max(-n, 0)
	}
	return lost, repeated
}

// sorted has the fields of a record in the order of their names.
func sorted(t *testing.T, record string) string {
	t.Helper()
	var fields map[string]any
	if err := json.UnmarshalFromString(record, &fields); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(fields)
}
