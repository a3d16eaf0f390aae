package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/report"
)

// chromium is the browser. `make test-report` sets SIPHUNT_CHROMIUM, with which it is a failure that there is none.
func chromium(t *testing.T) string {
	t.Helper()
	name := os.Getenv("SIPHUNT_CHROMIUM")
	path, err := exec.LookPath(cmp.Or(name, "chromium"))
	switch {
	case err != nil && name != "":
		t.Fatalf("SIPHUNT_CHROMIUM: %v", err)
	case err != nil:
		t.Skip("NOT TESTED in a browser: there is no chromium; make test-report makes sure that there is one")
	}
	return path
}

// browser runs Chromium without a window, in a light or a dark scheme.
func browser(t *testing.T, dark bool, args ...string) []byte {
	t.Helper()
	scheme := "--blink-settings=preferredColorScheme=1"
	if dark {
		scheme = "--blink-settings=preferredColorScheme=0"
	}
	args = append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(), scheme}, args...)
	out, err := exec.Command(chromium(t), args...).Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return out
}

// seen is what a browser shows of the page.
type seen struct {
	Width, ScrollWidth int
	Beyond             []string // elements that stick out
	Title              string
	Background, Color  string
	Scripts            int
	Fields             map[string]string
	BreakIns           []string // incidents
	Incidents          []string
	Tables             map[string][][]string // the cells, by caption
	Drawings           []drawn
	Headings           []string
	Problems           []string // of accessibility
}

type drawn struct {
	Label string
	Texts []string
}

// lookAt opens the page, in a frame of a width, and looks at it from outside: the page itself allows no script.
const lookAt = `<!doctype html><body style="margin:0"><iframe id=f src="/page" style="border:0;width:%dpx;height:900px"></iframe><pre id=out></pre><script>
f.onload = () => {
  const d = f.contentDocument, w = f.contentWindow, all = (s, e = d) => [...e.querySelectorAll(s)];
  const shown = e => e.getClientRects().length > 0, text = e => e.textContent.replace(/\s+/g, ' ').trim();
  const r = {Width: d.documentElement.clientWidth, ScrollWidth: d.documentElement.scrollWidth, Scripts: d.scripts.length, Fields: {}, Tables: {}, Problems: []};
  r.Title = d.title;
  const style = w.getComputedStyle(d.body);
  r.Background = style.backgroundColor; r.Color = style.color;
  r.Beyond = all('body *').filter(e => shown(e) && e.getBoundingClientRect().right > r.Width + 1 && !e.closest('thead')).map(e => e.tagName + ' ' + text(e).slice(0, 60));
  all('[data-field]').forEach(e => r.Fields[e.dataset.field] = text(e));
  r.BreakIns = all('#break-ins [data-incident]').map(e => e.dataset.incident);
  r.Incidents = all('#incidents [data-incident]').map(e => e.dataset.incident);
  all('table').forEach(t => { if (!t.caption) r.Problems.push('a table without a caption'); else r.Tables[text(t.caption)] = all('tbody tr', t).map(tr => [...tr.cells].map(text)); });
  r.Drawings = all('figure svg[role=img]').filter(shown).map(s => ({Label: s.getAttribute('aria-label'), Texts: all('text', s).map(text)}));
  r.Headings = all('h1,h2,h3,h4').map(e => e.tagName + ' ' + text(e));
  let level = 0;
  all('h1,h2,h3,h4').forEach(e => { const l = +e.tagName[1]; if (l > level + 1) r.Problems.push('h' + level + ' is followed by ' + e.tagName + ' ' + text(e)); level = l; });
  all('svg').forEach(s => { if (s.getAttribute('aria-hidden') != 'true' && !(s.getAttribute('role') == 'img' && s.getAttribute('aria-label'))) r.Problems.push('a drawing without a text'); });
  all('nav a').forEach(a => { if (!d.querySelector(a.getAttribute('href'))) r.Problems.push('a link to nothing: ' + a.href); });
  if (d.documentElement.lang != 'en' || !d.title) r.Problems.push('no language or no title');
  out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(r))));
};
</script>`

