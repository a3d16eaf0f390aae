package replay

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/flow"
)

// flowLine is a rejection at the given second, as UniRec has it.
func flowLine(second int) string {
	return fmt.Sprintf(`{"TIME_LAST":%d,"SRC_IP":"198.18.0.10","DST_IP":"198.18.1.13","SRC_PORT":5060,"DST_PORT":5060,"PROTOCOL":17,`+
		`"PACKETS":1,"BYTES":400,"PACKETS_REV":0,"BYTES_REV":0,"SIP_MSG_TYPE":99,"SIP_STATUS_CODE":401,"SIP_CSEQ":"1 REGISTER",`+
		`"SIP_CALLED_PARTY":"sip:300@198.18.0.10","SIP_CALLING_PARTY":"sip:300@198.18.0.10"}`, 1_795_340_000+second)
}

// guesses is a small brute force: n rejections, one a second.
func guesses(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(flowLine(i) + "\n")
	}
	return b.String()
}

// replayed is what came of a replay.
type replayed struct {
	states     string // of the alerts, "open end"
	complaints []string
	counts     Counts
	err        error
}

func replay(t *testing.T, in io.Reader) replayed {
	t.Helper()
	var out replayed
	r, err := New(config.Default(),
		func(a *detect.Alert) { out.states = strings.TrimSpace(out.states + " " + a.State.String()) },
		func(msg string) { out.complaints = append(out.complaints, msg) })
	if err != nil {
		t.Fatal(err)
	}
	out.err = r.Read("flows", in)
	r.Finish()
	out.counts = r.Counts()
	return out
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplayReadsWhatIsCompressed(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{
		"plain":                []byte(guesses(30)),
		"without the last end": []byte(strings.TrimSpace(guesses(30))),
		"gzip":                 gzipped(t, guesses(30)),
		"gzip in two members":  append(gzipped(t, guesses(20)), gzipped(t, guesses(10))...),
		"zstd":                 z.EncodeAll([]byte(guesses(30)), nil),
	} {
		got := replay(t, bytes.NewReader(in))
		if got.err != nil || got.states != "open end" || got.counts.Records != 30 || len(got.complaints) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReplayOfNothing(t *testing.T) {
	for name, in := range map[string][]byte{"nothing": nil, "empty lines": []byte("\n\n"), "gzip of nothing": gzipped(t, "")} {
		if got := replay(t, bytes.NewReader(in)); got.err != nil || got.counts.Records != 0 || got.states != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBadLinesDoNotStopTheGoodOnes(t *testing.T) {
	text := guesses(10) + "{\"TIME_LAST\": \n" + guesses(10) + "neither\n" + strings.Repeat("x", maxLine+1) + "\n" + guesses(10) +
		strings.Repeat("y", 3*maxLine)
	got := replay(t, strings.NewReader(text))
	if got.err != nil || got.states != "open end" || got.counts.Relevant != 30 || got.counts.Dropped[flow.Malformed] != 4 || got.counts.Records != 34 {
		t.Errorf("%+v", got)
	}
	if len(got.complaints) != 2 || !strings.HasPrefix(got.complaints[0], "flows:11: dropped, malformed: ") ||
		!strings.HasPrefix(got.complaints[1], "flows:23: longer than 1 MiB") {
		t.Errorf("told: %q", got.complaints)
	}
}

func TestTruncatedInputIsUsedAsFarAsItGoes(t *testing.T) {
	whole := gzipped(t, guesses(5000))
	got := replay(t, bytes.NewReader(whole[:len(whole)/2]))
	if got.err != nil || got.counts.Broken != 1 || got.counts.Relevant < 1000 || got.counts.Relevant >= 5000 || !strings.HasPrefix(got.states, "open") {
		t.Errorf("%+v", got)
	}
	if want := fmt.Sprintf("flows:%d: broken off: unexpected EOF", got.counts.Relevant+1); len(got.complaints) != 1 || !strings.HasPrefix(got.complaints[0], want) {
		t.Errorf("told %q, want %s", got.complaints, want)
	}
	if got := replay(t, bytes.NewReader(whole[:12])); got.err == nil || !strings.Contains(got.err.Error(), "flows: unexpected EOF") {
		t.Errorf("nothing could be read: %+v", got)
	}
}

func TestReplayOfAFolder(t *testing.T) {
	f, err := os.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := replay(t, f); got.err == nil {
		t.Errorf("a folder was read: %+v", got)
	}
}

// TestLongLinesTakeNoMemory: a line without an end is read in pieces that are forgotten.
func TestLongLinesTakeNoMemory(t *testing.T) {
	l, err := NewLines(io.LimitReader(endless{}, 64*maxLine))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := l.Next(); !errors.Is(err, ErrLongLine) {
		t.Errorf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 16*maxLine {
		t.Errorf("%d bytes allocated", n)
	}
}

// endless is a file that is one line.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
