package replay

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/sample"
)

// attack is a chunk in which one client guesses.
func attack(records int) []byte {
	c := sample.New(records, 1, sample.Ipfixcol2, sample.UniRec)
	for _, i := range c.Relevant {
		c.SetAnswer(i, 1, 1, 401)
	}
	return c.Bytes
}

func TestReplayReadsChunks(t *testing.T) {
	chunk := attack(300)
	many := bytes.Repeat(attack(3000), 3) // more than is read at a time
	for name, c := range map[string]struct {
		in      io.Reader
		records uint64
	}{
		"plain":        {bytes.NewReader(chunk), 300},
		"byte by byte": {iotest.OneByteReader(bytes.NewReader(chunk)), 300},
		"gzip":         {bytes.NewReader(gzipped(t, string(chunk))), 300},
		"many":         {bytes.NewReader(many), 9000},
	} {
		got := replay(t, c.in)
		if got.err != nil || got.states != "open end" && got.states != "open update end" || got.counts.Records != c.records || got.counts.Relevant != c.records || len(got.complaints) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestDamagedChunks: what is before the damage is used, and somebody says where it is.
func TestDamagedChunks(t *testing.T) {
	chunk := attack(300)
	half := chunk[:len(chunk)-100]
	for name, in := range map[string]io.Reader{
		"cut":     bytes.NewReader(half),
		"garbage": bytes.NewReader(slices.Concat(chunk[:flow.Whole(half)], []byte{0xc1, 0xc1, 0xc1})),
		"endless": io.MultiReader(bytes.NewReader(chunk[:flow.Whole(half)]), strings.NewReader("\xdb\xff\xff\xff\xff"), io.LimitReader(endless{}, 8*maxLine)),
	} {
		got := replay(t, in)
		if got.err != nil || got.counts.Relevant != 299 || got.counts.Dropped[flow.Malformed] == 0 || got.counts.Dropped[flow.Malformed] != got.counts.Records-299 ||
			len(got.complaints) != 1 || !strings.HasPrefix(got.complaints[0], "flows: byte ") || !strings.Contains(got.complaints[0], "dropped, malformed") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	broken := replay(t, io.MultiReader(bytes.NewReader(chunk[:100_000]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if broken.err != nil || broken.counts.Broken != 1 || broken.counts.Relevant < 10 || !strings.Contains(strings.Join(broken.complaints, "\n"), "broken off: unexpected EOF") {
		t.Errorf("broken off: %+v", broken)
	}
}