// look shows a page in a browser.
func look(t *testing.T, page []byte, width int, dark bool) *seen {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			_, _ = w.Write(page)
		case "/look":
			fmt.Fprintf(w, lookAt, width)
		default:
			if r.URL.Path != "/favicon.ico" { // the frame's
				t.Errorf("the page asks for %s", r.URL)
			}
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dom := string(browser(t, dark, "--virtual-time-budget=10000", "--window-size=1400,1000", "--dump-dom", server.URL+"/look"))
	m := regexp.MustCompile(`<pre id="out">([A-Za-z0-9+/=]+)</pre>`).FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("nothing was seen: %s", dom[:min(len(dom), 2000)])
	}
	b, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	s := new(seen)
	if err := json.Unmarshal(b, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// made is a report as a user makes it: the page, and the JSON behind it.
func made(t *testing.T, files ...string) ([]byte, *report.Report) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	code, stdout, stderr := shell("", append([]string{"report", "-json", "-o", file}, files...)...)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := new(report.Report)
	if err := json.Unmarshal([]byte(stdout), r); err != nil {
		t.Fatal(err)
	}
	return page, r
}

// scenarios of every kind, two of them with a break-in, and phones that are no attackers.
var reported = []string{
	scenarioRoot + "/svcrack-success/flows.jsonl.gz", scenarioRoot + "/distributed-success/flows.jsonl.gz", scenarioRoot + "/password-spray/flows.jsonl.gz",
	scenarioRoot + "/svwar-404/flows.jsonl.gz", scenarioRoot + "/good-phones/flows.jsonl.gz", scenarioRoot + "/ipv6/flows.jsonl.gz",
}

// TestReportInABrowser: the page shows what the JSON says, at the width of a telephone and of a screen, in the light and in the dark.
func TestReportInABrowser(t *testing.T) {
	page, r := made(t, reported...)
	if r.BreakIns.Count < 2 || len(r.Timeline.Steps) == 0 {
		t.Fatalf("the scenarios have no break-ins: %+v", r.Verdict)
	}
	backgrounds := map[string]bool{}
	for _, width := range []int{390, 1280} {
		for _, dark := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d dark=%t", width, dark), func(t *testing.T) {
				s := look(t, page, width, dark)
				backgrounds[s.Background] = true
				if s.Width != width || s.ScrollWidth > width || len(s.Beyond) > 0 {
					t.Errorf("%d of %d px; beyond them: %q", s.ScrollWidth, s.Width, s.Beyond)
				}
				if c := contrast(t, s.Background, s.Color); c < 7 {
					t.Errorf("text on its ground has a contrast of %.1f: %s on %s", c, s.Color, s.Background)
				}
				if len(s.Problems) > 0 || s.Scripts > 0 {
					t.Errorf("problems: %q, %d scripts", s.Problems, s.Scripts)
				}
				compareFigures(t, s, r)
			})
		}
	}
	if len(backgrounds) != 2 {
		t.Errorf("light and dark have the grounds %v", backgrounds)
	}
}

