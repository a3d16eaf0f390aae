package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/network"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/cmd/siphunt/week"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

// overNetwork gives the records of a network to detectors.
func overNetwork(t *testing.T, o network.Options, take func(records func(*detect.Detector))) {
	t.Helper()
	g, err := network.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var r network.Record
	flows := make([]detect.Flow, 512)
	for n := len(flows); n == len(flows); {
		for n = 0; n < len(flows) && g.Next(&r); n++ {
			flows[n] = r.Flow
		}
		take(func(d *detect.Detector) { d.ObserveAll(flows[:n]) })
	}
}

// calibrateNetwork measures a network and tests what comes of it.
func calibrateNetwork(t *testing.T, o network.Options, present *detect.Config) *calibrate.Result {
	t.Helper()
	measuring := calibrate.Measuring(present)
	d, err := detect.New(measuring)
	if err != nil {
		t.Fatal(err)
	}
	c := calibrate.NewCollector(&measuring)
	d.SetObserver(c)
	tell := func() {
		for _, a := range d.Alerts() {
			c.Alert(&a)
		}
		stats := d.Stats()
		c.Note(&stats)
	}
	overNetwork(t, o, func(records func(*detect.Detector)) {
		records(d)
		tell()
	})
	d.Finish()
	tell()
	c.Finish()
	result := c.Result(present)
	for again := true; again; {
		tester, err := calibrate.NewTester(present, result, nil)
		if err != nil {
			t.Fatal(err)
		}
		overNetwork(t, o, tester.Feed)
		again = tester.Conclude()
	}
	return result
}

// score is how well a configuration does on a network whose truth is known.
type score struct{ planted, told, breakIns, breakInsTold, falseAlarms, critical int }

