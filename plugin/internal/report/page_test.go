package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/calibrate"
)

// evil are names as an attacker may send them.
var evil = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><script>alert(1)</script>`, `</title><svg/onload=alert(1)>`,
	`javascript:alert(1)`, `{{.Policy}}`, "\x1b]0;owned\x07", "\u202egnp.exe", `<!--`, `]]>`, `</svg><script>`, `&lt;script&gt;`, "a\x00b", `<a href="http://example.net">x</a>`,
}

var (
	element   = regexp.MustCompile(`<([a-zA-Z!/][^\s>/]*)([^>]*)>`)
	attribute = regexp.MustCompile(`([\w:-]+)\s*=\s*"[^"]*"`)
)

// known are the elements and attributes that the page is made of.
var known = regexp.MustCompile(`^/?(!doctype|html|head|meta|title|style|body|header|main|section|nav|footer|article|div|span|p|h[1-4]|ul|ol|li|dl|dt|dd|a|strong|code|` +
	`table|caption|thead|tbody|tr|th|td|time|details|summary|figure|figcaption|svg|g|path|text|circle)$`)
var knownAttributes = regexp.MustCompile(`^(lang|charset|http-equiv|content|name|class|id|href|aria-[a-z]+|role|scope|datetime|data-[a-z]+|open|viewBox|transform|d|x|y|cx|cy|r|` +
	`fill|stroke|stroke-[a-z]+|fill-opacity|font-size|textLength|lengthAdjust)$`)

// onlyKnownElements fails where a page has anything that could run, load or link.
func onlyKnownElements(t *testing.T, page string) {
	t.Helper()
	_, page, _ = strings.Cut(page, "</style>")
	for _, m := range element.FindAllStringSubmatch(page, -1) {
		if !known.MatchString(m[1]) {
			t.Errorf("the page has <%s%s>", m[1], m[2])
		}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			if !knownAttributes.MatchString(a[1]) || a[1] == "href" && !regexp.MustCompile(`href\s*=\s*"#[a-z-]+"`).MatchString(a[0]) {
				t.Errorf("the page has <%s %s>", m[1], a[0])
			}
		}
	}
	for _, r := range page {
		if r < ' ' && r != '\n' || r >= 0x202a && r <= 0x202e || r == 0x7f {
			t.Errorf("the page has %U", r)
		}
	}
}

// hostile is a report in which every text is evil.
func hostile(t *testing.T) *Report {
	t.Helper()
	c := NewCollector()
	for i, name := range evil {
		other := evil[(i+1)%len(evil)]
		a := told{id: name, state: other, kind: name, sequence: 1, severity: 99, confidence: "confirmed", attempts: 10 * (i + 1), client: name, server: other,
			account: name, end: 60 * i, entered: []string{name, other}}
		line := strings.Replace(string(a.line()), `"source":{`, `"source":{"address":"<b>x</b>","geo":{"country_name":"<i>y</i>"},"as":{"number":5,"organization":{"name":"<u>"}},`, 1)
		line = strings.Replace(line, `"siphunt":{`, `"siphunt":{"tools":["<script>"],"campaign":{"id":"<script>c"},"asset":{"name":"<script>","owner":"<script>","contact":"<script>"},`, 1)
		if !c.Alert([]byte(line)) {
			t.Fatalf("no alert: %s", line)
		}
	}
	return c.Report(Options{Version: "<script>", Sources: evil, Calibration: &calibrate.Result{
		Distributions: []calibrate.Distribution{{Name: "<script>", About: "<script>", Unit: "<script>", Key: "<script>", Threshold: 20, Recommended: 25,
			Good: calibrate.Series{Count: 1, Max: 3, Buckets: []calibrate.Bucket{{Value: 3, Count: 1}}}}},
		Recommendations: []calibrate.Recommendation{{Key: "<script>", Verdict: calibrate.Raise, Reason: "<script>"}},
		Allow:           []calibrate.Candidate{{Extension: "\x1b<script>", Evidence: "<script>\u202e"}},
		Advice:          []calibrate.Advice{{Subject: "<script>", Text: "<script>"}},
	}})
}

func TestNothingCanBeInjected(t *testing.T) {
	r := hostile(t)
	var page, json strings.Builder
	if err := r.WritePage(&page); err != nil {
		t.Fatal(err)
	}
	onlyKnownElements(t, page.String())
	for _, want := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "{{.Policy}}", `<path class="f-critical"`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if err := r.WriteJSON(&json); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(json.String(), "\x1b\x07\x00\u202e") {
		t.Error("the JSON could steer a terminal")
	}
}

// TestPageNeedsNothing: no script, no network; the policy says so, and the page keeps to it.
func TestPageNeedsNothing(t *testing.T) {
	var page strings.Builder
	if err := collected(t, guessing("a")).WritePage(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, bad := range []string{"<script", "<link", "<img", "http://", "https://", "url(", "@import", " style="} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(text, `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-`) {
		t.Error("no Content-Security-Policy")
	}
}

func TestDrawingsRefuseWhatIsNoShape(t *testing.T) {
	for _, svg := range []string{`<svg><script>x</script></svg>`, `<svg><image href="x"/></svg>`, `<svg><a><path/></a></svg>`, `<svg`} {
		if got, err := forPage(strings.NewReader(svg), ""); err == nil {
			t.Errorf("%s became %s", svg, got)
		}
	}
}