// compareFigures compares what is seen with the JSON.
func compareFigures(t *testing.T, s *seen, r *report.Report) {
	t.Helper()
	total := func(n int) string {
		return strings.ReplaceAll(s.Fields[map[int]string{0: "confirmed", 1: "attacks", 2: "attempts", 3: "attackers", 4: "servers", 5: "accounts"}[n]], ",", "")
	}
	for i, want := range []int{r.Totals.Confirmed, r.Totals.Attacks, r.Totals.Attempts, r.Totals.Attackers, r.Totals.Servers, r.Totals.Accounts} {
		if total(i) != strconv.Itoa(want) {
			t.Errorf("total %d is %s, want %d", i, total(i), want)
		}
	}
	if s.Fields["headline"] != r.Verdict.Headline {
		t.Errorf("headline %q, want %q", s.Fields["headline"], r.Verdict.Headline)
	}
	var breakIns, incidents []string
	for _, b := range r.BreakIns.Rows {
		breakIns = append(breakIns, b.Incident)
	}
	for _, i := range r.Incidents.Rows {
		incidents = append(incidents, i.ID)
	}
	if fmt.Sprint(s.BreakIns) != fmt.Sprint(breakIns) || fmt.Sprint(s.Incidents) != fmt.Sprint(incidents) {
		t.Errorf("break-ins %v, want %v; incidents %v, want %v", s.BreakIns, breakIns, s.Incidents, incidents)
	}
	compareTables(t, s, r)
	compareDrawings(t, s, r)
}

func compareTables(t *testing.T, s *seen, r *report.Report) {
	t.Helper()
	table := func(caption string) [][]string {
		for c, rows := range s.Tables {
			if strings.HasPrefix(c, caption) {
				return rows
			}
		}
		t.Errorf("there is no table %q", caption)
		return nil
	}
	for caption, parties := range map[string]report.List[report.Party]{"Attackers": r.Attackers, "Servers under attack": r.Servers, "Accounts under attack": r.Accounts} {
		rows := table(caption)
		if len(rows) != len(parties.Rows) {
			t.Errorf("%s: %d rows, want %d", caption, len(rows), len(parties.Rows))
			continue
		}
		for i, p := range parties.Rows {
			if !strings.HasPrefix(rows[i][0], p.Name) || strings.ReplaceAll(rows[i][2], ",", "") != strconv.Itoa(p.Attempts) || rows[i][5] != strconv.Itoa(p.Entered) {
				t.Errorf("%s: %q, want %+v", caption, rows[i], p)
			}
		}
	}
	for i, row := range table("Attacks under way") {
		b := r.Timeline.Steps[i]
		if got, want := strings.Join(row[1:], " "), fmt.Sprint(b.Critical, b.High, b.Medium, b.Low, b.Entered); got != want {
			t.Errorf("step %d: %s, want %s", i, got, want)
		}
	}
}

// compareDrawings looks for the figures in the drawings, whose text is text.
func compareDrawings(t *testing.T, s *seen, r *report.Report) {
	t.Helper()
	texts := map[string]bool{}
	for _, d := range s.Drawings {
		for _, text := range d.Texts {
			texts[text] = true
		}
	}
	for _, k := range r.Totals.Kinds {
		if !texts[strings.ReplaceAll(k.Name, "-", " ")] || !texts[strconv.Itoa(k.N)] {
			t.Errorf("the drawing of kinds lacks %+v", k)
		}
	}
	for _, a := range r.Attackers.Rows[:min(len(r.Attackers.Rows), 10)] {
		name := []rune(a.Name)
		if !texts[a.Name] && !texts[string(name[:min(17, len(name))])+"…"] {
			t.Errorf("the drawing of attackers lacks %s", a.Name)
		}
	}
}