func judged(t *testing.T, o network.Options, cfg detect.Config) (f score) {
	t.Helper()
	r, err := network.Run(o, cfg, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range r.Kinds {
		f.planted += k.Planted
		f.told += k.Told
		f.breakIns += k.BreakIns
		f.breakInsTold += k.BreakInsTold
	}
	good := r.Good()
	f.falseAlarms, f.critical = good.Serious(), good.Critical()
	return f
}

// TestCalibrationMendsATightConfiguration: thresholds that phones reach all the time are raised as far as phones need it, so that hardly a
// false alarm is left, and every attack and break-in that was told of still is.
func TestCalibrationMendsATightConfiguration(t *testing.T) {
	o := network.Options{Seed: 3, Registrars: 20, Phones: 2000, Hours: 12, Exporter: network.Ipfixprobe}
	tight := detect.DefaultConfig()
	tight.Attempts, tight.LoginChallenges, tight.ScanExtensions, tight.FastAttempts, tight.DistributedClients = 3, 1, 2, 2, 2
	result := calibrateNetwork(t, o, &tight)
	mended := result.Apply(&tight)
	before, after, usual := judged(t, o, tight), judged(t, o, mended), judged(t, o, detect.DefaultConfig())
	t.Logf("tight %+v, mended %+v, default %+v; recommended %+v", before, after, usual, mended.Thresholds)
	if after.told < usual.told || after.breakInsTold < usual.breakInsTold {
		t.Errorf("%d attacks and %d break-ins were told of, by default %d and %d", after.told, after.breakInsTold, usual.told, usual.breakInsTold)
	}
	if before.falseAlarms < 50 || before.critical < 100 || after.falseAlarms > usual.falseAlarms+2 || after.critical > usual.critical {
		t.Errorf("false alarms: %d incidents and %d alerts of severity 99, then %d and %d; by default %d and %d", before.falseAlarms, before.critical,
			after.falseAlarms, after.critical, usual.falseAlarms, usual.critical)
	}
	if b := result.Backtest; b.Recommended.Incidents*5 > b.Present.Incidents || len(b.Lost) == 0 || b.Recommended.BreakIns == 0 {
		t.Errorf("%+v", b)
	}
}

// TestCalibrationLosesNoAttack: whatever is recommended for the defaults, the truth says that nothing is lost by it.
func TestCalibrationLosesNoAttack(t *testing.T) {
	for _, exporter := range []string{network.Prompt, network.Ipfixprobe} {
		o := network.Options{Seed: 5, Registrars: 20, Phones: 2000, Hours: 12, Exporter: exporter}
		present := detect.DefaultConfig()
		result := calibrateNetwork(t, o, &present)
		before, after := judged(t, o, present), judged(t, o, result.Apply(&present))
		t.Logf("%s: %+v, then %+v", exporter, before, after)
		if after.told < before.told || after.breakInsTold < before.breakInsTold || after.falseAlarms > before.falseAlarms || before.planted == 0 {
			t.Errorf("%s: %+v became %+v", exporter, before, after)
		}
	}
}

// weekFile writes a part of the paper's week.
func weekFile(t *testing.T, seed uint64, scale float64) string {
	t.Helper()
	g, err := week.New(seed, scale)
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := week.NewEncoder(traffic.JSONL, traffic.Ipfixprobe)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "week.jsonl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	var chunk []byte
	for more := true; more; {
		chunk, _, more = encoder.Chunk(chunk[:0], g)
		if _, err := out.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCalibrationOfAWeek: what is recommended finds exactly what was planted, as the present configuration does; the file is valid, and
// the JSON says the same.
func TestCalibrationOfAWeek(t *testing.T) {
	const scale = week.MinScale
	flows := weekFile(t, 2, scale)
	output := filepath.Join(t.TempDir(), "recommended.toml")
	code, stdout, stderr := shell("", "calibrate", "-backtest", "-curve", "attempts", "-o", output, flows)
	if code != exitOK || stdout != "" || !strings.Contains(stderr, "back-test, 7.0 days") || !strings.Contains(stderr, "20 (present)") {
		t.Fatalf("%d\n%s", code, stderr)
	}
	cfg, err := config.Load(output)
	if err != nil {
		t.Fatal(err)
	}
	g, err := week.New(2, scale)
	if err != nil {
		t.Fatal(err)
	}
	result, err := week.Run(g, cfg, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if !result.Exact() {
		t.Errorf("%d missed, %d false, %d merged, %d split, %d different", len(result.Missed), len(result.False), len(result.Merged), len(result.Split), len(result.Different))
	}
	code, stdout, stderr = shell("", "calibrate", "-json", flows)
	var r calibrate.Result
	if err := jsoniter.UnmarshalFromString(stdout, &r); err != nil || code != exitOK {
		t.Fatal(code, err, stderr)
	}
	if r.Distributions[0].Name != "rejections_per_login" || r.Distributions[0].Good.Count < 1000 || len(r.Recommendations) < 12 {
		t.Errorf("%+v", r.Distributions[0])
	}
	if text, err := os.ReadFile(output); err != nil || !strings.Contains(string(text), "attempts = 20\n") || !strings.Contains(r.TOML, "\nattempts = 20\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestCalibrateSaysWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"calibrate":                            "give a file, or - for standard input, or -state",
		"calibrate -state . -backtest":         "-state reads no flow records",
		"calibrate -state . " + flows:          "-state reads no flow records",
		"calibrate -state none":                "none: no such file",
		"calibrate -state siem":                "siem: no detector has measured anything there yet",
		"calibrate -backtest -":                "-backtest and -curve read their input again: give files",
		"calibrate -curve attempts -":          "-backtest and -curve read their input again: give files",
		"calibrate -curve atempts " + flows:    "-curve atempts: write all, or some of attempts,fast_attempts",
		"calibrate -format netflow " + flows:   "-format netflow: write one of auto",
		"calibrate none.jsonl":                 "none.jsonl: no such file",
		"calibrate -c none.toml " + flows:      "none.toml: no such file",
		"calibrate -o none/none.toml " + flows: "none/none.toml: no such file",
	} {
		code, stdout, stderr := shell("", strings.Fields(args)...)
		if code == exitOK || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %q, want %q", args, code, stderr, want)
		}
	}
	if code, stdout, stderr := shell("{\"a\":1}\n", "calibrate", "-"); code != exitBad || stdout != "" || !strings.Contains(stderr, "nothing to measure") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
}

// TestCtrlCShowsWhatWasFound: a command that is interrupted, even while it waits for input, uses what it has read.
func TestCtrlCShowsWhatWasFound(t *testing.T) {
	if os.Getenv("SIPHUNT_TEST_COMMAND") != "" {
		os.Exit(run(strings.Fields(os.Getenv("SIPHUNT_TEST_COMMAND")), os.Stdin, os.Stdout, os.Stderr))
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestCtrlCShowsWhatWasFound$")
	cmd.Env = append(os.Environ(), "SIPHUNT_TEST_COMMAND=calibrate -")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe and the reader's buffers hold: when all is written, most of it was read.
	for i := range 1000 {
		if _, err := io.WriteString(in, rejection(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	found := regexp.MustCompile(`(\d+) rejections, 0 acceptances; 1 file broke off`).FindStringSubmatch(stderr.String())
	if found == nil || len(found[1]) < 3 || !strings.Contains(stderr.String(), "interrupted; what is before it was used") ||
		!strings.Contains(stdout.String(), "attempts = 20\n") {
		t.Errorf("%s\n%s", stdout.String(), stderr.String())
	}
}

// rejection is a record of one.
func rejection(second int) string {
	return fmt.Sprintf(`{"TIME_LAST":%d,"SRC_IP":"198.18.0.10","DST_IP":"198.18.1.13","SRC_PORT":5060,"DST_PORT":5060,"PROTOCOL":17,`+
		`"PACKETS":1,"BYTES":400,"PACKETS_REV":0,"BYTES_REV":0,"SIP_MSG_TYPE":99,"SIP_STATUS_CODE":401,"SIP_CSEQ":"1 REGISTER",`+
		`"SIP_CALLED_PARTY":"sip:300@198.18.0.10","SIP_CALLING_PARTY":"sip:300@198.18.0.10"}`+"\n", 1_795_340_000+second)
}

// TestCalibrateFromState: what a plugin has measured, under the configuration that it was in unless another one is given.
func TestCalibrateFromState(t *testing.T) {
	cfg := detect.DefaultConfig()
	c := calibrate.NewCollector(&cfg)
	for i := range 150 {
		c.RunEnded(&detect.RunEnd{
			Registrar: netip.MustParseAddr("198.51.100.10"), Client: netip.MustParseAddr("192.0.2.1"), Extension: fmt.Sprint(i),
			Time: 1_795_340_000_000, Accepted: true, Rejections: 1, Challenges: 1,
		})
	}
	dir := t.TempDir()
	folder := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(path, 0o700), os.WriteFile(filepath.Join(path, calibrate.FileName), content, 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := folder("main", c.AppendTo(nil, "[detector]\nattempts = 30\nscan_extensions = 4\n"))
	code, stdout, stderr := shell("", "calibrate", "-json", "-state", dir)
	var r calibrate.Result
	if err := jsoniter.UnmarshalFromString(stdout, &r); err != nil || code != exitOK || r.Distributions[0].Good.Count != 150 ||
		r.Distributions[0].Threshold != 30 || len(r.Advice) != 1 || !strings.Contains(r.Advice[0].Text, "below their defaults (scan_extensions)") || !strings.Contains(r.TOML, "\nattempts = 30\n") {
		t.Errorf("%d %v\n%s\n%s", code, err, stdout, stderr)
	}
	other := file(t, "other.toml", "[detector]\nattempts = 40\n")
	if code, stdout, stderr := shell("", "calibrate", "-c", other, "-state", first); code != exitOK || !strings.Contains(stdout, "\nattempts = 40\n") {
		t.Errorf("%d\n%s\n%s", code, stdout, stderr)
	}
	second := folder("second", []byte("damaged"))
	if code, _, stderr := shell("", "calibrate", "-state", dir); code != exitBad || !strings.Contains(stderr, "there are several detectors, give the folder of one") {
		t.Errorf("%d %s", code, stderr)
	}
	if code, _, stderr := shell("", "calibrate", "-state", second); code != exitBad || !strings.Contains(stderr, "of another version, or damaged") {
		t.Errorf("%d %s", code, stderr)
	}
}
