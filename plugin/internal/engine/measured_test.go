package engine

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/sample"
)

// file returns a file of the state as it is now.
func (l *life) file(name string) string {
	l.t.Helper()
	f, _, err := l.disk.Open("/state/main/" + name)
	if err != nil {
		l.t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// count returns how often something was logged.
func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(strings.Join(l.lines, "\n"), text)
}

// measured is what a snapshot leaves for siphunt calibrate.
func (l *life) measured() *calibrate.Result {
	l.t.Helper()
	l.e.checkpoints.write()
	cfg := detect.DefaultConfig()
	c, configuration, err := calibrate.Read(l.file(calibrate.FileName), &cfg)
	if err != nil || !strings.HasPrefix(configuration, withState) {
		l.t.Fatal(configuration, err)
	}
	return c.Result(&cfg)
}

// TestMeasurementsOutliveRestarts: what an engine has measured that crashed again and again is what one has that never did.
func TestMeasurementsOutliveRestarts(t *testing.T) {
	all := dayChunks(t, 37)
	const config = withState + "[detector]\nmax_future = \"240h\"\n"
	undisturbed, disturbed := newLife(t, config), newLife(t, config)
	for i, chunk := range all {
		for _, l := range []*life{undisturbed, disturbed} {
			l.clock.set(recorded.Add(time.Duration(i) * 700 * time.Millisecond))
			l.e.Flush(bytes.Clone(chunk))
		}
		if i%29 == 0 {
			disturbed.e.checkpoints.write()
		}
		if i%17 == 0 {
			disturbed.crash()
		}
	}
	want, got := undisturbed.measured(), disturbed.measured()
	if want.Rejections < 1000 || want.Rejections != got.Rejections || want.Acceptances != got.Acceptances {
		t.Errorf("%d rejections and %d acceptances, want %d and %d", got.Rejections, got.Acceptances, want.Rejections, want.Acceptances)
	}
	perLogin := func(r *calibrate.Result) (all []calibrate.Distribution) { // windows and groups that were open are gone
		return slices.DeleteFunc(slices.Clone(r.Distributions), func(d calibrate.Distribution) bool { return !strings.HasSuffix(d.Name, "_per_login") })
	}
	if d := cmp.Diff(perLogin(want), perLogin(got)); d != "" || len(perLogin(want)) == 0 {
		t.Errorf("want -, got +\n%s", d)
	}
}

// TestDamagedMeasurementsBeginAnew: they are no reason not to detect.
func TestDamagedMeasurementsBeginAnew(t *testing.T) {
	l := newLife(t, withState)
	l.e.checkpoints.write()
	f, err := l.disk.Create("/state/main/" + calibrate.FileName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("anything")); err != nil {
		t.Fatal(err)
	}
	l.crash()
	if !l.log.has("what was measured for siphunt calibrate begins anew") || !l.e.Kept() {
		t.Errorf("%s", l.log.lines)
	}
	if r := l.measured(); r.Rejections != 0 {
		t.Errorf("%+v", r)
	}
}

// TestMeasurementsThatCannotBeWritten are told of; the state is whole all the same.
func TestMeasurementsThatCannotBeWritten(t *testing.T) {
	l := newLife(t, withState)
	l.disk.Fail(func(_ int, op, path string) error {
		if strings.Contains(path, calibrate.FileName) {
			return fmt.Errorf("%s: no", op)
		}
		return nil
	})
	l.e.checkpoints.write()
	if !l.e.Kept() || !l.log.has("what was measured for siphunt calibrate cannot be written") || l.log.has("not up to date") {
		t.Errorf("%s", l.log.lines)
	}
}

// TestMisfitsAreToldOnceADay: of 130 phones three at a time are asked for their password ten times before they are let in.
func TestMisfitsAreToldOnceADay(t *testing.T) {
	l := newLife(t, withState+"[detector]\nclock = \"flow\"\n")
	const phones, asked, times = 130, 3, 10
	c := sample.New(2*phones+asked*(times-1), 1, sample.Ipfixcol2, sample.UniRec)
	told := 0
	for half := range 2 * 49 {
		record := 0
		answer := func(phone, status int) {
			c.SetAnswer(c.Relevant[record], phone, phone, status)
			record++
		}
		for phone := range phones {
			if half > 0 && (phone-asked*half%phones+phones)%phones < asked {
				for range times - 1 {
					answer(phone, 401)
				}
			}
			answer(phone, 401)
			answer(phone, 200)
		}
		for record < len(c.Relevant) { // the first time
			answer(0, 200)
		}
		c.Advance(1_800_000)
		l.e.Flush(bytes.Clone(c.Bytes))
		l.clock.set(recorded.Add(time.Duration(half+1) * 30 * time.Minute))
		l.e.tick()
		_ = l.e.intake.do(func(*judge.Judge) error { return nil }) // wait until it has looked
		if n := l.log.count("login_challenges = 8 does not fit this network"); n != told {
			told = n
			if half < 2*23 {
				t.Errorf("told after %d hours", half/2)
			}
		}
	}
	if told != 2 || !l.log.has(", 13 would: phones reached it") {
		t.Errorf("told %d times: %s", told, l.log.lines)
	}
}