// contrast is that of WCAG 2.2, of two colours as a browser writes them.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestScreenshots: pictures of the page at both widths are no empty ones. SIPHUNT_SCREENSHOTS names a folder to keep them in.
func TestScreenshots(t *testing.T) {
	page, _ := made(t, reported...)
	folder := cmp.Or(os.Getenv("SIPHUNT_SCREENSHOTS"), t.TempDir())
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, shot := range map[string]struct {
		width, height int
		dark          bool
	}{"report.png": {1280, 1010, false}, "report-dark.png": {1280, 1010, true}, "report-phone.png": {390, 1010, false}} {
		out := filepath.Join(folder, name)
		browser(t, shot.dark, fmt.Sprintf("--window-size=%d,%d", shot.width, shot.height), "--screenshot="+out, "file://"+file)
		f, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if n := colours(img); img.Bounds().Dx() != shot.width || n < 50 {
			t.Errorf("%s is %v with %d colours", name, img.Bounds(), n)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func colours(img image.Image) int {
	seen := map[any]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			seen[img.At(x, y)] = true
		}
	}
	return len(seen)
}

// TestPrintedReport: the page prints, and what is folded on the screen is on paper.
func TestPrintedReport(t *testing.T) {
	page, _ := made(t, reported...)
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "page.pdf")
	browser(t, true, "--no-pdf-header-footer", "--print-to-pdf="+out, "file://"+file)
	pdf, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(pdf), "/Type /Page\n"); n < 3 {
		t.Errorf("%d pages in %d bytes", n, len(pdf))
	}
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var c [3]float64
	if _, err := fmt.Sscanf(colour, "rgb(%g, %g, %g)", &c[0], &c[1], &c[2]); err != nil {
		t.Fatalf("%s: %v", colour, err)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// linear is how much light a byte of a colour is.
func linear(v float64) float64 {
	if v /= 255; v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// TestHostileNamesInABrowser: whatever clients call their accounts, nothing runs, nothing is loaded, and nothing sticks out.
func TestHostileNamesInABrowser(t *testing.T) {
	var lines strings.Builder
	for i, name := range []string{
		`<script>document.title='owned'</script>`, `"><img src=/owned onerror=alert(1)>`, `</style><style>@import '/owned'</style>`, `<svg onload=alert(1)>`,
		`<iframe src=/owned>`, strings.Repeat("W", 128), "\u202egnp.exe", strings.Repeat("\u0644", 128),
	} {
		alert, err := json.Marshal(map[string]any{
			"message": name, "event": map[string]any{"dataset": "siphunt.alert", "severity": 99, "sequence": 1, "start": "2026-11-22T09:00:00Z", "end": "2026-11-22T10:00:00Z", "reason": name},
			"source": map[string]any{"ip": name, "as": map[string]any{"number": 1, "organization": map[string]any{"name": name}}}, "destination": map[string]any{"ip": name},
			"siphunt": map[string]any{
				"incident": map[string]any{"id": fmt.Sprint(i, name), "state": "open", "kind": name, "confidence": "confirmed"}, "attempts": 1_000_000_000,
				"extensions": map[string]any{"count": 1, "top": []any{map[string]any{"name": name, "attempts": 7}}}, "tools": []string{name, name},
				"campaign": map[string]any{"id": "c"}, "asset": map[string]any{"name": name, "owner": name, "contact": name}, "success_count": 2,
				"successes": []any{map[string]any{"extension": name, "client": name, "registrar": name, "timestamp": "2026-11-22T10:00:00Z", "confidence": "confirmed"},
					map[string]any{"extension": name + "2", "client": name, "registrar": name, "timestamp": "2026-11-22T10:00:00Z", "confidence": "confirmed"}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(alert, '\n'))
	}
	page, r := made(t, file(t, "alerts.jsonl", lines.String()))
	if r.Totals.Attacks != 8 {
		t.Fatalf("%+v", r.Totals)
	}
	for _, width := range []int{390, 1280} {
		s := look(t, page, width, false)
		if s.ScrollWidth > width || len(s.Beyond) > 0 || s.Scripts > 0 || len(s.Problems) > 0 {
			t.Errorf("%d px: %d wide, %q sticks out, %d scripts, %q", width, s.ScrollWidth, s.Beyond, s.Scripts, s.Problems)
		}
		if s.Title != "SIP attack report, 22 November 2026, 09:00 to 10:00 UTC" {
			t.Errorf("the title is %q", s.Title)
		}
		if !strings.Contains(fmt.Sprint(s.Tables), `<script>document.title='owned'</script>`) {
			t.Error("a name is not shown as it is")
		}
	}
}
