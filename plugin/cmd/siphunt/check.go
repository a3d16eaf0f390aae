package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

var checkCommand = &command{
	name:      "check",
	arguments: "-c siphunt.toml",
	summary:   "say what is wrong with a configuration, or what it puts in force",
	details: `
Reads a configuration and prints all that is wrong with it, with lines, or OK and every key that it puts in force. A running
siphunt takes a file that is OK as soon as it is saved.`,
	run: runCheck,
}

func runCheck(c *call) int {
	file := c.flags.String("c", "", "the configuration `file`")
	if code, ok := c.parse(); !ok {
		return code
	}
	if *file == "" || c.flags.NArg() > 0 {
		return c.usage("give one file with -c")
	}
	cfg, err := config.Load(*file)
	if err != nil {
		fmt.Fprintln(c.stderr, err)
		return exitBad
	}
	if _, err := cfg.NewEncoder("", "", func(text string) { c.complain("%s", text) }); err != nil {
		c.complain("%v", err)
		return exitBad
	}
	fmt.Fprintf(c.stdout, "%s: OK\n", *file)
	inForce(c.stdout, cfg)
	fmt.Fprintf(c.stdout, "\n# Every key in force:\n\n%s", cfg.TOML())
	return exitOK
}

// inForce says in a few lines what a configuration asks for.
func inForce(w io.Writer, cfg *config.Config) {
	d := &cfg.Detector
	fmt.Fprintf(w, "  flows        %s, answers to %s\n", cfg.Format, strings.Join(cfg.Methods, ", "))
	fmt.Fprintf(w, "  brute force  from %d rejections\n", d.Attempts)
	fmt.Fprintf(w, "  scan         from %d extensions, and %g of those known to be good; a spray from %d rejections on each\n",
		d.ScanExtensions, d.ScanKnownRatio, d.SprayAttempts)
	fmt.Fprintf(w, "  distributed  from %d clients\n", d.DistributedClients)
	fmt.Fprintf(w, "  over         after %v without a rejection\n", d.IdleTimeout)
	fmt.Fprintf(w, "  exceptions   %s, %s\n", humanize.Count(len(d.Allow), "allow rule"), humanize.Count(len(d.Overrides), "override"))
	reports := "all reports"
	if d.ReportEnd {
		reports = "one report at the end"
	}
	fmt.Fprintf(w, "  alerts       %s, %s of each incident, up to %d waiting\n", cfg.AlertFormat, reports, cfg.OutboxLimit)
	fmt.Fprintf(w, "  enriched by  %s\n", enrichment(cfg))
	if f := &cfg.Feed; f.File != "" {
		fmt.Fprintf(w, "  feed         %s (%s), clients from risk %d on, for %v\n", f.File, f.Format, f.MinRisk, f.Keep)
	}
}

func enrichment(cfg *config.Config) string {
	var by []string
	for _, file := range []string{cfg.Enrich.GeoIP, cfg.Enrich.ASN} {
		if file != "" {
			by = append(by, file)
		}
	}
	if n := len(cfg.Enrich.Assets); n > 0 {
		by = append(by, humanize.Count(n, "asset"))
	}
	if n := len(cfg.Enrich.Tags); n > 0 {
		by = append(by, humanize.Count(n, "tag"))
	}
	if len(by) == 0 {
		return "nothing"
	}
	return strings.Join(by, ", ")
}
