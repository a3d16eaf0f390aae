package flow

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/siphunt/siphunt/detect"
	"github.com/tinylib/msgp/msgp"
)

const samples = "../../../testdata/flow/"

// truth is what was counted from the packets of a capture.
type truth struct {
	Requests uint64
	Triples  []struct {
		Server, Client, User string
		Codes                map[string]int
	}
}

// answers gives the truth as "server client user status" -> number.
func (t truth) answers() map[string]int {
	counts := map[string]int{}
	for _, triple := range t.Triples {
		for code, n := range triple.Codes {
			counts[fmt.Sprintf("%s %s %s %s", triple.Server, triple.Client, triple.User, code)] = n
		}
	}
	return counts
}

func countAnswers(flows []detect.Flow) map[string]int {
	counts := map[string]int{}
	for _, f := range flows {
		if f.Status > 0 {
			counts[fmt.Sprintf("%s %s %s %d", f.Registrar, f.Client, f.Extension, f.Status)]++
		}
	}
	return counts
}

// What is decoded from the exporters' records is what was in the packets: every answer with the right registrar, client,
// user and status, whatever the exporter's settings, and by both ways in.
func TestRecordedTrafficHoldsWhatWasInThePackets(t *testing.T) {
	var truths map[string]truth
	must(t, json.Unmarshal(unzip(t, samples+"truth.json.gz"), &truths))
	files, err := filepath.Glob(samples + "*/*.jsonl.gz")
	must(t, err)
	if len(files) < 20 {
		t.Fatalf("only %d recorded files found", len(files))
	}
	for _, file := range files {
		capture, variant, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".jsonl.gz"), ".")
		if strings.HasPrefix(capture, "a3_") {
			capture = "a3_svwar_all401_gives_up" // with other settings of the exporter
		}
		exporter := filepath.Base(filepath.Dir(file))
		want, known := truths[capture]
		if !known || capture == "s_corner" || exporter == "suricata" { // these have tests of their own
			continue
		}
		t.Run(exporter+"/"+capture+"."+variant, func(t *testing.T) {
			lines := readLines(t, file)
			d := newDecoder(t, Options{ExtensionBy: "user"})
			var byLine, byChunk Batch
			for _, line := range lines {
				d.Line(&byLine, line)
			}
			if diff := cmp.Diff(want.answers(), countAnswers(byLine.Flows)); diff != "" {
				t.Errorf("answers (-packets +records):\n%s", diff)
			}
			several := 0 // messages in records behind their first
			if strings.HasPrefix(capture, "r_tcp") {
				several = map[string]int{"tshark": 20, "suricata-packets": 20, "suricata-payload": 5}[exporter]
			}
			if n := byLine.Stats.Dropped[Duplicate]; exporter == "suricata-payload" && n != uint64(several) {
				t.Errorf("%d dropped as duplicate, want a second record of each packet with two answers", n)
			}
			checkStats(t, &byLine, len(lines)+several)
			if variant == "split" {
				if half := uint64(len(lines) / 2); byLine.Stats.Dropped[Duplicate] != half {
					t.Errorf("%d dropped as duplicate, want the %d empty halves", byLine.Stats.Dropped[Duplicate], half)
				}
			}
			newDecoder(t, Options{ExtensionBy: "user"}).Chunk(&byChunk, chunkOf(t, lines))
			if diff := cmp.Diff(byLine.Flows, byChunk.Flows, compareFlows); diff != "" {
				t.Errorf("chunk and lines differ (-lines +chunk):\n%s", diff)
			}
			if diff := cmp.Diff(byLine.Marks, byChunk.Marks); diff != "" {
				t.Errorf("marks of chunk and lines differ (-lines +chunk):\n%s", diff)
			}
		})
	}
}

var compareFlows = cmp.Comparer(func(a, b detect.Flow) bool { return a == b })

// checkStats checks that each record is counted once.
func checkStats(t *testing.T, b *Batch, records int) {
	t.Helper()
	sum, marked, answers := b.Stats.Relevant+b.Stats.Other, uint64(0), uint64(0)
	for r, n := range b.Stats.Dropped {
		sum += n
		if (n > 0) != (b.Stats.Example[r] != "") {
			t.Errorf("%d dropped as %s, example %q", n, Reason(r), b.Stats.Example[r])
		}
	}
	for i, m := range b.Marks {
		marked += uint64(m.N)
		if int(m.Before) > len(b.Flows) || i > 0 && m.Before < b.Marks[i-1].Before {
			t.Errorf("mark %d is before flow %d of %d", i, m.Before, len(b.Flows))
		}
	}
	for _, f := range b.Flows {
		if f.Status > 0 {
			answers++
		}
	}
	if b.Stats.Records != uint64(records) || sum != b.Stats.Records {
		t.Errorf("%d records were given, %d counted, of them %d by kind: %+v", records, b.Stats.Records, sum, b.Stats)
	}
	if answers != b.Stats.Relevant || marked+uint64(len(b.Flows)) != b.Stats.Relevant+b.Stats.Other {
		t.Errorf("%d answers, %d flows, %d marked do not agree with %+v", answers, len(b.Flows), marked, b.Stats)
	}
}

func newDecoder(t testing.TB, o Options) *Decoder {
	t.Helper()
	if o.Wants == nil {
		config := detect.DefaultConfig()
		o.Wants = config.Wants
	}
	d, err := NewDecoder(o)
	must(t, err)
	return d
}

// chunkOf writes JSON lines as the records of a Fluent Bit chunk, a second apart from 2026-11-22 10:00.
func chunkOf(t testing.TB, lines [][]byte) []byte {
	t.Helper()
	var chunk []byte
	for i, line := range lines {
		chunk = append(chunk, recordOf(t, 1795341600+uint32(i), line)...)
	}
	return chunk
}

func recordOf(t testing.TB, sec uint32, line []byte) []byte {
	t.Helper()
	out := []byte{0x92, 0x92, 0xd7, 0, byte(sec >> 24), byte(sec >> 16), byte(sec >> 8), byte(sec), 0, 0, 0, 0, 0x80}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	return append(out, packed(t, d)...)
}

// packed writes the next JSON value as msgpack, with members in their order.
func packed(t testing.TB, d *json.Decoder) []byte {
	t.Helper()
	token, err := d.Token()
	must(t, err)
	switch v := token.(type) {
	case string:
		return msgp.AppendString(nil, v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return msgp.AppendInt64(nil, n)
		}
		f, err := v.Float64()
		must(t, err)
		return msgp.AppendFloat64(nil, f)
	case bool:
		return msgp.AppendBool(nil, v)
	case json.Delim:
		var body []byte
		n := uint32(0)
		for ; d.More(); n++ {
			body = append(body, packed(t, d)...)
		}
		_, err := d.Token()
		must(t, err)
		if v == '{' {
			return append(msgp.AppendMapHeader(nil, n/2), body...)
		}
		return append(msgp.AppendArrayHeader(nil, n), body...)
	}
	return msgp.AppendNil(nil)
}

func readLines(t testing.TB, file string) (lines [][]byte) {
	t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(unzip(t, file)))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		lines = append(lines, slices.Clone(scanner.Bytes()))
	}
	must(t, scanner.Err())
	return lines
}

func unzip(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	content, err := io.ReadAll(z)
	must(t, err)
	return content
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
