package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/siem"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

var siemCommand = &command{
	name:      "siem",
	arguments: "install | check --url URL [--api-key-file FILE | --user NAME --password-file FILE] [--ca FILE]",
	summary:   "set up an OpenSearch or Elasticsearch for the alerts",
	details: `
install sets up a server: templates with the type of every field, the data stream logs-siphunt.alert-default, its ingest
pipeline and lifecycle, the index siphunt-incidents with one document an incident, and a role that may write both and
nothing else. What is there and right is left alone, so it can run again after each update.

check says what is different from that, also in what is mapped in fact, and exits with 1 if anything is.`,
	run: runSIEM,
}

func runSIEM(c *call) int {
	var a siem.Access
	var o siem.Options
	c.flags.StringVar(&a.URL, "url", "", "the server's `URL`, https://opensearch.example.net:9200")
	keyFile := c.flags.String("api-key-file", "", "`file` with an API key of Elasticsearch")
	c.flags.StringVar(&a.User, "user", "", "`name` of a user who may do this")
	passwordFile := c.flags.String("password-file", "", "`file` with the user's password")
	ca := c.flags.String("ca", "", "`file` with the certificate authority of the server, PEM")
	dryRun := c.flags.Bool("dry-run", false, "install: only say what would be done")
	c.flags.BoolVar(&o.GeoIP, "geoip", false, "let the server add place and network of attackers")
	c.flags.IntVar(&o.RetentionDays, "retention-days", 365, "`days` after which alerts are deleted")
	action := ""
	if len(c.args) > 0 && (c.args[0] == "install" || c.args[0] == "check") {
		action, c.args = c.args[0], c.args[1:]
	}
	if code, ok := c.parse(); !ok {
		return code
	}
	switch {
	case action == "":
		return c.usage("say install or check")
	case c.flags.NArg() > 0 || a.URL == "":
		return c.usage("give the server with --url, and nothing else but flags")
	case (a.User == "") != (*passwordFile == ""):
		return c.usage("--user and --password-file go together")
	case o.RetentionDays < 1:
		return c.usage("--retention-days has to be 1 or more")
	}
	var err error
	a.APIKey, a.Password, a.CA, err = secrets(*keyFile, *passwordFile, *ca)
	if err == nil {
		err = c.siem(action, a, o, *dryRun)
	}
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return exitOK
}

// secrets come from files, because others on a machine see arguments.
func secrets(keyFile, passwordFile, caFile string) (key, password string, ca []byte, err error) {
	read := func(file string) (text []byte) {
		if file == "" || err != nil {
			return nil
		}
		text, err = os.ReadFile(file)
		return text
	}
	key = string(bytes.TrimSpace(read(keyFile)))
	password = string(bytes.TrimRight(read(passwordFile), "\r\n"))
	return key, password, read(caFile), err
}

func (c *call) siem(action string, a siem.Access, o siem.Options, dryRun bool) error {
	ctx := context.Background()
	client, err := siem.NewClient(a)
	if err != nil {
		return err
	}
	server, err := siem.Connect(ctx, client)
	if err != nil {
		return err
	}
	if action == "install" {
		return (&siem.Installer{Server: server, Options: o, DryRun: dryRun, Out: c.stdout}).Install(ctx)
	}
	report, err := server.Check(ctx, o)
	if err != nil {
		return err
	}
	for _, line := range report.Differences {
		fmt.Fprintf(c.stdout, "differs    %s\n", line)
	}
	for _, line := range report.Notes {
		fmt.Fprintf(c.stdout, "note       %s\n", line)
	}
	if n := len(report.Differences); n > 0 {
		return fmt.Errorf("%s is not as install leaves it: %s", report.Server, humanize.Count(n, "difference"))
	}
	fmt.Fprintf(c.stdout, "OK         %s\n", report.Server)
	return nil
}
