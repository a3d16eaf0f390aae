package alert

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "300@pbx.example.net", "300@pbx.example.net"},
		{"letters of any script", "žluťoučký 電話 هاتف", "žluťoučký 電話 هاتف"},
		{"empty", "", ""},
		{"not UTF-8", "a\xff\xc3(b\xed\xa0\x80", "a\ufffd\ufffd(b\ufffd\ufffd\ufffd"},
		{"cut within a letter", "a\xc3", "a\ufffd"},
		{"line breaks", "a\r\nb\u0085c\u2028d\u2029e", "a\ufffd\ufffdb\ufffdc\ufffdd\ufffde"},
		{"terminal escapes", "\x1b[31mred\x1b]0;title\x07\u009b2J", "\ufffd[31mred\ufffd]0;title\ufffd\ufffd2J"},
		{"NUL, tab, delete", "a\x00b\tc\x7f", "a\ufffdb\ufffdc\ufffd"},
		{"direction of writing", "\u202e003\u202c \u2066x\u2069 \u200f", "\ufffd003\ufffd \ufffdx\ufffd \ufffd"},
		{"nothing to see", "a\u200bb\u2060c\ufeffd\u00ade\u3164f\ufe0f", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffd"},
		{"tags and private use", "a\U000e0041\ue000", "a\ufffd\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean(tt.in, 128); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCleanCutsBetweenCharacters(t *testing.T) {
	for _, letter := range []string{"a", "ž", "電", "\U0001f4de", "\xff"} {
		got := clean(strings.Repeat(letter, 1000), 64)
		if n := utf8.RuneCountInString(got); n != 64 || !utf8.ValidString(got) {
			t.Errorf("%q: %d characters: %q", letter, n, got)
		}
	}
}

// The detector tells long extensions apart by a hash at their end: 64 bytes, which must come through whole.
func TestCleanKeepsTheDetectorsHash(t *testing.T) {
	in := strings.Repeat("ž", 23) + "\xc5" + "~0123456789abcdef"
	if got := clean(in, maxExtension); !strings.HasSuffix(got, "~0123456789abcdef") || len(in) != 64 {
		t.Errorf("%d bytes became %q", len(in), got)
	}
}

func TestCleanedLeavesTheAlertAlone(t *testing.T) {
	a := sampleBruteForceSuccess()
	a.Extension, a.Clients.Top[0].Extension, a.Successes[0].Extension = "\x00", "\x00", "\x00"
	a.UserAgents[0], a.Probes[0] = "\x00", "\x00"
	a.Successes[0].Client = netip.MustParseAddr("fe80::1%\x1b[2J")
	a.Tools, a.Campaign.ID = []string{"\x00"}, "\x00"
	a.Registrars.Top[0].Client = a.Successes[0].Client
	c := cleaned(&a)
	if a.Extension+a.Clients.Top[0].Extension+a.Successes[0].Extension+a.UserAgents[0]+a.Probes[0]+a.Tools[0] != "\x00\x00\x00\x00\x00\x00" {
		t.Error("the original was changed")
	}
	for _, addr := range []netip.Addr{c.Successes[0].Client, c.Registrars.Top[0].Client} {
		if addr.String() != "fe80::1" {
			t.Errorf("the zone is text from outside, and still there: %q", addr)
		}
	}
	if c.Tools[0] != "\ufffd" || c.Campaign.ID != "\ufffd" {
		t.Errorf("not cleaned: tool %q, campaign %q", c.Tools[0], c.Campaign.ID)
	}
}
